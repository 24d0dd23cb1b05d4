"""Shapes of answers about training jobs: what programs may rely on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from app.storage import TrainJob, Wish
from app.training.comparing import RunComparison
from app.training.jobs import waits_for_start
from app.training.presence import Standing
from trainer.contract import Failure, JobState, PreflightReport, Verdict


class JobOut(BaseModel):
    """A training job: what it is told, where it stands, what came of it."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    case_id: str | None
    parent_id: str | None
    client_key: str | None
    name: str
    method: str
    model: str
    spec: dict[str, Any]
    extra: dict[str, Any]
    state: JobState
    wish: Wish
    reason: str
    override_reason: str
    waits_for_start: bool
    waiting_before: int | None
    priority: int
    worker: str
    tries: int
    stage: str
    step: int | None
    total_steps: int | None
    failure: Failure | None
    verdict: Verdict | None
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None

    @classmethod
    def of(cls, job: TrainJob, waiting: list[str]) -> JobOut:
        """The shape of a job; ``waiting`` are the ids of the queued ones, in order."""
        names = set(cls.model_fields) - {"waits_for_start", "waiting_before"}
        before = waiting.index(job.id) if job.id in waiting else None
        return cls(
            waits_for_start=waits_for_start(job),
            waiting_before=before,
            **{name: getattr(job, name) for name in names},
        )


class QueueOut(BaseModel):
    """The jobs that run, and those that wait, in the order in which they are taken."""

    running: list[JobOut]
    queued: list[JobOut]


class EventOut(BaseModel):
    """Something that happened to a job."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    key: str
    kind: str
    step: int | None
    at: datetime
    data: dict[str, Any]


class EventsOut(BaseModel):
    """Events, oldest first; ``last`` is the ``after`` of the next question."""

    items: list[EventOut]
    last: int
    state: JobState


class CheckOut(BaseModel):
    """What was found in the data of a job; null while that is not known."""

    state: JobState
    waits_for_start: bool
    blocked: bool | None
    report: PreflightReport | None


class DifferingOut(BaseModel):
    """A place at which two runs differ."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    a: Any
    b: Any


class ComparedOut(BaseModel):
    """Two runs side by side."""

    told: list[DifferingOut]
    came: list[DifferingOut]
    same_weights: bool | None

    @classmethod
    def of(cls, found: RunComparison) -> ComparedOut:
        """The shape of a comparison."""
        told, came = (
            [DifferingOut.model_validate(item) for item in items]
            for items in (found.told, found.came)
        )
        return cls(told=told, came=came, same_weights=found.same_weights)


class WorkerOut(BaseModel):
    """A worker, and what it runs."""

    id: str
    host: str
    device: dict[str, Any] | None
    slots: int
    alive: bool
    jobs: list[str]
    started_at: datetime
    heartbeat_at: datetime
    stopped_at: datetime | None

    @classmethod
    def of(cls, standing: Standing) -> WorkerOut:
        """The shape of a worker."""
        names = set(cls.model_fields) - {"alive", "jobs"}
        return cls(
            alive=standing.alive,
            jobs=[job.id for job in standing.jobs],
            **{name: getattr(standing.worker, name) for name in names},
        )


class WorkersOut(BaseModel):
    """Workers that were there within a day."""

    items: list[WorkerOut]
