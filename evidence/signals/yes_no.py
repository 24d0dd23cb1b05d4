"""Compares yes with no: what the answer says as a whole against a reference that begins so.

Returns whether both agree. "True" and "correct" count as yes; an answer without such a word counts
where it restates the question or denies it. Where the reference does not begin with yes or no,
or the answer says neither, nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._facts_polarity import polarity, stated
from evidence.signals._facts_question import wanted
from evidence.signals._facts_record import with_reference
from evidence.signals._facts_text import words
from evidence.view import RecordView

SIGNALS = ("yes_no_against_reference",)


def detect(view: RecordView) -> Iterator[Observation]:
    """Agreement in yes or no, where both say one of them."""
    asked = with_reference(view)
    expected = polarity(asked.reference) if asked else None
    if asked is None or expected is None:
        return
    if len(words(asked.reference)) > 1 and wanted(asked.question) != "yes_no":
        return
    given = stated(asked.answer, asked.question)
    if given:
        end = len(view.output) if len(view.output) < 200 else 0
        spans = (Span(0, end),) if end and given != expected else ()
        value = "agrees" if given == expected else "differs"
        yield Observation(SIGNALS[0], value, f"says {given}, the reference says {expected}", spans)
