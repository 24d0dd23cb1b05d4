"""What a check of one instruction gets and returns, and the helpers that all checks share."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.signals._base import Span

MAX_SPANS = 20
MAX_TERMS = 30
"""Keywords looked at in one instruction; with more it is not measured."""
MAX_TERM_CHARS = 2_000
MAX_NUMBER = 10**9
SHOWN = 40
"""Characters of a keyword or phrase that are quoted in a detail."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The text to check and the language that its instructions are in (``en``, ``ja``)."""

    text: str
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an instruction was followed; where not, in words why, and where in the output."""

    kept: bool
    said: str = ""
    spans: tuple[Span, ...] = ()


Options = Mapping[str, Any]
Check = Callable[[Reply, Options], Verdict | None]
"""Checks one instruction; None where its options do not say enough to check it."""

RELATIONS: Mapping[str, tuple[str, Callable[[int, int], bool]]] = {
    "less than": ("less than", operator.lt),
    "moins de": ("less than", operator.lt),
    "未満": ("less than", operator.lt),
    "at least": ("at least", operator.ge),
    "au moins": ("at least", operator.ge),
    "al menos": ("at least", operator.ge),
    "以上": ("at least", operator.ge),
    "at most": ("at most", operator.le),
    "como máximo": ("at most", operator.le),
    "more than": ("more than", operator.gt),
    "exactly": ("exactly", operator.eq),
}


def counted(found: int, relation: object, wanted: int | None, what: str) -> Verdict | None:
    """Compare a count with what was asked for; ``what`` names the things, in the plural."""
    if wanted is None or not isinstance(relation, str) or relation not in RELATIONS:
        return None
    words, holds = RELATIONS[relation]
    return Verdict(holds(found, wanted), f"asked for {words} {wanted} {what}; found {found}")


def number_of(options: Options, key: str) -> int | None:
    """A whole number from 0 to a thousand million among the options."""
    value = options.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value <= MAX_NUMBER and value == int(value) else None


def text_of(options: Options, key: str) -> str | None:
    """A text among the options, without spaces around it; None where it is empty."""
    value = options.get(key)
    if not isinstance(value, str) or len(value) > MAX_TERM_CHARS:
        return None
    return value.strip() or None


def texts_of(options: Options, key: str) -> tuple[str, ...] | None:
    """A list of texts among the options; None where it is empty or holds anything else."""
    values = options.get(key)
    if not isinstance(values, list | tuple) or not 0 < len(values) <= MAX_TERMS:
        return None
    if not all(isinstance(item, str) and 0 < len(item) <= MAX_TERM_CHARS for item in values):
        return None
    return tuple(values)


def spans_of(matches: Iterable[re.Match[str]]) -> tuple[Span, ...]:
    """The first places of the output that match."""
    found: list[Span] = []
    for match in matches:
        found.append(Span(*match.span()))
        if len(found) == MAX_SPANS:
            break
    return tuple(found)


def quoted(text: str) -> str:
    """A text as a detail shows it: in quotes, on one line, shortened."""
    line = " ".join(text.split())
    return f'"{line[:SHOWN]}…"' if len(line) > SHOWN else f'"{line}"'
