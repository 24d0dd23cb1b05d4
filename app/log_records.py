"""The records of a log: lists that are filtered, sorted and paged, and one record whole."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic_core import to_json
from sqlalchemy import Select, Text, cast, func, literal_column, select, text
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.logs import get_log
from app.paging import MOST, Page
from app.storage import FailureLog, HumanLabel, LogRecord, LogText

Sort = Literal["number", "least_sure", "most_sure", "repeats", "newest", "oldest"]
LONGEST_SEARCH = 200
SHOWN = 300
"""Characters of input and output that a list shows."""
FURTHEST = 1 << 31
EXPORTED = 500
"""Records that are read at once for an export."""
WORD = re.compile(r"[^\W_]+")
SURENESS = {"weak": 1, "moderate": 2, "strong": 3}


@dataclass(frozen=True, slots=True)
class Query:
    """Which records of a log; what is left out does not matter."""

    label: str = ""
    """The class that counts: a person's where there is one."""
    subtype: str = ""
    confidence: str = ""
    """weak, moderate or strong: how sure the rules are of a class; uncertain records have none."""
    labelled: bool | None = None
    """Whether a person labelled it."""
    search: str = ""
    """Words that input, output or note hold; each may be the beginning of one."""
    repeats: bool = False
    """Whether repeats of earlier records are listed too."""
    sort: Sort = "number"


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A record in a list."""

    number: int
    line: int
    record_id: str
    label: str
    """The class that counts; a person's where ``by_person``."""
    subtype: str
    confidence: str
    by_person: bool
    machine_label: str
    machine_subtype: str
    input: str
    """Shortened to SHOWN characters, in one line."""
    output: str
    repeats: int
    repeat_of: int | None
    happened_at: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """What an annotator says of a record now."""

    annotator: str
    label: str
    subtype: str
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RecordDetail:
    """One record, whole."""

    row: RecordRow
    body: dict[str, Any]
    """The failure record as CONTRACT has it."""
    signals: tuple[dict[str, Any], ...]
    """As ``evidence.lines`` has them: ``{signal, value, detail, spans: [[where, start, end]]}``."""
    rules: tuple[str, ...]
    said: tuple[Said, ...]
    previous: int | None
    """The number of the record before, in the order of the file; repeats are left out."""
    next: int | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many records (repeats left out) have each class, subtype and so on; for filters."""

    labels: dict[str, int]
    subtypes: dict[str, int]
    confidences: dict[str, int]
    labelled: int
    records: int


def list_records(
    session: Session,
    case_id: str,
    log_id: str,
    query: Query | None = None,
    limit: int = 20,
    offset: int = 0,
) -> Page[RecordRow]:
    """A page of a log's records. Raises NotFound."""
    log = get_log(session, case_id, log_id)
    query = query or Query()
    limit, offset = max(1, min(limit, MOST)), max(0, offset)
    chosen = _chosen(session, log, query)
    total = session.scalar(select(func.count()).select_from(chosen.subquery())) or 0
    ids = _page(session, chosen, query.sort, total, range(offset, min(total, offset + limit)))
    return Page(_rows(session, ids), total, limit, offset)


def get_record(session: Session, case_id: str, log_id: str, number: int) -> RecordDetail:
    """One record of a log by its number (from 1). Raises NotFound."""
    log = get_log(session, case_id, log_id)
    record = find_record(session, log, number)
    whole = session.get_one(LogText, record.id)
    return RecordDetail(
        row=_row(record, whole.body),
        body=whole.body,
        signals=tuple(whole.signals),
        rules=tuple(whole.rules),
        said=said_of(session, log, [record.repeat_of or record.number]),
        previous=_neighbour(session, record, -1),
        next=_neighbour(session, record, 1),
    )


def find_record(session: Session, log: FailureLog, number: int) -> LogRecord:
    """The record of a log with this number. Raises NotFound."""
    found = None
    if 0 < number < FURTHEST:
        wanted = select(LogRecord).where(LogRecord.log_id == log.id, LogRecord.number == number)
        found = session.scalar(wanted)
    if found is None:
        raise NotFound(f"record number {number} in this log")
    return found


def said_of(session: Session, log: FailureLog, numbers: Sequence[int]) -> tuple[Said, ...]:
    """What each annotator says of records now, those who spoke first going first."""
    entries = (
        _said(entry)
        for entry in newest_labels(session, log, HumanLabel.number.in_(numbers))
        if entry.label is not None
    )
    return tuple(entries)


def newest_labels(session: Session, log: FailureLog, *where: Any) -> Iterable[HumanLabel]:
    """The newest entry of each annotator on each record, those that say nothing included."""
    newest = (
        select(func.max(HumanLabel.id))
        .where(HumanLabel.log_id == log.id, *where)
        .group_by(HumanLabel.number, HumanLabel.annotator)
    )
    wanted = select(HumanLabel).where(HumanLabel.id.in_(newest)).order_by(HumanLabel.id)
    return session.scalars(wanted)


