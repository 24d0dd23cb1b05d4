"""One failure record as its page shows it: texts with the evidence marked, reasons, signals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from advisor_rules.conditions import facts_of
from advisor_rules.model import Rule, Signal, Source
from advisor_rules.rulebook import Rulebook
from app import words
from app.marked import Mark, marked, showable
from evidence.records import FailureRecord
from evidence.signals import Observation, Span
from evidence.view import RecordView, text_of

LONGEST = 20_000
"""Characters of one text on a page, unless all of it is asked for."""
PLACES = {
    "output": "output",
    "context": "context",
    "reference": "reference",
    "reviewer_note": "reviewer's note",
    "input": "input",
}
ROLES = {"user": "User", "assistant": "Model", "system": "System", "developer": "Developer"}


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of the record, or a part of it, ready for the page.

    ``hidden`` counts the characters, ``deeper`` the marks that are left out at its end.
    """

    title: str
    text: Markup
    length: int
    hidden: int = 0
    deeper: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """A signal that was measured, in words; ``key`` is the sign of its marks."""

    key: str
    signal: str
    title: str
    value: str
    detail: str
    blind_to: str
    decisive: bool
    places: tuple[tuple[str, str], ...]
    """Where its marks are: the name of the text, and the anchor of the first mark in it."""


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that decided; ``rule`` is None where the rulebook no longer has it."""

    id: str
    rule: Rule | None
    says: str
    sources: tuple[Source, ...]


@dataclass(frozen=True, slots=True)
class RecordPage:
    """All that the page of a record shows of the record itself."""

    turns: tuple[Piece, ...]
    output: Piece
    reference: Piece | None
    passages: tuple[Piece, ...]
    note: Piece | None
    format_spec: Piece | None
    metadata: tuple[tuple[str, str], ...]
    seen: tuple[Seen, ...]
    reasons: tuple[Reason, ...]
    unmeasured: tuple[Signal, ...]


def read_record(
    record: FailureRecord,
    observations: Sequence[Observation],
    rules: Sequence[str],
    book: Rulebook,
    *,
    whole: bool = False,
) -> RecordPage:
    """The record's texts with marks, what was seen and why it is classed as it is.

    ``whole`` shows every text to its end, however long.
    """
    read_by_rules = {name for rule in rules for name in _signals_of(book, rule)}
    ordered = sorted(observations, key=lambda item: item.signal not in read_by_rules)
    seen = _numbered(book, ordered, read_by_rules)
    marks = {place: _marks(ordered, read_by_rules, place) for place in PLACES}
    most = (1 << 62) if whole else LONGEST
    view = RecordView(record)
    measured = {item.signal for item in observations}
    return RecordPage(
        turns=tuple(_turns(view, marks["input"], most)),
        output=_piece("Output", record.output, marks["output"], "output", most),
        reference=_optional("Reference", record.reference, marks["reference"], "reference", most),
        passages=tuple(_passages(view, marks["context"], most)),
        note=_optional("Reviewer's note", record.reviewer_note, marks["reviewer_note"], NOTE, most),
        format_spec=_format(record, most),
        metadata=tuple(_metadata(record.metadata)),
        seen=seen,
        reasons=tuple(_reason(book, name) for name in rules),
        unmeasured=tuple(item for name, item in book.signals.items() if name not in measured),
    )


NOTE = "reviewer_note"


def observed(signals: Iterable[Mapping[str, Any]]) -> list[Observation]:
    """Observations as the database keeps them, each span as ``[where, start, end]``."""
    return [
        Observation(
            item["signal"],
            item["value"],
            item.get("detail", ""),
            tuple(Span(start, end, where) for where, start, end in item.get("spans", ())),
        )
        for item in signals
    ]


def _signals_of(book: Rulebook, rule: str) -> tuple[str, ...]:
    condition = book.conditions.get(rule)
    return facts_of(condition) if condition is not None else ()


def _numbered(
    book: Rulebook, observations: Sequence[Observation], decisive: set[str]
) -> tuple[Seen, ...]:
    found = []
    for number, item in enumerate(observations, 1):
        signal = book.signals.get(item.signal)
        places = dict.fromkeys(span.where for span in item.spans if span.start < span.end)
        found.append(
            Seen(
                key=str(number),
                signal=item.signal,
                title=signal.title if signal else item.signal,
                value=words.value_words(signal, item.value),
                detail=item.detail,
                blind_to=signal.blind_to if signal else "",
                decisive=item.signal in decisive,
                places=tuple((PLACES[place], f"{place}-{number}") for place in places),
            )
        )
    return tuple(found)


def _marks(observations: Sequence[Observation], decisive: set[str], place: str) -> list[Mark]:
    return [
        Mark(span.start, span.end, str(number), item.signal in decisive)
        for number, item in enumerate(observations, 1)
        for span in item.spans
        if span.where == place
    ]


def _piece(
    title: str,
    text: str,
    marks: Sequence[Mark],
    name: str,
    most: int,
    elsewhere: Set[str] = frozenset(),
) -> Piece:
    deeper = len({mark.key for mark in marks if mark.end > most and mark.start < len(text)})
    return Piece(
        title=title,
        text=marked(text[:most], marks, name, elsewhere),
        length=len(text),
        hidden=max(0, len(text) - most),
        deeper=deeper,
    )


def _optional(
    title: str, text: str | None, marks: Sequence[Mark], name: str, most: int
) -> Piece | None:
    return _piece(title, text, marks, name, most) if text and text.strip() else None


def _turns(view: RecordView, marks: Sequence[Mark], most: int) -> Iterator[Piece]:
    named = [
        (ROLES.get(message.role, showable(message.role[:40])), text_of(message))
        for message in view.messages
    ]
    return _parts(named, marks, "input", most)


def _passages(view: RecordView, marks: Sequence[Mark], most: int) -> Iterator[Piece]:
    several = len(view.passages) > 1
    named = [
        (f"Context {number}" if several else "Context", text)
        for number, text in enumerate(view.passages, 1)
    ]
    return _parts(named, marks, "context", most)


def _parts(
    named: Iterable[tuple[str, str]], marks: Sequence[Mark], name: str, most: int
) -> Iterator[Piece]:
    """Texts by title; marks count characters of all of them joined by a line break each."""
    offset = 0
    anchored: set[str] = set()
    for title, text in named:
        own = _moved(marks, offset, len(text))
        yield _piece(title, text, own, name, most, frozenset(anchored))
        anchored |= {mark.key for mark in own}
        offset += len(text) + 1


def _moved(marks: Iterable[Mark], offset: int, length: int) -> list[Mark]:
    return [
        Mark(mark.start - offset, mark.end - offset, mark.key, mark.decisive)
        for mark in marks
        if mark.start < offset + length and mark.end > offset
    ]


def _format(record: FailureRecord, most: int) -> Piece | None:
    if record.format_spec is None:
        return None
    text = json.dumps(record.format_spec.model_dump(), indent=2, ensure_ascii=False, default=str)
    return _piece("Format asked for", text, (), "format", most)


def _metadata(metadata: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in metadata.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        yield name[:200], text[:2_000]


def _reason(book: Rulebook, name: str) -> Reason:
    rule = book.record_rules.get(name)
    if rule is None:
        return Reason(name, None, "", ())
    sources = tuple(book.sources[cite.source] for cite in rule.cites)
    return Reason(name, rule, words.sentence(words.judged_words(rule.gives, book)), sources)
