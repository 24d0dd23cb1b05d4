"""Advice for stated facts, without a case: computed once, then kept as it is sent.

The same facts, rules and date always give the same advice, so an answer never grows old while this
process runs: a rulebook is read once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from threading import Lock

from pydantic_core import to_json

from advisor_rules import FactValue, advise
from advisor_rules.rulebook import Rulebook
from advisor_rules.serialize import advice_to_dict
from app.stating import check_stated

Facts = Mapping[str, FactValue]
Key = tuple[object, ...]
MOST_BYTES = 32_000_000
"""Memory that kept answers may take together."""
LONGEST_BODY = 4_096
"""Bytes of a request that is remembered as it was written, to be answered unread."""


class Recommender:
    """Answers for one rulebook; at most ``size`` of them are kept, those asked for last."""

    def __init__(self, book: Rulebook, size: int) -> None:
        self.book = book
        self.size = size
        self._kept: OrderedDict[Key, bytes] = OrderedDict()
        self._kept_bytes = 0
        self._asked: dict[bytes, Key] = {}
        self._changes = change_dates(book)
        self._lock = Lock()

    def check(self, stated: Mapping[str, object]) -> dict[str, FactValue]:
        """The stated facts, in one order. Raises InvalidFacts naming every bad one."""
        return dict(sorted(check_stated(self.book, stated).items()))

    def recall(self, body: bytes) -> bytes | None:
        """The kept answer to a request in the very same bytes, if there is one."""
        key = self._asked.get(body)
        return None if key is None else self._recall(key)

    def remember(
        self, body: bytes, facts: Facts, as_of: date | None, explained: bool
    ) -> bytes | None:
        """The kept answer to the same question in other bytes, if there is one.

        The next request in these bytes is answered unread.
        """
        key = key_of(facts, as_of, explained)
        if self.size and len(body) <= LONGEST_BODY:
            if len(self._asked) >= self.size:
                self._asked.clear()
            self._asked[body] = key
        return self._recall(key)

    def answer(self, facts: Facts, as_of: date | None, explained: bool) -> bytes:
        """Advice as JSON: kept, or worked out and then kept."""
        key = key_of(facts, as_of, explained)
        found = self._recall(key)
        if found is None:
            found = self._worked_out(facts, as_of, explained)
            self._keep(key, found)
        return found

    def _worked_out(self, facts: Facts, as_of: date | None, explained: bool) -> bytes:
        in_force = self.in_force(as_of or self.book.latest())
        advice = advise(facts, as_of=in_force, rulebook=self.book, explained=explained)
        shown = replace(advice, as_of=as_of) if as_of else advice
        return to_json(advice_to_dict(shown, self.book))

    def _recall(self, key: Key) -> bytes | None:
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def _keep(self, key: Key, answer: bytes) -> None:
        """Keep an answer, and let go of those asked for longest ago where there are too many."""
        with self._lock:
            self._kept_bytes += len(answer) - len(self._kept.pop(key, b""))
            self._kept[key] = answer
            while self._kept and (len(self._kept) > self.size or self._kept_bytes > MOST_BYTES):
                _, dropped = self._kept.popitem(last=False)
                self._kept_bytes -= len(dropped)

    def in_force(self, as_of: date) -> date:
        """The newest date up to ``as_of`` from which the same rules hold.

        Rules are made ready once for each such date instead of for every day that is asked for.
        """
        return max((day for day in self._changes if day <= as_of), default=date.min)


def key_of(facts: Facts, as_of: date | None, explained: bool) -> Key:
    """What an answer depends on."""
    said = tuple((name, fact.value, fact.origin, fact.evidence) for name, fact in facts.items())
    return as_of, explained, said


def change_dates(book: Rulebook) -> tuple[date, ...]:
    """Every date at which a rule or a threshold begins or ends."""
    dates = {value.since for item in book.thresholds.values() for value in item.values}
    dates |= {rule.since for rule in book.rules.values() if rule.since}
    dates |= {rule.until for rule in book.rules.values() if rule.until}
    return tuple(sorted(dates))
