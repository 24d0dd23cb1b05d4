"""What is usual in a log: the middle and the spread of a few measures of style of its outputs.

One pass over the first outputs of a log. Middle and spread are the median and the median absolute
deviation (times 1.4826, which makes it the standard deviation of a normal distribution), so that a
few odd outputs do not move them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from statistics import median

from evidence.records import FailureRecord

FIRST = 2_000
"""Records at the start of a log that are looked at."""
FEWEST = 50
"""Outputs below which nothing can be called usual; our own judgement."""
LIMIT = 1_000
"""Characters of an output that are measured."""
FEW_WORDS = 15
"""Words of an output below which shares of words say nothing."""
TO_SIGMA = 1.4826
"""The median absolute deviation of a normal distribution times this is its standard deviation."""

Style = Mapping[str, float]

FLOORS: Mapping[str, float] = {
    "length": 0.35,
    "capitals": 0.04,
    "exclamation": 0.12,
    "emoji": 0.02,
    "markdown": 0.15,
    "address": 0.025,
    "contractions": 0.025,
    "script": 0.05,
    "english": 0.06,
}
"""The least spread that is assumed of each measure: below it differences mean nothing.

``length`` in units of the natural logarithm of the words; ``capitals`` and ``script`` (letters
outside ASCII) as shares of the letters; ``exclamation`` as a share of the sentence ends;
``markdown`` (headings, tables, fences, bold) as a share of the lines; the others as shares of the
words. Our own judgement.
"""

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_NO_CAPITALS = bytes(code for code in range(128) if not chr(code).isupper())
_EMOJI = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff]")
_END = re.compile(r"[.!?]+")
_MARKDOWN = re.compile(r"^(?:#{1,6} |\||```)|\*\*(?=\w)", re.MULTILINE)
_ADDRESS = frozenset(("you", "your", "yours", "yourself", "you're", "you'll", "you've", "you'd"))
_ENGLISH = frozenset(
    ("the", "of", "and", "to", "a", "in", "is", "that", "it", "for", "was", "on", "are", "with",
     "as", "be", "by", "this", "or", "an", "at", "from", "you", "i", "not", "have", "can")
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Usual:
    """A measure of style in a log: its median and its spread (never below its floor)."""

    name: str
    middle: float
    spread: float


@dataclass(frozen=True, slots=True)
class LogProfile:
    """What is usual in a log of ``outputs`` outputs; no measures where they are too few."""

    outputs: int
    measures: tuple[Usual, ...] = ()

    def strangeness(self, style: Style) -> dict[str, float]:
        """How many spreads each measure of a style lies from the middle; below it is negative."""
        return {
            item.name: (style[item.name] - item.middle) / item.spread
            for item in self.measures
            if item.name in style
        }


def profile_of(records: Iterable[FailureRecord]) -> LogProfile:
    """The profile of a log, from the first ``FIRST`` of its records."""
    outputs = [record.output for record in islice(records, FIRST) if record.output.strip()]
    if len(outputs) < FEWEST:
        return LogProfile(len(outputs))
    styles = [style_of(output) for output in outputs]
    found = [
        _usual(name, [s[name] for s in styles if name in s], floor)
        for name, floor in FLOORS.items()
    ]
    return LogProfile(len(outputs), tuple(item for item in found if item))


def _usual(name: str, values: list[float], floor: float) -> Usual | None:
    if len(values) < FEWEST:
        return None
    middle = median(values)
    spread = TO_SIGMA * median(abs(value - middle) for value in values)
    return Usual(name, middle, max(spread, floor))


def style_of(output: str) -> Style:
    """The measures of style of a text; those that need words are left out where it has few.

    Keys and units are those of ``FLOORS``.
    """
    text = output[:LIMIT]
    words = _WORD.findall(text)
    measured = {
        "length": math.log1p(len(output.split()) if len(output) <= LIMIT else len(output) / 6),
        "emoji": len(_EMOJI.findall(text)) / (len(words) or 1) if not text.isascii() else 0.0,
    }
    if len(words) < FEW_WORDS:
        return measured
    return measured | _shares(text, words)


def _shares(text: str, words: list[str]) -> dict[str, float]:
    letters = "".join(words)
    low = " ".join(words).lower().split(" ")
    foreign = [] if text.isascii() else _NOT_ASCII.findall(text)
    ends = _END.findall(text)
    lines = [line for line in text.splitlines() if line.strip()]
    return {
        "capitals": (_ascii_capitals(text) + sum(map(str.isupper, foreign))) / len(letters),
        "exclamation": sum("!" in end for end in ends) / (len(ends) or 1),
        "markdown": len(_MARKDOWN.findall(text)) / (len(lines) or 1),
        "address": sum(map(_ADDRESS.__contains__, low)) / len(low),
        "contractions": letters.count("'") / len(low),
        "script": sum(map(str.isalpha, foreign)) / len(letters),
        "english": sum(map(_ENGLISH.__contains__, low)) / len(low),
    }


def _ascii_capitals(text: str) -> int:
    return len(text.encode("ascii", "ignore").translate(None, _NO_CAPITALS))
