"""Advice for stated facts, without a case: computed once, then kept as it is sent.

The same facts, rules and date always give the same advice, so an answer never grows old while this
process runs: a rulebook is read once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from pydantic_core import to_json

from advisor_rules import FactValue, advise
from advisor_rules.rulebook import Rulebook
from advisor_rules.serialize import advice_to_dict
from app.intake import check_stated

Key = tuple[object, ...]
MOST_BYTES = 32_000_000
"""Memory that kept answers may take together."""


class Recommender:
    """Answers for one rulebook; at most ``size`` of them are kept, the newest asked for."""

    def __init__(self, book: Rulebook, size: int) -> None:
        self.book = book
        self.size = size
        self.kept: OrderedDict[Key, bytes] = OrderedDict()
        self.bytes_kept = 0
        self._changes = change_dates(book)

    def check(self, stated: Mapping[str, object]) -> dict[str, FactValue]:
        """The stated facts, in one order. Raises InvalidFacts naming every bad one."""
        return dict(sorted(check_stated(self.book, stated).items()))

    def key(self, facts: Mapping[str, FactValue], as_of: date | None, explained: bool) -> Key:
        """What an answer depends on."""
        said = tuple((name, fact.value, fact.origin, fact.evidence) for name, fact in facts.items())
        return as_of, explained, said

    def recall(self, key: Key) -> bytes | None:
        """The kept answer, if there is one."""
        found = self.kept.get(key)
        if found is not None:
            self.kept.move_to_end(key)
        return found

    def keep(self, key: Key, answer: bytes) -> None:
        """Keep an answer, and let go of those asked for longest ago where there are too many."""
        if key in self.kept:
            return
        self.kept[key] = answer
        self.bytes_kept += len(answer)
        while self.kept and (len(self.kept) > self.size or self.bytes_kept > MOST_BYTES):
            _, dropped = self.kept.popitem(last=False)
            self.bytes_kept -= len(dropped)

    def answer(self, facts: Mapping[str, FactValue], as_of: date | None, explained: bool) -> bytes:
        """Advice as JSON, worked out anew."""
        in_force = self.in_force(as_of or self.book.latest())
        advice = advise(facts, as_of=in_force, rulebook=self.book, explained=explained)
        shown = replace(advice, as_of=as_of) if as_of else advice
        return to_json(advice_to_dict(shown, self.book))

    def in_force(self, as_of: date) -> date:
        """The newest date up to ``as_of`` from which the same rules hold.

        Rules are made ready once for each such date instead of for every day that is asked for.
        """
        return max((day for day in self._changes if day <= as_of), default=date.min)


def change_dates(book: Rulebook) -> tuple[date, ...]:
    """Every date at which a rule or a threshold begins or ends."""
    dates = {value.since for item in book.thresholds.values() for value in item.values}
    dates |= {rule.since for rule in book.rules.values() if rule.since}
    dates |= {rule.until for rule in book.rules.values() if rule.until}
    return tuple(sorted(dates))
