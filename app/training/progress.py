"""How far a job is, when it will be done, and who could take it up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Literal

from sqlalchemy.orm import Session

from app.storage import TrainEvent, TrainJob
from app.training.events import latest
from app.training.jobs import waiting_before
from app.training.presence import list_workers
from trainer.contract import ENDED, STAGES, Stage

RECENT = 60
"""Steps from whose pace the rest is foretold."""
Standing = Literal["done", "now", "later"]
NAMED: Mapping[str, Stage] = {stage: stage for stage in STAGES}


@dataclass(frozen=True, slots=True)
class StageStanding:
    """A stage of the run, and where it stands."""

    stage: Stage
    standing: Standing
    share: float | None = None
    """How much of it is done, from 0 to 1, where that is known."""
    seconds: float | None = None
    """How long it took."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a job stands."""

    state: str
    stage: str
    share: float | None
    """Of the present stage, from 0 to 1."""
    seconds_left: float | None
    """Until the end of training, by the pace of the last steps."""
    stages: tuple[StageStanding, ...]
    waiting: int | None
    """Jobs that are taken before this one; None where it is not queued."""
    workers: int
    """Workers that are alive."""
    newest: Mapping[str, Any]
    """Figures of the newest step: loss, learning_rate, tokens_per_second, …"""


def progress_of(session: Session, job: TrainJob) -> Progress:
    """Where a job stands, by what it told last."""
    told = stages_told(latest(session, job.id, "stage", 400))
    steps = latest(session, job.id, "metric", RECENT)
    share = told.get(job.stage, StageStanding("prepare", "later")).share
    training = job.stage == "train"
    if training and job.total_steps:
        share = min(1.0, (job.step or 0) / job.total_steps)
    running = job.state == "running"
    return Progress(
        state=job.state,
        stage=job.stage,
        share=share if job.stage else None,
        seconds_left=seconds_left(job, steps) if running and training else None,
        stages=tuple(_standings(job, told, share)),
        waiting=waiting_before(session, job),
        workers=0 if job.state in ENDED else sum(item.alive for item in list_workers(session)),
        newest=steps[0].data if steps else {},
    )


def seconds_left(job: TrainJob, newest: Sequence[TrainEvent]) -> float | None:
    """Seconds that the remaining steps take at the pace of the last ones; None where unknown.

    The median is taken: a pause or a checkpoint between two steps says nothing of their pace.
    """
    if not job.total_steps or len(newest) < 3:
        return None
    moments = [item.at for item in newest]
    paces = [(later - earlier).total_seconds() for later, earlier in pairwise(moments)]
    return max(0.0, median(paces)) * max(0, job.total_steps - (job.step or 0))


def stages_told(newest: Sequence[TrainEvent]) -> dict[str, StageStanding]:
    """Stage -> where it stands by its events, newest first."""
    found: dict[str, StageStanding] = {}
    for item in newest:
        stage: Stage | None = NAMED.get(str(item.data.get("stage")))
        if stage is None:
            continue
        seconds, total = item.data.get("seconds"), item.data.get("total")
        if isinstance(seconds, int | float):
            found[stage] = StageStanding(stage, "done", 1.0, float(seconds))
        elif stage not in found:
            part = item.data.get("done") if total == 100 else None
            share = part / 100 if isinstance(part, int | float) else None
            found[stage] = StageStanding(stage, "now", share)
    return found


def _standings(
    job: TrainJob, told: Mapping[str, StageStanding], share: float | None
) -> list[StageStanding]:
    found = []
    for stage in STAGES:
        known = told.get(stage)
        if known is not None and known.standing == "done":
            found.append(known)
        elif stage == job.stage and job.state in ("running", "paused", "queued"):
            found.append(StageStanding(stage, "now", share))
        else:
            found.append(StageStanding(stage, "later"))
    return found