def counts(session: Session, case_id: str, log_id: str) -> Counts:
    """What there is to filter by, with how many records have it. Raises NotFound."""
    log = get_log(session, case_id, log_id)
    columns = (LogRecord.final_label, LogRecord.final_subtype, LogRecord.sureness)
    by_person = LogRecord.human_label.is_not(None)
    found = session.execute(
        select(*columns, by_person, func.count())
        .where(LogRecord.log_id == log.id, LogRecord.repeat_of.is_(None))
        .group_by(*columns, by_person)
    )
    labels, subtypes, confidences = Counter[str](), Counter[str](), Counter[str]()
    labelled = records = 0
    names = {rank: name for name, rank in SURENESS.items()}
    for label, subtype, sureness, person, count in found:
        labels[label] += count
        for name in filter(None, subtype.split("+")):
            subtypes[name] += count
        if sureness in names:
            confidences[names[sureness]] += count
        labelled += count if person else 0
        records += count
    ranked = dict(subtypes.most_common())
    return Counts(dict(labels), ranked, dict(confidences), labelled, records)


def export(session: Session, case_id: str, log_id: str) -> Iterator[bytes]:
    """Every record as a line of JSON, streaming, in the order of the file; labels included.

    Each line is ``{id, label, subtype, confidence, signals, rules, human: {...}|null, labels:
    [...], repeat_of, record: {...}}``, the first six as ``formfact diagnose --out`` writes them
    (``label`` a person's where there is one). Raises NotFound before the first line.
    """
    log = get_log(session, case_id, log_id)
    return _exported(session, log)


# --- choosing ---------------------------------------------------------------------------------


def _chosen(session: Session, log: FailureLog, query: Query) -> Select[int]:
    chosen = select(LogRecord.id).where(LogRecord.log_id == log.id)
    if not query.repeats:
        chosen = chosen.where(LogRecord.repeat_of.is_(None))
    if query.label:
        chosen = chosen.where(LogRecord.final_label == query.label)
    if query.subtype:
        chosen = chosen.where(_has_subtype(query.subtype))
    if query.confidence:
        chosen = chosen.where(LogRecord.sureness == SURENESS.get(query.confidence, -1))
    if query.labelled is not None:
        human = LogRecord.human_label
        chosen = chosen.where(human.is_not(None) if query.labelled else human.is_(None))
    words = search_words(query.search[:LONGEST_SEARCH])
    return chosen.where(LogRecord.id.in_(_found(session, log, words))) if words else chosen


def _has_subtype(name: str) -> Any:
    """A record that fails in both ways has two subtypes, joined by a plus sign."""
    column = LogRecord.final_subtype
    return (
        (column == name)
        | column.startswith(f"{name}+", autoescape=True)
        | column.endswith(f"+{name}", autoescape=True)
    )


def search_words(words: str) -> list[str]:
    """The words of a text as a search knows them: letters and digits, whatever their case."""
    return WORD.findall(words.casefold())


def _found(session: Session, log: FailureLog, words: Sequence[str]) -> Select[int]:
    """The ids of the records of a log that hold words with all of these beginnings."""
    if session.get_bind().dialect.name == "sqlite":
        begins = [f'searched:"{word}"{"*" * _begins(word)}' for word in words]
        asked = " AND ".join([f'log_id:"{log.id}"', *begins])
        match = text("log_search match :asked").bindparams(asked=asked)
        found: Select[int] = select(literal_column("rowid")).select_from(text("log_search"))
        return found.where(match)
    asked = " & ".join(f"'{word}'{':*' * _begins(word)}" for word in words)
    vector = func.to_tsvector(literal_column("'simple'"), LogText.searched)
    return select(LogText.id).where(
        LogText.log_id == log.id,
        vector.op("@@")(func.to_tsquery(literal_column("'simple'"), asked)),
    )


def _begins(word: str) -> bool:
    """Whether a word may be the beginning of one: a single letter begins nearly everything."""
    return len(word) > 1


NUMBER = LogRecord.number
FORWARDS: dict[Sort, tuple[Any, ...]] = {
    "number": (NUMBER,),
    "least_sure": (LogRecord.sureness, NUMBER),
    "most_sure": (LogRecord.sureness.desc(), NUMBER),
    "repeats": (LogRecord.repeats.desc(), NUMBER),
    "newest": (LogRecord.happened_at.desc().nulls_last(), NUMBER),
    "oldest": (LogRecord.happened_at.nulls_last(), NUMBER),
}
BACKWARDS: dict[Sort, tuple[Any, ...]] = {
    "number": (NUMBER.desc(),),
    "least_sure": (LogRecord.sureness.desc(), NUMBER.desc()),
    "most_sure": (LogRecord.sureness, NUMBER.desc()),
    "repeats": (LogRecord.repeats, NUMBER.desc()),
    "newest": (LogRecord.happened_at.nulls_first(), NUMBER.desc()),
    "oldest": (LogRecord.happened_at.desc().nulls_first(), NUMBER.desc()),
}


