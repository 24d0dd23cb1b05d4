"""Compares the date in the answer with the date in the reference.

Returns whether they agree as far as both go, agree with less said (a year for a day), or differ.
'5 February 1953', 'Feb 5th, 1953', '1953-02-05' are one date; '05/02/1953' is read both ways.
Dates of the question do not count.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._facts_compare import SHORT
from evidence.signals._facts_dates import Day, dates
from evidence.signals._facts_polarity import abstains
from evidence.signals._facts_record import Asked, with_reference
from evidence.signals._facts_text import words
from evidence.view import RecordView

SIGNALS = ("date_against_reference",)
FEW = 3
"""Dates in an answer up to which one that differs is taken for the answer."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Agreement of the one date that a short reference holds."""
    asked = with_reference(view)
    if asked is None or abstains(asked.answer) or len(words(asked.reference)) > SHORT:
        return
    expected, given = _own(asked.reference, asked), _own(asked.answer, asked)
    if len(expected) != 1 or not 0 < len(given) <= FEW:
        return
    value = _agreement(given, expected[0])
    found = ", ".join(asked.answer[day.start : day.end] for day in given)
    wanted = asked.reference[expected[0].start : expected[0].end]
    spans = _spans(view, asked.answer, given) if value == "differs" else ()
    yield Observation(SIGNALS[0], value, f"the answer has {found}, the reference {wanted}", spans)


def _own(text: str, asked: Asked) -> tuple[Day, ...]:
    """Dates of a text that do not merely repeat the question's."""
    known = dates(asked.question)
    return tuple(day for day in dates(text) if not any(other.gives(day) for other in known))


def _agreement(given: tuple[Day, ...], expected: Day) -> str:
    if any(day.gives(expected) for day in given):
        return "agrees"
    return "differs" if all(day.differs_from(expected) for day in given) else "less"


def _spans(view: RecordView, answer: str, given: tuple[Day, ...]) -> tuple[Span, ...]:
    at = view.output.find(answer)
    return tuple(Span(at + day.start, at + day.end) for day in given) if at >= 0 else ()
