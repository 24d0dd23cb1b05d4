"""Jobs, their events and their checkpoints as OpenAI's clients read them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.openai.errors import ApiError
from app.openai.lists import page
from app.openai.names import (
    KEPT,
    SUCCEEDED,
    checkpoint_name,
    is_kept,
    job_name,
    tuned_name,
)
from app.openai.results import file_id
from app.settings import Settings
from app.storage import TrainEvent, TrainJob, utc_now
from app.training.folders import folder_of
from trainer.contract import ENDED

Json = dict[str, Any]
STATUS = {
    "checking": "validating_files",
    "succeeded_with_warnings": "succeeded",
}
"""Our states where their word differs. ``paused`` stands in no list of the published description,
and yet is the answer that it shows for a paused job: the example is followed, not the list."""
STATES = {
    "checking": "Validating the files",
    "queued": "The files are valid; the job waits for a worker",
    "running": "The job runs",
    "paused": "The job is paused",
    "succeeded": "The job has succeeded",
    "succeeded_with_warnings": "The job has succeeded; something measured is not as it should be",
    "failed": "The job has failed",
    "cancelled": "The job was cancelled",
}
WORDS = {"supervised": "sft", "dpo": "dpo", "reinforcement": "grpo"}
EVENT = re.compile(r"ftevent-(\d{1,18})")


def shown_job(settings: Settings, job: TrainJob) -> Json:
    """A job."""
    kept: Json = job.extra.get(KEPT, {})
    succeeded = job.state in SUCCEEDED
    hyperparameters = kept.get("hyperparameters") or _hyperparameters(job)
    word = kept.get("method") or _word(job.method)
    return {
        "object": "fine_tuning.job",
        "id": job_name(job),
        "model": job.model,
        "created_at": _moment(job.created_at),
        "finished_at": _moment(job.finished_at) if job.state in ENDED else None,
        "estimated_finish": _estimated(job),
        "fine_tuned_model": tuned_name(settings, job) if succeeded else None,
        "organization_id": f"org-{settings.organization}",
        "result_files": [file_id("results", job)] if succeeded else [],
        "status": STATUS.get(job.state, job.state),
        "validation_file": _file(kept, "validation_file", job, "validation"),
        "training_file": _file(kept, "training_file", job, "train"),
        "trained_tokens": _tokens(job),
        "error": _error(job),
        "seed": job.spec.get("seed", 0),
        "integrations": [],
        "metadata": kept.get("metadata"),
        "hyperparameters": hyperparameters,
        "method": {"type": word, word: {"hyperparameters": hyperparameters}},
    }


def _word(method: str) -> str:
    return next((word for word, own in WORDS.items() if own == method), method)


def _hyperparameters(job: TrainJob) -> Json:
    """Those of a job that was launched elsewhere."""
    params = job.spec.get("params", {})
    epochs = params.get("epochs")
    return {
        "n_epochs": int(epochs) if epochs and epochs == int(epochs) else "auto",
        "batch_size": params.get("batch_size", "auto"),
        "learning_rate_multiplier": "auto",
    }


def _file(kept: Json, name: str, job: TrainJob, part: str) -> str | None:
    if name in kept:
        found: str | None = kept[name]
        return found
    return file_id(part, job) if job.spec.get("data", {}).get(part) else None


def _tokens(job: TrainJob) -> int | None:
    found = (job.report or {}).get("training", {}).get("tokens")
    return int(found) if isinstance(found, int | float) else None


def _error(job: TrainJob) -> Json | None:
    if job.state != "failed":
        return None
    failure = job.failure or {}
    code = failure.get("code", "crashed")
    return {
        "code": code,
        "message": failure.get("words") or job.reason or "The job failed.",
        "param": "training_file" if code == "bad_data" else None,
    }


def _estimated(job: TrainJob) -> int | None:
    """When the steps will be done, by the time that those so far took."""
    if job.state != "running" or not (job.step and job.total_steps and job.started_at):
        return None
    now = utc_now()
    left = (now - job.started_at) / job.step * max(0, job.total_steps - job.step)
    return _moment(now + left)


def _moment(at: Any) -> int | None:
    return None if at is None else int(at.timestamp())


# --- events -----------------------------------------------------------------------------------


def list_events(session: Session, job: TrainJob, cursor: str | None, limit: int) -> Json:
    """A page of a job's events, newest first. Raises ApiError."""
    query = select(TrainEvent).where(TrainEvent.job_id == job.id)
    if cursor is not None:
        match = EVENT.fullmatch(cursor)
        if match is None:
            words = "after must be the id of an event."
            raise ApiError(400, words, code="invalid_value", param="after")
        query = query.where(TrainEvent.id < int(match[1]))
    found = session.scalars(query.order_by(TrainEvent.id.desc()).limit(limit + 1)).all()
    return page(found, limit, shown_event)


