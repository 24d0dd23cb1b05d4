"""What parsing an output as a format came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from evidence.signals._base import Span

Verdict = Literal[
    "valid",
    "valid_loosely",
    "fenced",
    "wrapped",
    "almost",
    "cut_off",
    "several",
    "invalid",
    "suspect",
]
LIMIT = 200_000
"""Characters of output that are parsed; a longer one is not measured."""
SHOWN = 120


@dataclass(frozen=True, slots=True)
class Parsed:
    """A verdict, why, where, and the value where one could be read in spite of all."""

    verdict: Verdict
    detail: str = ""
    spans: tuple[Span, ...] = ()
    value: Any = None
    readable: bool = False
    """Whether ``value`` is what the output says (None is a value of its own)."""


def at(place: int, text: str, length: int = 20) -> tuple[Span, ...]:
    """The piece of the output that begins at a place; its last character where that is the end."""
    start = max(0, min(place, len(text) - 1))
    return (Span(start, min(len(text), start + length)),) if text else ()


def between(start: int, end: int) -> tuple[Span, ...]:
    """A piece of the output, where it holds anything."""
    return (Span(start, end),) if end > start else ()


def place_of(text: str, line: int, column: int) -> int:
    """The offset of a line and column, both counted from 1."""
    offset = 0
    for _ in range(line - 1):
        found = text.find("\n", offset)
        if found < 0:
            break
        offset = found + 1
    return min(len(text), offset + max(0, column - 1))
