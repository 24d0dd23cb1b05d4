"""What the page of a training job shows while it is under way, and of what it left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import train_words, urls
from app.drawing.curve import figure
from app.log_words import seconds_words, size_words
from app.settings import Settings
from app.storage import TrainEvent, TrainJob
from app.training.events import latest
from app.training.folders import folder_of, tail_of
from app.training.jobs import waits_for_start
from app.training.outputs import outputs_of
from app.training.progress import Progress, progress_of
from app.web.training_curves import Told, curves_of, points, told
from trainer.contract import ENDED
from trainer.log_tail import without_secrets

MOST_SAMPLES, MOST_EVENTS, MOST_CHECKPOINTS = 60, 80, 50
TALKATIVE = ("metric", "sample")
PERCENT = 100
"""A stage that counts to a hundred tells each step of the way, which the bar shows better."""
"""Kinds of events of which there are too many for a list."""


@dataclass(frozen=True, slots=True)
class Sampled:
    """What the model answered at one checkpoint."""

    step: int | None
    answers: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """An event in words."""

    event: TrainEvent
    words: str


@dataclass(frozen=True, slots=True)
class Output:
    """A file to take away."""

    title: str
    about: str
    link: str
    size: str


def live_context(session: Session, settings: Settings, job: TrainJob) -> dict[str, Any]:
    """The context of ``partials/training_live.html``."""
    progress, run = progress_of(session, job), told(session, job)
    return {
        "job": job,
        "progress": progress,
        "state_words": train_words.state_words(job.state, job.wish),
        "standing_words": standing_words(job, progress),
        "waits_for_start": waits_for_start(job),
        "over": job.state in ENDED,
        "last_event": _last_event(session, job),
        "figures": list(_figures(progress, run)),
        "memory": memory_of(session, job, run),
        "curves": curves_of(run),
        "samples": _samples(session, job),
        "checkpoints": latest(session, job.id, "checkpoint", MOST_CHECKPOINTS),
        "happened": _happened(session, job),
        "tail": without_secrets(tail_of(folder_of(settings, job.id))),
        "train_words": train_words,
    }


def job_link(job: TrainJob, done: str = "") -> str:
    """The page of a job: in its case, or on its own."""
    query = {"done": done}
    if job.case_id is None:
        return urls.to(urls.TRAINING_ANY, query, job_id=job.id)
    return urls.to(urls.TRAINING_JOB, query, case_id=job.case_id, job_id=job.id)


def standing_words(job: TrainJob, progress: Progress) -> str:
    """What is going on, in one sentence."""
    if job.state == "running":
        return _running_words(job, progress)
    if job.state == "queued":
        return queue_words(progress)
    if job.state == "checking" and waits_for_start(job):
        return "Its data was checked. It waits until somebody starts it."
    if job.state == "checking":
        return "A worker reads the data before any time is spent on training."
    if job.state == "paused":
        return "It left a checkpoint, and goes on from there when it is resumed."
    return job.reason


def _running_words(job: TrainJob, progress: Progress) -> str:
    if job.stage == "train" and job.total_steps:
        left = progress.seconds_left
        eta = f", about {seconds_words(left)} of training left" if left is not None else ""
        return f"Step {job.step or 0:,} of {job.total_steps:,}{eta}."
    return f"{train_words.stage_words(job.stage)}." if job.stage else "The process is starting."


def queue_words(progress: Progress) -> str:
    """The place in the queue."""
    if not progress.waiting:
        return "It is the next one to be taken."
    return f"Number {progress.waiting + 1:,} in the queue."


def memory_of(session: Session, job: TrainJob, run: Told) -> list[tuple[str, str]]:
    """Memory as it was predicted, in the dry run, and in training."""
    found: dict[str, Any] = {}
    for event in latest(session, job.id, "memory", 1):
        found |= event.data
    peak = max((value for _, value in points(run.steps, "memory_bytes")), default=None)
    rows = (
        ("Predicted", found.get("predicted_bytes")),
        ("Dry run", found.get("measured_bytes")),
        ("Measured", peak),
    )
    return [
        (title, size_words(int(value)) if isinstance(value, int | float) else "not known")
        for title, value in rows
    ]


def outputs(settings: Settings, job: TrainJob) -> list[Output]:
    """The files of a job to take away, those that people want most first."""
    there = outputs_of(settings, job)
    return [
        Output(title, about, urls.to(urls.API_JOB_FILE, job_id=job.id, name=name), _size(path))
        for name, (title, about) in train_words.FILES.items()
        if (path := there.get(name)) is not None
    ]


def _size(path: Path) -> str:
    if path.is_dir():
        return size_words(sum(item.stat().st_size for item in path.rglob("*") if item.is_file()))
    return size_words(path.stat().st_size)


def _figures(progress: Progress, run: Told) -> Iterator[tuple[str, str]]:
    """The numbers of the newest step."""
    newest, validation = progress.newest, points(run.validations, "loss")
    yield from _number("Loss", newest.get("loss"))
    yield from _number("Validation loss", validation[-1][1] if validation else None)
    yield from _number("Learning rate", newest.get("learning_rate"))
    speed = newest.get("tokens_per_second")
    if isinstance(speed, int | float):
        yield "Tokens a second", f"{speed:,.0f}"
    if isinstance(epoch := newest.get("epoch"), int | float):
        yield "Passes over the data", f"{epoch:.2f}"


def _number(title: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, int | float):
        yield title, figure(float(value))


def _samples(session: Session, job: TrainJob) -> list[Sampled]:
    """Answers by checkpoint, the newest checkpoint first."""
    newest: Sequence[TrainEvent] = latest(session, job.id, "sample", MOST_SAMPLES)
    ordered = sorted(newest, key=lambda item: (-(item.step or 0), item.id))
    return [
        Sampled(step, tuple(_texts(item) for item in group))
        for step, group in groupby(ordered, key=lambda item: item.step)
    ]


def _texts(event: TrainEvent) -> dict[str, str]:
    return {key: str(event.data.get(key) or "") for key in ("prompt", "reference", "output")}


def _happened(session: Session, job: TrainJob) -> list[Happened]:
    """The newest events, but for those of every step; newest first."""
    query = (
        select(TrainEvent)
        .where(TrainEvent.job_id == job.id, TrainEvent.kind.not_in(TALKATIVE))
        .order_by(TrainEvent.id.desc())
        .limit(MOST_EVENTS + 100)
    )
    told_of = [item for item in session.scalars(query) if item.data.get("total") != PERCENT]
    return [
        Happened(item, train_words.event_words(item.kind, item.data, item.step))
        for item in told_of[:MOST_EVENTS]
    ]


def _last_event(session: Session, job: TrainJob) -> int:
    query = select(func.max(TrainEvent.id)).where(TrainEvent.job_id == job.id)
    return session.scalar(query) or 0
