"""What a whole log says: shares with intervals, subtypes, coverage, saturation, change over time.

Everything is counted while records stream by; memory does not grow with their number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from advisor_rules.model import CLASSES, FailureClass
from advisor_rules.rulebook import Rulebook
from evidence.diagnose import Diagnosed
from evidence.stats import needed_to_separate, wilson

FAILING: tuple[FailureClass, ...] = ("information", "behavior", "both")
SIDES = ("information", "behavior")
MOST_PERIODS = 30
"""Points of a drawing over time; longer logs are counted by week, by four weeks, and so on."""
PERIODS = (1, 7, 28, 91, 364)
"""Lengths of a period in days that are tried, the shortest that fits first."""


class Tally:
    """Counts of the diagnosed records of one log."""

    def __init__(self) -> None:
        self.records = 0
        self.repeats = 0
        self.by_people = 0
        self.labels: Counter[str] = Counter()
        self.confidence: Counter[str] = Counter()
        self.subtypes: Counter[str] = Counter()
        self.signals: Counter[str] = Counter()
        self.days: dict[date, Counter[str]] = {}
        self.first_seen: dict[str, int] = {}
        """Subtype -> how many failing records had been read when it came up first."""

    def add(
        self,
        item: Diagnosed,
        *,
        repeat: bool = False,
        by_person: bool = False,
        day: date | None = None,
        times: int = 1,
    ) -> None:
        """Count a record, or as many alike as ``times``.

        A ``repeat`` of one counted before is counted apart and nowhere else.
        """
        if repeat:
            self.repeats += times
            return
        self.records += times
        self.by_people += times if by_person else 0
        self.labels[item.label] += times
        self.confidence["person" if by_person else item.confidence] += times
        self.signals.update(seen.signal for seen in item.signals)
        if day:
            self.days.setdefault(day, Counter())[item.label] += times
        for name in filter(None, item.subtype.split("+")):
            self.subtypes[name] += times
            if item.label in FAILING:
                self.first_seen.setdefault(name, self.failing)

    @property
    def failing(self) -> int:
        """Records that are said to fail, whatever of."""
        return sum(self.labels[label] for label in FAILING)

    def summary(self, book: Rulebook) -> dict[str, Any]:
        """Everything that was counted, as JSON has it; see CONTRACT of ``formfact diagnose``."""
        return {
            "records": self.records,
            "repeats": self.repeats,
            "labelled_by_people": self.by_people,
            "labels": {label: _share(self.labels[label], self.records) for label in CLASSES},
            "failing": self._failing(),
            "subtypes": self._subtypes(book),
            "known_subtypes": list(book.subtypes),
            "none": _share(0, self.records),
            "confidence": dict(self.confidence),
            "coverage": _coverage(book, self.signals, self.records),
            "saturation": self._saturation(),
            "needed": self._needed(),
            "over_time": _over_time(self.days),
            "rulebook": {"version": book.version, "hash": book.hash},
        }

    def _failing(self) -> dict[str, Any]:
        """Of the failing records, how many fail in their facts and how many in their form."""
        both = self.labels["both"]
        shares = {side: _share(self.labels[side] + both, self.failing) for side in SIDES}
        return {"n": self.failing, **shares}

    def _subtypes(self, book: Rulebook) -> dict[str, Any]:
        ranked = sorted(self.subtypes.items(), key=lambda item: (-item[1], item[0]))
        return {name: _share(count, self.records) | _about(book, name) for name, count in ranked}

    def _saturation(self) -> dict[str, Any]:
        """How many kinds of failure had come up after how many failing records.

        ``chance_of_new`` estimates that the next failing record is of a kind not seen yet: the
        share of kinds seen once (Good 1953).
        """
        seen = sorted(self.first_seen.values())
        points = [[at, number] for number, at in enumerate(seen, 1)]
        if points and points[-1][0] < self.failing:
            points.append([self.failing, len(seen)])
        once = sum(self.subtypes[name] == 1 for name in self.first_seen)
        chance = once / self.failing if self.failing else None
        last = max(seen) if seen else None
        return {"points": points, "chance_of_new": chance, "last_new_at": last}

    def _needed(self) -> dict[str, Any]:
        """How many more failing records tell which of facts and form fails more often."""
        first, second = (self.labels[side] for side in SIDES)
        return {
            "between": list(SIDES),
            "more": needed_to_separate(first, second, self.failing),
            "uncertain": self.labels["uncertain"],
        }


def _share(count: int, n: int) -> dict[str, Any]:
    found = wilson(count, n)
    if found is None:
        return {"count": 0, "n": 0, "share": None, "low": None, "high": None}
    return found.data()


def _about(book: Rulebook, name: str) -> dict[str, str]:
    subtype = book.subtypes.get(name)
    if subtype is None:
        return {"title": name, "class": "uncertain", "remedy": ""}
    return {
        "title": subtype.title,
        "class": subtype.failure_class,
        "remedy": subtype.remedy,
    }


def _coverage(book: Rulebook, seen: Mapping[str, int], records: int) -> dict[str, Any]:
    """For every signal on how many records it could be measured, those measured most first."""
    ranked = sorted(book.signals.values(), key=lambda signal: (-seen.get(signal.id, 0), signal.id))
    return {
        signal.id: {
            "title": signal.title,
            "measured": seen.get(signal.id, 0),
            "share": seen.get(signal.id, 0) / records if records else None,
            "blind_to": signal.blind_to,
        }
        for signal in ranked
    }


def _over_time(days: Mapping[date, Counter[str]]) -> list[dict[str, Any]]:
    """Shares by period, the shortest of PERIODS that gives at most MOST_PERIODS points."""
    if not days:
        return []
    first, last = min(days), max(days)
    span = (last - first).days + 1
    length = next((size for size in PERIODS if span <= size * MOST_PERIODS), span)
    counted: dict[int, Counter[str]] = {}
    for day, labels in days.items():
        counted.setdefault((day - first).days // length, Counter()).update(labels)
    return [
        _period(first + timedelta(days=index * length), length, counted[index])
        for index in sorted(counted)
    ]


def _period(start: date, length: int, labels: Counter[str]) -> dict[str, Any]:
    n = sum(labels.values())
    sides = {side: _share(labels[side] + labels["both"], n) for side in SIDES}
    return {"start": start.isoformat(), "days": length, "n": n, **sides}


def summarise(items: Iterable[Diagnosed], book: Rulebook) -> dict[str, Any]:
    """The summary of records that were diagnosed."""
    tally = Tally()
    for item in items:
        tally.add(item)
    return tally.summary(book)
