"""The records of a log: lists that are filtered, sorted and paged, and one record whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.paging import Page

Sort = Literal["number", "least_sure", "most_sure", "repeats", "newest", "oldest"]
LONGEST_SEARCH = 200
SHOWN = 300
"""Characters of input and output that a list shows."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which records of a log; what is left out does not matter."""

    label: str = ""
    """The class that counts: a person's where there is one."""
    subtype: str = ""
    confidence: str = ""
    """weak, moderate or strong (of the rules)."""
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
    """``{signal, value, detail, spans: [{start, end, where}]}``, in the order observed."""
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
    raise NotImplementedError


def get_record(session: Session, case_id: str, log_id: str, number: int) -> RecordDetail:
    """One record of a log by its number (from 1). Raises NotFound."""
    raise NotImplementedError


def counts(session: Session, case_id: str, log_id: str) -> Counts:
    """What there is to filter by, with how many records have it. Raises NotFound."""
    raise NotImplementedError


def export(session: Session, case_id: str, log_id: str) -> Iterator[bytes]:
    """Every record as a line of JSON, streaming, in the order of the file; labels included.

    Each line is ``{id, label, subtype, confidence, signals, rules, human: {...}|null, labels:
    [...], repeat_of, record: {...}}``, the first six as ``formfact diagnose --out`` writes them
    (``label`` a person's where there is one). Raises NotFound before the first line.
    """
    raise NotImplementedError
