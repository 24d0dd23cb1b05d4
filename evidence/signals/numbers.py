"""Compares the number in the answer with the number in the reference.

Returns whether they agree, are close (within a twentieth) or differ. Thousands separators, spelled
numbers, scales and units do not matter. Numbers of the question do not count, nor years and dates,
which are compared on their own. A reference with several numbers of its own is not measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._facts_amounts import agreement
from evidence.signals._facts_compare import SHORT, alternatives
from evidence.signals._facts_dates import dates
from evidence.signals._facts_numbers import (
    is_close,
    marked_number,
    numbers,
    same_quantity,
)
from evidence.signals._facts_polarity import abstains
from evidence.signals._facts_question import wanted
from evidence.signals._facts_record import Asked, with_reference
from evidence.signals._facts_text import words
from evidence.view import RecordView

SIGNALS = ("number_against_reference",)
FRACTION = re.compile(
    r"\b(?:half|quarters?|(?:a|one|two) thirds?|fifths?|tenths?)\b", re.IGNORECASE
)
"""Fractions in words are not worked out."""
FEW = 3
"""Numbers in an answer up to which one that differs is taken for the answer."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Agreement of the one number that the reference adds to the question."""
    asked = with_reference(view)
    if asked is None or abstains(asked.answer) or FRACTION.search(asked.answer):
        return
    expected, given = _expected(asked), _given(asked)
    if expected is None or not 0 < len(given) <= FEW:
        return
    value = _agreement(asked, expected, given)
    detail = f"the answer has {', '.join(given)}, the reference {expected}"
    yield Observation(SIGNALS[0], value, detail, _spans(view, given) if value != "agrees" else ())


def _expected(asked: Asked) -> str | None:
    """The one number of a short reference that is no date; None where there is none or several."""
    text = alternatives(asked.reference)[0] if alternatives(asked.reference) else ""
    known = numbers(asked.question)
    own = [number for number in numbers(text) if number not in known]
    if len(own) != 1 or len(words(text)) > SHORT or _is_date(text, own[0], asked.question):
        return None
    return (
        own[0] if wanted(asked.question) == "number" or len(words(text)) <= len(own) + 2 else None
    )


def _is_date(text: str, number: str, question: str) -> bool:
    return bool(dates(text)) and (
        wanted(question) != "number" or ("," not in text and len(number) == 4)
    )


def _given(asked: Asked) -> tuple[str, ...]:
    known = numbers(asked.question)
    return tuple(number for number in numbers(asked.answer) if number not in known)


def _agreement(asked: Asked, expected: str, given: tuple[str, ...]) -> str:
    converted = agreement(asked.answer, asked.reference)
    if converted is not None:
        return "agrees" if converted else "differs"
    if expected in given:
        return "agrees" if same_quantity(asked.answer, asked.reference) else "differs"
    return "close" if is_close(asked.answer, expected) else "differs"


def _spans(view: RecordView, given: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple(span for number in given for span in marked_number(view.output, number))
