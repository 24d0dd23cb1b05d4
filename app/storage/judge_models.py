"""The tables of a judge: what a language model said of records, and the work of asking it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.models import Base, new_id, utc_now
from app.storage.types import RowId, UtcDateTime

RunState = Literal["queued", "running", "done", "failed", "cancelled"]
STATES = "state in ('queued', 'running', 'done', 'failed', 'cancelled')"
SAID = "('wrong', 'right', 'cannot_tell')"


class JudgeRun(Base):
    """Asking a language model about records of a log, once; ``claim`` as in ``FailureLog``."""

    __tablename__ = "judge_runs"
    __table_args__ = (
        CheckConstraint(STATES, name="state"),
        Index(None, "log_id", "created_at", "id"),
        Index(None, "state", "queued_at"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    log_id: Mapped[str] = mapped_column(ForeignKey("failure_logs.id"))
    model: Mapped[str] = mapped_column(String(200))
    prompt: Mapped[str] = mapped_column(String(50))
    """The version of the prompt."""
    state: Mapped[RunState] = mapped_column(String(10), default="queued")
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    """Records that it was asked about."""
    total: Mapped[int] = mapped_column(BigInteger, default=0)
    """Records that it is to be asked about, by what is known."""
    resumed_at: Mapped[int] = mapped_column(BigInteger, default=0)
    """The position from which the process that works on it now goes on."""
    error: Mapped[str] = mapped_column(Text, default="")
    tries: Mapped[int] = mapped_column(default=0)
    claim: Mapped[str] = mapped_column(String(32), default="")
    worker: Mapped[str] = mapped_column(String(200), default="")
    """Host and process that work on it, as ``host:pid``."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime, default=utc_now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class JudgeOpinion(Base):
    """What a language model said of a record; never changed, only followed by a newer entry.

    ``facts`` and ``form`` are None where nothing was measured; ``why_not`` then says why.
    """

    __tablename__ = "judge_opinions"
    __table_args__ = (
        CheckConstraint(f"facts is null or facts in {SAID}", name="facts"),
        CheckConstraint(f"form is null or form in {SAID}", name="form"),
        CheckConstraint("(facts is null) = (form is null)", name="both"),
        ForeignKeyConstraint(
            ["log_id", "number"],
            ["log_records.log_id", "log_records.number"],
            name="fk_judge_opinions_record",
        ),
        Index(None, "log_id", "number", "id"),
        Index(None, "run_id", "number"),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    log_id: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
    run_id: Mapped[str] = mapped_column(ForeignKey("judge_runs.id"))
    model: Mapped[str] = mapped_column(String(200))
    prompt: Mapped[str] = mapped_column(String(50))
    uncertain: Mapped[bool]
    """Whether the rules left the record open when the model was asked."""
    facts: Mapped[str | None] = mapped_column(String(12))
    form: Mapped[str | None] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(Text, default="")
    raw: Mapped[str] = mapped_column(Text, default="")
    """The verdict as the model wrote it."""
    why_not: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
