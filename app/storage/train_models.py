"""The tables of training jobs: jobs, their allowed changes of state, events, and the workers.

The schema itself refuses a change of state that ``train_transitions`` does not hold, and writes an
event for each that it lets pass: no code can forget either.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlalchemy.orm import Mapped, mapped_column

from app.storage.models import Base, new_id, utc_now
from app.storage.types import RowId, UtcDateTime
from trainer.contract import STATES, JobState

Wish = Literal["", "pause", "cancel"]
JOB_STATES = f"state in ({', '.join(repr(state) for state in STATES)})"
LONGEST_KEY = 200


class TrainJob(Base):
    """One job: what it is told, where it stands, and what came of it.

    ``checking`` is the preflight of its data, which a worker runs too; a job whose preflight is
    done but ``held``, or whose warnings nobody ``accepted``, stays there until it is started.
    ``claim`` names the try that may write; another try gets another one, so that a worker that was
    given up changes nothing any more.
    """

    __tablename__ = "train_jobs"
    __table_args__ = (
        CheckConstraint(JOB_STATES, name="state"),
        CheckConstraint("wish in ('', 'pause', 'cancel')", name="wish"),
        CheckConstraint(
            "state in ('checking', 'running') or (claim = '' and wish = '')", name="claimed"
        ),
        Index(None, "case_id", "created_at", "id"),
        Index(None, "state", "priority", "position", "id"),
        Index(None, "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    case_id: Mapped[str | None] = mapped_column(ForeignKey("cases.id"))
    parent_id: Mapped[str | None] = mapped_column(ForeignKey("train_jobs.id"))
    """The job that this one was made from, with other parameters or data."""
    client_key: Mapped[str | None] = mapped_column(String(LONGEST_KEY), unique=True)
    """Of two creations with the same key the second gives the job of the first."""
    digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of what the job was created from: the same key with other content is refused."""
    name: Mapped[str] = mapped_column(String(200), default="")
    method: Mapped[str] = mapped_column(String(100))
    model: Mapped[str] = mapped_column(Text)
    spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    """``TrainSpec`` as JSON, its data relative to the job's folder."""
    extra: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What whoever launched it wants kept with it: where values came from, ids of files."""
    state: Mapped[JobState] = mapped_column(String(30), default="checking")
    wish: Mapped[Wish] = mapped_column(String(10), default="")
    """What its worker is to do at the next step."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it is in this state, in words."""
    override_reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was launched although the advice says otherwise."""
    held: Mapped[bool] = mapped_column(default=False)
    accepted: Mapped[bool] = mapped_column(default=False)
    """Whether somebody accepted the warnings of the preflight."""
    priority: Mapped[int] = mapped_column(default=0)
    """Higher goes first."""
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    """Among jobs of one priority, lower goes first."""
    claim: Mapped[str] = mapped_column(String(32), default="")
    worker: Mapped[str] = mapped_column(String(32), default="")
    """The worker that has it, or had it last."""
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Until when nobody else may take it up."""
    heartbeat_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tries: Mapped[int] = mapped_column(default=0)
    """How often a process was started for it."""
    crashes: Mapped[int] = mapped_column(default=0)
    """How often in a row its process crashed without getting any further."""
    losses: Mapped[int] = mapped_column(default=0)
    """How often in a row its worker was lost without the job getting any further."""
    reached: Mapped[int] = mapped_column(BigInteger, default=0)
    """How far its folder was at the last start: stages and checkpoints, growing."""
    stage: Mapped[str] = mapped_column(String(20), default="")
    step: Mapped[int | None]
    """The last step that was told of."""
    total_steps: Mapped[int | None]
    preflight: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    failure: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What its verdict changed in its case (``app.training.outcomes``); None until written."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    queued_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When its first process was started."""
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """Deleted for everybody; a worker clears its folder and its rows away."""


class TrainTransition(Base):
    """A change of state that there is."""

    __tablename__ = "train_transitions"

    before: Mapped[str] = mapped_column(String(30), primary_key=True)
    after: Mapped[str] = mapped_column(String(30), primary_key=True)


class TrainEvent(Base):
    """Something that happened to a job; never changed. ``id`` grows with time within a job.

    ``kind`` is one of the contract's, or ``state``, which the database writes by itself.
    """

    __tablename__ = "train_events"
    __table_args__ = (
        Unique("job_id", "key"),
        Index(None, "job_id", "id"),
        Index(None, "job_id", "kind", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    job_id: Mapped[str] = mapped_column(ForeignKey("train_jobs.id"))
    key: Mapped[str] = mapped_column(String(LONGEST_KEY))
    kind: Mapped[str] = mapped_column(String(20))
    step: Mapped[int | None]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class TrainWorker(Base):
    """A process that takes jobs, as it last told of itself."""

    __tablename__ = "train_workers"

    id: Mapped[str] = mapped_column(String(32), primary_key=True, default=new_id)
    host: Mapped[str] = mapped_column(String(200))
    pid: Mapped[int]
    slots: Mapped[int] = mapped_column(default=1)
    """How many jobs it runs at once."""
    device: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """What it trains on: name, kind, dtype, attention; None until it is known."""
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    heartbeat_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    stopped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
