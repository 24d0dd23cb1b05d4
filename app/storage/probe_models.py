"""The tables of retrieval: a case owns documents and probes; a probe owns what it found.

A probe measures retrievers on the documents of its case. It keeps its questions, what each
retriever found for them, the passages that were found, and what people say of these.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
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

DocumentState = Literal["uploading", "ready", "deleting"]
ProbeState = Literal["queued", "running", "done", "failed", "cancelled", "deleting"]
RelevanceKind = Literal["qrels", "weak", "judged", "none"]
Json = dict[str, Any]


class DocumentFile(Base):
    """A file of documents: one document, or many where it is a zip or a table."""

    __tablename__ = "document_files"
    __table_args__ = (
        CheckConstraint("state in ('uploading', 'ready', 'deleting')", name="state"),
        Index(None, "case_id", "created_at", "id"),
        Index(None, "state"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    name: Mapped[str] = mapped_column(String(200))
    """The file's name, for showing and for the ids of its documents: no path is made of it."""
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    """The size of the file; None while it is not known."""
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    sha256: Mapped[str] = mapped_column(String(64), default="")
    state: Mapped[DocumentState] = mapped_column(String(10), default="uploading")
    problem: Mapped[str] = mapped_column(Text, default="")
    """Why none of it can be read, where that shows at once; '' otherwise."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Probe(Base):
    """Measuring retrievers on the documents of a case, once; ``claim`` as in ``FailureLog``."""

    __tablename__ = "probes"
    __table_args__ = (
        CheckConstraint(
            "state in ('queued', 'running', 'done', 'failed', 'cancelled', 'deleting')",
            name="state",
        ),
        Index(None, "case_id", "created_at", "id"),
        Index(None, "state", "queued_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str] = mapped_column(ForeignKey("cases.id"))
    name: Mapped[str] = mapped_column(String(200), default="")
    log_id: Mapped[str | None] = mapped_column(String(32))
    """The log that the questions are from; it may have been deleted since."""
    settings: Mapped[Json] = mapped_column(JSON, default=dict)
    """``app.probes.Chosen`` as data: retrievers, size, overlap, budget, endpoint."""
    document_ids: Mapped[list[str]] = mapped_column(JSON, default=list)
    qrels: Mapped[dict[str, dict[str, int]] | None] = mapped_column(JSON(none_as_null=True))
    """Relevance as it was given; None where it is guessed from reference answers."""
    questions: Mapped[int] = mapped_column(default=0)
    state: Mapped[ProbeState] = mapped_column(String(10), default="queued")
    stage: Mapped[str] = mapped_column(String(200), default="")
    """What is being done, in words."""
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    """How much of the whole is done, of ``total``."""
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    resumed_at: Mapped[int] = mapped_column(BigInteger, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(32), default="")
    worker: Mapped[str] = mapped_column(String(200), default="")
    """Host and process that work on it, as ``host:pid``."""
    rulebook_version: Mapped[str] = mapped_column(String(100), default="")
    rulebook_hash: Mapped[str] = mapped_column(String(64), default="")
    result: Mapped[Json | None] = mapped_column(JSON(none_as_null=True))
    """What ``formfact probe --json`` prints, people's judgements included."""
    problems: Mapped[list[Json]] = mapped_column(JSON, default=list)
    """``document`` (id or ''), ``source``, ``line`` and ``why`` of everything not read."""
    judged: Mapped[int] = mapped_column(default=0)
    """Questions of which people judged all that was found."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its facts were last written to the case."""
    applied: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """The facts that it wrote then -> their evidence."""


