"""From a failure record to its class: signals are observed, the rulebook decides."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from advisor_rules.load import default_rulebook
from advisor_rules.model import FailureClass, RecordClass, Strength, Value
from advisor_rules.records import classify_record, compile_record_rules
from advisor_rules.rulebook import Rulebook
from evidence.records import FailureRecord
from evidence.signals import Observation, observe
from evidence.view import RecordView


class Diagnosed(NamedTuple):
    """What was found on one record: its class, how sure, and all that speaks for it."""

    id: str
    label: FailureClass
    subtype: str
    confidence: Strength
    signals: tuple[Observation, ...]
    rules: tuple[str, ...]


def diagnose_record(
    record: FailureRecord,
    book: Rulebook | None = None,
    *,
    log: object = None,
    slow: tuple[str, ...] = (),
    extra: Iterable[Observation] = (),
) -> Diagnosed:
    """The class of one failure record.

    ``log`` is the profile of the log that it comes from, ``slow`` names detectors that load a model
    and shall run, ``extra`` are observations made elsewhere, such as a judge's.
    """
    book = book or default_rulebook()
    seen = (*observe(RecordView(record, log), slow), *extra)
    found = _classified(book, tuple(sorted((item.signal, item.value) for item in seen)))
    return Diagnosed(record.id, found.label, found.subtype, found.strength, seen, found.rules)


@lru_cache(maxsize=8_192)
def _classified(book: Rulebook, signals: tuple[tuple[str, Value], ...]) -> RecordClass:
    """Records share few combinations of signals, so each is decided once."""
    return classify_record(compile_record_rules(book, book.latest()), dict(signals))
