"""All checks of instructions by id, and what kind of failure breaking each of them is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from evidence.signals._base import Span
from evidence.signals._instructions_base import MAX_SPANS, Check, Verdict

KINDS: Mapping[str, str] = {
    "detectable_format:json_format": "malformed_output",
    "detectable_format": "format_not_followed",
    "startend": "format_not_followed",
    "length_constraints": "verbosity_or_length",
    "punctuation": "style",
    "change_case": "style",
    "language": "style",
}
OTHER_KIND = "instruction_not_followed"
GRAVEST_FIRST = (
    "malformed_output",
    "format_not_followed",
    "verbosity_or_length",
    "style",
    OTHER_KIND,
)
"""Where instructions of several kinds are broken, the one that a parser or reader meets first."""

Checked = tuple[str, Verdict | None]
"""The id of an instruction and how it went; None where it could not be checked."""


def kind_of(name: str) -> str:
    """The kind of failure that breaking an instruction is; ``name`` is its id."""
    return KINDS.get(name) or KINDS.get(name.partition(":")[0], OTHER_KIND)


def gravest_kind(names: Iterable[str]) -> str:
    """The kind that stands for several broken instructions."""
    return min(map(kind_of, names), key=GRAVEST_FIRST.index)


def spans_of_all(verdicts: Iterable[Verdict]) -> tuple[Span, ...]:
    """The places of several broken instructions, the first of them."""
    return tuple(span for verdict in verdicts for span in verdict.spans)[:MAX_SPANS]


@lru_cache(maxsize=1)
def checks() -> Mapping[str, Check]:
    """Every check by the id of its instruction, from the modules ``_instructions_*``."""
    found: dict[str, Check] = {}
    for item in iter_modules([str(Path(__file__).parent)]):
        if item.name.startswith("_instructions_"):
            module = import_module(f"evidence.signals.{item.name}")
            found |= getattr(module, "CHECKS", {})
    return found
