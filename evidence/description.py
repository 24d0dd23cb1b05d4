"""Reading a team's own description of its application: proposals of facts, never answers.

Plain words carry signals ("three different broken formats", "changes every week"). Each proposal
names the words that it rests on, so that a person can confirm or drop it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter

from advisor_rules.model import Value
from advisor_rules.safe_yaml import read_yaml

PHRASES = Path(__file__).parent / "phrases.yaml"
MAX_LENGTH = 20_000


@dataclass(frozen=True, slots=True)
class Proposal:
    """A value that the description suggests for a fact, and the words that suggest it."""

    fact: str
    value: Value
    phrases: tuple[str, ...]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    fact: str
    value: Value
    phrases: str
    unless: str = ""


@dataclass(frozen=True, slots=True)
class _Signal:
    fact: str
    value: Value
    phrases: tuple[re.Pattern[str], ...]
    unless: tuple[re.Pattern[str], ...]


def read_description(text: str) -> list[Proposal]:
    """Facts that a description of at most MAX_LENGTH characters suggests, in order of the lexicon.

    Longer text is read up to that length. Of several values of one fact, the one with the most
    distinct matching phrases is proposed.
    """
    text = text[:MAX_LENGTH]
    best: dict[str, Proposal] = {}
    for signal in signals():
        found = _matches(signal.phrases, text)
        if not found or _matches(signal.unless, text):
            continue
        proposal = Proposal(signal.fact, signal.value, found)
        if len(found) > len(best.get(signal.fact, Proposal(signal.fact, False, ())).phrases):
            best[signal.fact] = proposal
    return list(best.values())


def _matches(patterns: Iterable[re.Pattern[str]], text: str) -> tuple[str, ...]:
    found = (pattern.search(text) for pattern in patterns)
    return tuple(dict.fromkeys(match.group().strip().lower() for match in found if match))


@lru_cache(maxsize=1)
def signals() -> tuple[_Signal, ...]:
    """The compiled lexicon, read once."""
    document = read_yaml(PHRASES.read_text(encoding="utf-8"), PHRASES.name)
    entries = TypeAdapter(tuple[_Entry, ...]).validate_python(document.data)
    return tuple(
        _Signal(entry.fact, entry.value, _compiled(entry.phrases), _compiled(entry.unless))
        for entry in entries
    )


def _compiled(phrases: str) -> tuple[re.Pattern[str], ...]:
    lines = (line.strip() for line in phrases.splitlines())
    return tuple(re.compile(rf"\b(?:{line})", re.IGNORECASE) for line in lines if line)