def shown_event(event: TrainEvent) -> Json:
    """An event."""
    told = event.data
    metrics = event.kind in ("metric", "validation")
    return {
        "object": "fine_tuning.job.event",
        "id": f"ftevent-{event.id}",
        "created_at": _moment(event.at),
        "level": _level(event),
        "message": _message(event),
        "type": "metrics" if metrics else "message",
        "data": _metrics(event) if metrics else {"kind": event.kind, **told},
    }


def _level(event: TrainEvent) -> str:
    if event.kind == "state" and event.data.get("to") == "failed":
        return "error"
    return "warn" if event.kind == "warning" else "info"


def _metrics(event: TrainEvent) -> Json:
    name = "train_loss" if event.kind == "metric" else "valid_loss"
    more = {key: value for key, value in event.data.items() if key != "loss"}
    return {"step": event.step, name: event.data.get("loss"), **more}


def _message(event: TrainEvent) -> str:
    words = MESSAGES.get(event.kind, _told)
    return words(event)[:LONGEST_MESSAGE]


def _of_state(event: TrainEvent) -> str:
    words, reason = (
        STATES.get(str(event.data.get("to")), "The job changed"),
        event.data.get("reason"),
    )
    return f"{words}: {reason}" if reason else words


def _of_metric(event: TrainEvent) -> str:
    total = event.data.get("total_steps")
    of = f"/{total}" if total else ""
    return f"Step {event.step}{of}: training loss={_figure(event.data.get('loss'))}"


def _of_validation(event: TrainEvent) -> str:
    return f"Step {event.step}: validation loss={_figure(event.data.get('loss'))}"


def _of_stage(event: TrainEvent) -> str:
    told = event.data
    counted = f"{told.get('done')} of {told.get('total')}"
    if event.key.endswith(":done"):
        return f"Stage {told.get('stage')} is done, {counted}"
    within = event.key.count(":") > 1  # stage:evaluate:20 and the like
    return (
        f"Stage {told.get('stage')}: {counted}" if within else f"Stage {told.get('stage')} begins"
    )


def _of_sample(event: TrainEvent) -> str:
    told = event.data
    return f"Sample: {str(told.get('prompt'))[:200]} -> {str(told.get('output'))[:200]}"


def _told(event: TrainEvent) -> str:
    return str(event.data.get("text") or event.kind.capitalize())


MESSAGES: dict[str, Callable[[TrainEvent], str]] = {
    "state": _of_state,
    "metric": _of_metric,
    "validation": _of_validation,
    "stage": _of_stage,
    "sample": _of_sample,
    "checkpoint": lambda event: f"Checkpoint created at step {event.step}",
    "memory": lambda event: "Peak memory in bytes: predicted {}, measured {}".format(
        *map(event.data.get, ("predicted_bytes", "measured_bytes"))
    ),
}
LONGEST_MESSAGE = 1_000


def _figure(value: object) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else "unknown"


# --- checkpoints ------------------------------------------------------------------------------


def list_checkpoints(
    session: Session, settings: Settings, job: TrainJob, cursor: str | None, limit: int
) -> Json:
    """A page of the checkpoints whose files are kept, newest first. Raises ApiError."""
    query = select(TrainEvent).where(TrainEvent.job_id == job.id, TrainEvent.kind == "checkpoint")
    root = folder_of(settings, job.id).checkpoints
    events = [
        event
        for event in session.scalars(query.order_by(TrainEvent.step.desc()))
        if is_kept(root / f"checkpoint-{event.step}")
    ]
    names = [_checkpoint_id(event) for event in events]
    if cursor is not None and cursor not in names:
        words = "after must be the id of a checkpoint."
        raise ApiError(400, words, code="invalid_value", param="after")
    start = names.index(cursor) + 1 if cursor else 0
    rest = events[start : start + limit + 1]
    return page(rest, limit, lambda event: _shown_checkpoint(session, settings, job, event))


def _checkpoint_id(event: TrainEvent) -> str:
    return f"ftckpt_{event.id}"


def _shown_checkpoint(
    session: Session, settings: Settings, job: TrainJob, event: TrainEvent
) -> Json:
    step = event.step or 0
    return {
        "object": "fine_tuning.job.checkpoint",
        "id": _checkpoint_id(event),
        "created_at": _moment(event.at),
        "fine_tuned_model_checkpoint": checkpoint_name(settings, job, step),
        "fine_tuning_job_id": job_name(job),
        "step_number": step,
        "metrics": _metrics_at(session, job, step),
    }


def _metrics_at(session: Session, job: TrainJob, step: int) -> Json:
    """The losses at a step: training as last told until then, validation as told at it."""
    losses: Json = {"step": step}
    for kind, name in (("metric", "train_loss"), ("validation", "valid_loss")):
        query = select(TrainEvent).where(
            TrainEvent.job_id == job.id, TrainEvent.kind == kind, TrainEvent.step <= step
        )
        event = session.scalar(query.order_by(TrainEvent.step.desc()).limit(1))
        if event is not None and (kind == "metric" or event.step == step):
            losses[name] = event.data.get("loss")
    return losses
