"""What the reviewer's note says is wrong: the facts, the form, both or nothing, and how plainly.

A note is read sentence by sentence with a lexicon of phrases that knows denials ("no factual
errors", "isn't relevant"). Notes of BRIEF words or more argue, and a small fitted model weighs
what their sentences say. That there is a note says nothing by itself: it may be praise. Where one
side is said to be wrong and the other is not spoken of, the other is ``unmentioned``.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._note_features import read_note
from evidence.signals._note_verdict import Side, Verdict, phrases_of, verdict
from evidence.view import RecordView

SIGNALS = (
    "note_facts",
    "note_form",
    "note_facts_kind",
    "note_form_kind",
    "note_certainty",
    "note_fault_elsewhere",
)
QUOTED = 3
"""Phrases of the note that the detail repeats."""
MAX_QUOTE = 60
"""Characters of a phrase that the detail repeats."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield what the note says, where it says something that can be read."""
    note = view.note
    found = verdict(read_note(note)) if note else None
    if found is None:
        return
    offset = (view.record.reviewer_note or "").find(note)
    spans = _spans(found, offset)
    detail = _detail(found, note)
    if found.elsewhere.said:
        yield Observation("note_fault_elsewhere", True, detail, spans)
        return
    for name, side, other in (
        ("note_facts", found.facts, found.form),
        ("note_form", found.form, found.facts),
    ):
        yield from _side(name, side, other, detail, spans)
    yield Observation("note_certainty", found.certainty, _how(found))


def _side(
    name: str, side: Side, other: Side, detail: str, spans: tuple[Span, ...]
) -> Iterator[Observation]:
    if side.said:
        yield Observation(name, side.said, detail, spans)
    elif other.said == "wrong":
        yield Observation(name, "unmentioned", "the note complains of something else only")
    if side.said == "wrong" or side.kind == "correct_refusal":
        yield Observation(f"{name}_kind", side.kind, detail, spans)


def _spans(found: Verdict, offset: int) -> tuple[Span, ...]:
    return tuple(
        Span(hit.start + offset, hit.end + offset, "reviewer_note") for hit in phrases_of(found)
    )


def _detail(found: Verdict, note: str) -> str:
    words = [note[hit.start : hit.end].strip()[:MAX_QUOTE] for hit in phrases_of(found)]
    quoted = ", ".join(f'"{item}"' for item in dict.fromkeys(words[:QUOTED]))
    return f"the note says {quoted}" if quoted else "the note argues against what the output says"


def _how(found: Verdict) -> str:
    return "phrases weighed by the fitted model" if found.fitted else "phrases of the note"
