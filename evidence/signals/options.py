"""For a question that lets one choose between two things: which one does the answer take?

Returns whether that is the one of the reference. Where the answer names both or neither, or denies
something, nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation
from evidence.signals._facts_compare import side_named
from evidence.signals._facts_polarity import NEGATED, abstains
from evidence.signals._facts_question import options
from evidence.signals._facts_record import Asked, quoted, with_reference
from evidence.signals._facts_text import content
from evidence.view import RecordView

SIGNALS = ("option_against_reference",)


def detect(view: RecordView) -> Iterator[Observation]:
    """Whether the answer takes the thing that the reference takes."""
    asked = with_reference(view)
    sides = options(asked.question) if asked else None
    if asked is None or sides is None or abstains(asked.answer):
        return
    expected, given = side_named(sides, asked.reference), _taken(asked, sides)
    if expected >= 0 and given >= 0:
        value = "expected" if expected == given else "other"
        detail = f"the reference takes {quoted(asked.reference)}"
        yield Observation(SIGNALS[0], value, detail)


def _taken(asked: Asked, sides: tuple[frozenset[str], frozenset[str]]) -> int:
    """The side that a plain answer names alone; -1 where it names both, neither, or denies."""
    own = content(asked.answer)
    named = [bool(own & side) for side in sides]
    if named[0] == named[1] or NEGATED.search(asked.answer):
        return -1
    return int(named[1])
