"""Dates in the forms that people write: '5 February 1953', 'Feb 5th, 1953', '1953-02-05'."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from evidence.signals._facts_text import MOST

MOST_DATES = 100
"""Dates of one form that are read."""
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"),
            ("may",), ("june", "jun"), ("july", "jul"), ("august", "aug"),
            ("september", "sept", "sep"), ("october", "oct"), ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>[12]\d{3})"
WITH_MONTH: tuple[re.Pattern[str], ...] = (
    re.compile(rf"\b{_MONTH}\s+{_DAY}(?!\d)(?:\s*,?\s+{_YEAR}\b)?", re.IGNORECASE),
    re.compile(rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}(?:\s*,?\s+(?:of\s+)?{_YEAR}\b)?", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}\s*,?\s+(?:of\s+)?{_YEAR}\b", re.IGNORECASE),
)
IN_DIGITS: tuple[re.Pattern[str], ...] = (
    re.compile(rf"\b{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)\b"),
    re.compile(rf"\b{_YEAR}/(?P<month>\d\d?)/(?P<day>\d\d?)\b"),
)
TWO_WAYS = re.compile(r"\b(\d{1,2})[/.](\d{1,2})[/.]([12]\d{3})\b")
ANY_DIGIT = re.compile(r"\d")
BEGINNINGS = tuple({name[:3] for name in MONTHS})
YEAR = re.compile(r"(?<![\d.,$€£])[12]\d{3}(?![\d%]|,\d|\.\d)(?:s\b)?")


@dataclass(frozen=True, slots=True)
class Day:
    """A date as far as it was given: 0 stands for a part that was not."""

    year: int
    month: int
    day: int
    start: int
    end: int

    def differs_from(self, other: Day) -> bool:
        """Whether a part that both give is not the same."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return any(mine and theirs and mine != theirs for mine, theirs in pairs)

    def gives(self, other: Day) -> bool:
        """Whether all parts of the other date are given here too, and are the same."""
        pairs = ((self.year, other.year), (self.month, other.month), (self.day, other.day))
        return all(theirs in (0, mine) for mine, theirs in pairs)

    @property
    def parts(self) -> int:
        """How many of year, month and day are given."""
        return sum(map(bool, (self.year, self.month, self.day)))


@lru_cache(maxsize=32)
def dates(text: str) -> tuple[Day, ...]:
    """The dates in a text, in order, years alone included; days that cannot be are left out."""
    text = text[:MOST]
    if not ANY_DIGIT.search(text):
        return ()
    lower = text.lower()
    forms = WITH_MONTH if any(name in lower for name in BEGINNINGS) else ()
    forms += IN_DIGITS if "-" in text or "/" in text else ()
    found = [
        day
        for form in forms
        for match in islice(form.finditer(text), MOST_DATES)
        if (day := _day(match))
    ]
    found += [day for match in islice(TWO_WAYS.finditer(text), MOST_DATES) for day in _both(match)]
    taken = [(day.start, day.end) for day in found]
    for match in islice(YEAR.finditer(text), MOST_DATES):
        if not any(start <= match.start() < end for start, end in taken):
            found.append(Day(int(match[0][:4]), 0, 0, match.start(), match.start() + 4))
    return tuple(sorted(_widest(found), key=lambda day: day.start))


def _day(match: re.Match[str]) -> Day | None:
    named = match.groupdict()
    month = named["month"].lower()
    number = MONTHS.get(month) or int(month)
    day = int(named.get("day") or 0)
    if not (1 <= number <= 12 and 0 <= day <= 31):
        return None
    return Day(int(named.get("year") or 0), number, day, *match.span())


def _both(match: re.Match[str]) -> list[Day]:
    """'05/02/1953' is read as May 2 and as 5 February, whichever can be."""
    first, second, year = int(match[1]), int(match[2]), int(match[3])
    ways = {(first, second), (second, first)}
    return [
        Day(year, month, day, *match.span())
        for month, day in sorted(ways)
        if 1 <= month <= 12 and 1 <= day <= 31
    ]


def _widest(found: list[Day]) -> list[Day]:
    """Without dates that are only a piece of another."""
    return [
        day
        for day in found
        if not any(
            other.start <= day.start and day.end <= other.end and other.parts > day.parts
            for other in found
        )
    ]