def _page(
    session: Session, chosen: Select[int], sort: Sort, total: int, places: range
) -> Sequence[int]:
    """The ids at these places of an order; what is nearer to its end is looked for from there."""
    if not places:
        return []
    if places.start <= total // 2:
        ordered = chosen.order_by(*FORWARDS[sort]).offset(places.start)
        return session.scalars(ordered.limit(len(places))).all()
    ordered = chosen.order_by(*BACKWARDS[sort]).offset(total - places.stop)
    return session.scalars(ordered.limit(len(places))).all()[::-1]


# --- showing ----------------------------------------------------------------------------------


def _rows(session: Session, ids: Sequence[int]) -> list[RecordRow]:
    wanted = select(LogRecord, LogText.body).join(LogText, LogText.id == LogRecord.id)
    found = {
        record.id: _row(record, body)
        for record, body in session.execute(wanted.where(LogRecord.id.in_(ids)))
    }
    return [found[number] for number in ids]


def _row(record: LogRecord, body: dict[str, Any]) -> RecordRow:
    return RecordRow(
        number=record.number,
        line=record.line,
        record_id=record.record_id,
        label=record.final_label,
        subtype=record.final_subtype,
        confidence=record.confidence,
        by_person=record.human_label is not None,
        machine_label=record.label,
        machine_subtype=record.subtype,
        input=_shortened(_asked(body.get("input"))),
        output=_shortened(str(body.get("output") or "")),
        repeats=record.repeats,
        repeat_of=record.repeat_of,
        happened_at=record.happened_at,
    )


def _asked(given: Any) -> str:
    """What the last message says; a plain input is the whole of it."""
    if not isinstance(given, list):
        return str(given or "")
    content = given[-1].get("content") if given else ""
    if not isinstance(content, list):
        return str(content or "")
    return " ".join(str(part["text"]) for part in content if "text" in part)


def _shortened(words: str) -> str:
    plain = " ".join(words[: SHOWN * 2].split())
    return plain if len(plain) <= SHOWN else plain[: SHOWN - 1].rstrip() + "…"


def _neighbour(session: Session, record: LogRecord, step: Literal[-1, 1]) -> int | None:
    number = LogRecord.number
    wanted = select(number).where(
        LogRecord.log_id == record.log_id,
        LogRecord.repeat_of.is_(None),
        number > record.number if step > 0 else number < record.number,
    )
    return session.scalar(wanted.order_by(number if step > 0 else number.desc()).limit(1))


def _said(entry: HumanLabel) -> Said:
    return Said(
        annotator=entry.annotator,
        label=entry.label or "",
        subtype=entry.subtype,
        note=entry.note,
        created_at=entry.created_at,
    )


# --- exporting --------------------------------------------------------------------------------


def _exported(session: Session, log: FailureLog) -> Iterator[bytes]:
    after = 0
    while batch := _batch(session, log, after):
        after = batch[-1].number
        originals = [row.repeat_of or row.number for row in batch]
        labels: dict[int, list[dict[str, Any]]] = {}
        for entry in newest_labels(session, log, HumanLabel.number.in_(originals)):
            if entry.label is not None:
                labels.setdefault(entry.number, []).append(_opinion(entry))
        yield b"".join(
            _line(row, labels.get(original, []))
            for row, original in zip(batch, originals, strict=True)
        )
        session.expunge_all()  # what was sent need not be kept


def _batch(session: Session, log: FailureLog, after: int) -> Sequence[Any]:
    """Columns of the next records; JSON as its text, for it goes out as it is."""
    columns = (
        LogRecord.number,
        LogRecord.record_id,
        LogRecord.label,
        LogRecord.subtype,
        LogRecord.confidence,
        LogRecord.human_label,
        LogRecord.human_subtype,
        LogRecord.final_label,
        LogRecord.final_subtype,
        LogRecord.repeat_of,
        *(
            cast(column, Text).label(column.key)
            for column in (LogText.signals, LogText.rules, LogText.body)
        ),
    )
    wanted = select(*columns).join(LogText, LogText.id == LogRecord.id)
    wanted = wanted.where(LogRecord.log_id == log.id, LogRecord.number > after)
    return session.execute(wanted.order_by(LogRecord.number).limit(EXPORTED)).all()


def _opinion(entry: HumanLabel) -> dict[str, Any]:
    names = ("annotator", "label", "subtype", "note", "created_at")
    return {name: getattr(entry, name) for name in names}


def _line(row: Any, labels: list[dict[str, Any]]) -> bytes:
    found = {
        "id": row.record_id,
        "label": row.final_label,
        "subtype": row.final_subtype,
        "confidence": row.confidence,
    }
    human = {"label": row.human_label, "subtype": row.human_subtype}
    more = {
        "machine": {"label": row.label, "subtype": row.subtype},
        "human": human if row.human_label else None,
        "labels": labels,
        "number": row.number,
        "repeat_of": row.repeat_of,
    }
    texts = (("signals", row.signals), ("rules", row.rules), ("record", row.body))
    signals, rules, record = (b'"%b":%b' % (name.encode(), text.encode()) for name, text in texts)
    parts = (to_json(found)[1:-1], signals, rules, to_json(more)[1:-1], record)
    return b"{" + b",".join(parts) + b"}\n"
