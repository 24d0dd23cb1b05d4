"""The tables of failure logs: a case owns logs, a log owns its records and what people say of them.

A record is kept in two rows, so that lists, filters and counts read little: ``LogRecord`` holds
what is looked for, ``LogText`` what is shown of one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.models import Base, new_id, utc_now
from app.storage.types import RowId, UtcDateTime

LogState = Literal[
    "uploading", "uploaded", "queued", "running", "done", "failed", "cancelled", "deleting"
]
STATES = (
    "state in ('uploading', 'uploaded', 'queued', 'running', 'done', 'failed', 'cancelled', "
    "'deleting')"
)
LABELS = "('information', 'behavior', 'both', 'neither', 'uncertain')"


class FailureLog(Base):
    """A log of failures: its file, the job that reads it, and what it says.

    ``uploaded`` waits for its mapping to be confirmed, ``queued`` for a process, ``deleting`` to be
    cleared away. ``claim`` names the try that may write; another try gets another one, so that a
    process that was given up writes nothing more.
    """

    __tablename__ = "failure_logs"
    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        Index(None, "case_id", "created_at", "id"),
        Index(None, "state", "queued_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    name: Mapped[str] = mapped_column(String(200))
    """The file's name, for showing alone: no path is ever made of it."""
    kind: Mapped[str] = mapped_column(String(20), default="")
    """How the file is read: jsonl, json, csv, parquet; '' until it was looked at."""
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    """The size of the file; None while it is not known."""
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[LogState] = mapped_column(String(10), default="uploading")
    mapping: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    """Column -> field of the failure record, as a person confirmed it."""
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    """The line (or row) up to which everything is written down."""
    total: Mapped[int | None] = mapped_column(BigInteger)
    """The lines (or rows) that there are; None where that is not known."""
    resumed_at: Mapped[int] = mapped_column(BigInteger, default=0)
    """The line from which the process that works on it now goes on."""
    records: Mapped[int] = mapped_column(default=0)
    """Records that repeat none before them."""
    skipped: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    """Records that repeat an earlier one."""
    labelled: Mapped[int] = mapped_column(default=0)
    """Records that a person labelled."""
    error: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(32), default="")
    worker: Mapped[str] = mapped_column(String(200), default="")
    """Host and process that work on it, as ``host:pid``."""
    rulebook_version: Mapped[str] = mapped_column(String(100), default="")
    rulebook_hash: Mapped[str] = mapped_column(String(64), default="")
    seen: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """Signal -> on how many records it could be measured."""
    summary: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its facts were last written to the case."""
    applied: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """The facts that it wrote then -> their evidence."""


class LogRecord(Base):
    """What was found on one failure record. Numbers count from 1 in the order of the file.

    ``label``, ``subtype`` and ``confidence`` are the rules'; those with ``human`` a person's; those
    with ``final`` are what counts, a person's where there is one.
    """

    __tablename__ = "log_records"
    __table_args__ = (
        UniqueConstraint("log_id", "number"),
        Index(None, "log_id", "digest"),
        # all that lists filter and sort by, so that they are answered from this index alone
        Index(
            "ix_log_records_scan",
            "log_id",
            "number",
            "repeat_of",
            "final_label",
            "final_subtype",
            "sureness",
            "human_label",
            "repeats",
            "happened_at",
        ),
        # what is to be labelled next: of each kind, the record whose digest goes first
        Index(
            "ix_log_records_next",
            "log_id",
            "repeat_of",
            "sureness",
            "subtype",
            "digest",
            "number",
        ),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    log_id: Mapped[str] = mapped_column(ForeignKey("failure_logs.id"))
    number: Mapped[int]
    line: Mapped[int] = mapped_column(BigInteger)
    record_id: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(String(20))
    subtype: Mapped[str] = mapped_column(String(200))
    confidence: Mapped[str] = mapped_column(String(10))
    sureness: Mapped[int]
    """0: uncertain; 1, 2, 3: classified weakly, moderately, strongly."""
    human_label: Mapped[str | None] = mapped_column(String(20))
    human_subtype: Mapped[str | None] = mapped_column(String(200))
    final_label: Mapped[str] = mapped_column(String(20))
    final_subtype: Mapped[str] = mapped_column(String(200))
    repeat_of: Mapped[int | None]
    """The number of the record with the same content that came first."""
    repeats: Mapped[int] = mapped_column(default=0)
    """How many later records have the same content."""
    digest: Mapped[str] = mapped_column(String(32))
    happened_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """A moment that the record's metadata names."""


class LogText(Base):
    """The record itself, what was observed on it, and the words that a search looks in."""

    __tablename__ = "log_texts"

    id: Mapped[int] = mapped_column(ForeignKey("log_records.id"), primary_key=True)
    log_id: Mapped[str] = mapped_column(String(32))
    searched: Mapped[str] = mapped_column(Text)
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    signals: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    rules: Mapped[list[str]] = mapped_column(JSON)


class SkippedRow(Base):
    """A row of the file that is no record, and why."""

    __tablename__ = "skipped_rows"
    __table_args__ = (Index(None, "log_id", "line", "id"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    log_id: Mapped[str] = mapped_column(ForeignKey("failure_logs.id"))
    line: Mapped[int] = mapped_column(BigInteger)
    why: Mapped[str] = mapped_column(Text)


class HumanLabel(Base):
    """What a person says a record is; never changed, only followed by a newer entry.

    The newest entry of an annotator on a record counts; ``label`` is None where it says nothing any
    more. ``undoes`` names the entry that an undo takes back.
    """

    __tablename__ = "human_labels"
    __table_args__ = (
        CheckConstraint(f"label is null or label in {LABELS}", name="label"),
        ForeignKeyConstraint(
            ["log_id", "number"],
            ["log_records.log_id", "log_records.number"],
            name="fk_human_labels_record",
        ),
        Index(None, "log_id", "number", "id"),
        Index(None, "log_id", "annotator", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    log_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    annotator: Mapped[str] = mapped_column(String(100))
    label: Mapped[str | None] = mapped_column(String(20))
    subtype: Mapped[str] = mapped_column(String(200), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    undoes: Mapped[int | None] = mapped_column(RowId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