class ProbeQuestion(Base):
    """A question of a probe, what is relevant to it, and how each retriever did on it."""

    __tablename__ = "probe_questions"
    __table_args__ = (
        UniqueConstraint("probe_id", "number"),
        CheckConstraint("relevance in ('qrels', 'weak', 'judged', 'none')", name="relevance"),
        Index(None, "probe_id", "place"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    probe_id: Mapped[str] = mapped_column(ForeignKey("probes.id"))
    number: Mapped[int]
    """Counted from 1, in the order in which they were given."""
    question_id: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(Text, default="")
    group: Mapped[str] = mapped_column(Text, default="")
    origin: Mapped[str] = mapped_column(String(10))
    """Where it is from: log, file, typed."""
    record: Mapped[int | None]
    """The number of the log's record that it is from."""
    relevance: Mapped[RelevanceKind] = mapped_column(String(10), default="none")
    """How it is known what is relevant; ``none`` where nothing is, or nobody knows."""
    why: Mapped[str] = mapped_column(Text, default="")
    """Why it is not measured; '' where it is."""
    relevant: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """Passage or document id -> grade, as it counts now."""
    guessed: Mapped[dict[str, int]] = mapped_column(JSON, default=dict)
    """The same as it was before people judged: given, or guessed from the reference answer."""
    guessed_why: Mapped[str] = mapped_column(Text, default="")
    """``why`` as it was then."""
    by: Mapped[dict[str, Json]] = mapped_column(JSON, default=dict)
    """Retriever -> ``rank`` (None: not found) and the metrics; empty where it is not measured."""
    place: Mapped[int]
    """Its place in the order in which questions are judged: drawn at random once."""
    pool: Mapped[int] = mapped_column(default=0)
    """Passages among the top of any retriever: those to be judged."""
    judged: Mapped[int] = mapped_column(default=0)
    """How many of these people judged."""


class ProbePassage(Base):
    """A passage that some retriever found among its first ten, or that is relevant."""

    __tablename__ = "probe_passages"
    __table_args__ = (UniqueConstraint("probe_id", "passage"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    probe_id: Mapped[str] = mapped_column(ForeignKey("probes.id"))
    passage: Mapped[str] = mapped_column(Text)
    """``DOCUMENT#START-END``."""
    document: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    start: Mapped[int]
    end: Mapped[int]
    heading: Mapped[str] = mapped_column(Text, default="")
    text: Mapped[str] = mapped_column(Text)
    tokens: Mapped[int] = mapped_column(default=0)


class ProbeDocument(Base):
    """The text of a document from which passages were found."""

    __tablename__ = "probe_documents"
    __table_args__ = (UniqueConstraint("probe_id", "document"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    probe_id: Mapped[str] = mapped_column(ForeignKey("probes.id"))
    document: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text, default="")
    source: Mapped[str] = mapped_column(Text, default="")
    kind: Mapped[str] = mapped_column(String(20), default="")
    characters: Mapped[int]
    """Of the whole document."""
    text: Mapped[str] = mapped_column(Text)
    """Its beginning; shorter than ``characters`` where it was cut."""


class ProbeHit(Base):
    """A passage that a retriever found for a question, and at which rank (from 1)."""

    __tablename__ = "probe_hits"
    __table_args__ = (Index(None, "probe_id", "number", "rank"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    probe_id: Mapped[str] = mapped_column(ForeignKey("probes.id"))
    number: Mapped[int]
    """The question's."""
    retriever: Mapped[str] = mapped_column(String(100))
    rank: Mapped[int]
    passage: Mapped[str] = mapped_column(Text)
    score: Mapped[float] = mapped_column(Double)


class ProbeJudgement(Base):
    """What a person says of a passage; never changed, only followed by a newer entry.

    The newest entry of a person on a pair counts; ``grade`` is None where it says nothing any more.
    ``undoes`` names the entry that an undo takes back.
    """

    __tablename__ = "probe_judgements"
    __table_args__ = (
        CheckConstraint("grade is null or grade in (0, 1, 2)", name="grade"),
        ForeignKeyConstraint(
            ["probe_id", "number"],
            ["probe_questions.probe_id", "probe_questions.number"],
            name="fk_probe_judgements_question",
        ),
        Index(None, "probe_id", "number", "id"),
        Index(None, "probe_id", "annotator", "id"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    probe_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    """The question's."""
    passage: Mapped[str] = mapped_column(Text)
    grade: Mapped[int | None]
    """0: does not answer; 1: helps; 2: answers."""
    annotator: Mapped[str] = mapped_column(String(100))
    undoes: Mapped[int | None] = mapped_column(RowId)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
