"""Names as OpenAI's clients know them: ``ftjob-...`` for a job, ``ft:...`` for what it trained."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.openai.errors import ApiError, missing
from app.settings import Settings
from app.storage import TrainJob
from app.training.folders import folder_of
from app.training.jobs import get_job
from trainer.catalogue import BaseModel, catalogue
from trainer.methods._base import methods

JOB = "ftjob-"
KEPT = "openai"
"""Under which word a job keeps what it was created with here."""
UNFIT = re.compile(r"[^A-Za-z0-9._-]+")
TUNED = re.compile(r"ft:[^:]*:[^:]*:[^:]*:(?P<job>[a-z0-9]{1,32})(:ckpt-step-(?P<step>\d{1,12}))?")
HEAD = "classification_head"
SUCCEEDED = ("succeeded", "succeeded_with_warnings")


@dataclass(frozen=True, slots=True)
class Served:
    """A model that can be asked: its name, and where the model server finds it."""

    name: str
    created: int
    owner: str
    model: str
    revision: str = ""
    adapter: str = ""
    job: TrainJob | None = None

    @property
    def most_read(self) -> int | None:
        """Tokens of a question that a classifier was trained on; None for what writes text."""
        if self.job is None or self.job.method != HEAD:
            return None
        given = self.job.spec.get("params", {}).get("max_length")
        longest: int = given or methods()[HEAD].Params.model_fields["max_length"].default
        return longest


def job_name(job: TrainJob) -> str:
    """The id of a job."""
    return JOB + job.id


def job_of(session: Session, name: str) -> TrainJob:
    """The job with this id. Raises ApiError."""
    try:
        if name.startswith(JOB):
            return get_job(session, name.removeprefix(JOB))
    except NotFound:
        pass
    raise missing(f"fine-tuning job {name[:80]!r}", "job_not_found", "fine_tuning_job_id")


def tuned_name(settings: Settings, job: TrainJob) -> str:
    """The name of what a job trains: ``ft:BASE:ORGANISATION:SUFFIX:ID``."""
    suffix = job.extra.get(KEPT, {}).get("suffix") or job.name
    base = job.model.rstrip("/").rpartition("/")[2]
    parts = (plain(base)[:64], plain(settings.organization)[:64], plain(suffix)[:64])
    return f"ft:{':'.join(parts)}:{job.id}"


def checkpoint_name(settings: Settings, job: TrainJob, step: int) -> str:
    """The name of a checkpoint of a job."""
    return f"{tuned_name(settings, job)}:ckpt-step-{step}"


def plain(text: str) -> str:
    """Letters, digits, dots and dashes of a text: what a part of a name holds."""
    return UNFIT.sub("-", text).strip("-")


def is_deleted(job: TrainJob) -> bool:
    """Whether somebody deleted the model that a job trained."""
    return bool(job.extra.get(KEPT, {}).get("model_deleted"))


def base_of(name: str) -> BaseModel | None:
    """The base model with this id or hub name in the list of base models."""
    known = catalogue()
    return known.get(name) or next((item for item in known.values() if item.hub == name), None)


def find_served(session: Session, settings: Settings, name: str) -> Served:
    """The model of this name. Raises ApiError."""
    if name.startswith("ft:"):
        return _tuned(session, settings, name)
    if not name.isprintable():
        raise no_model(name)
    entry = base_of(name)
    if entry is not None:
        return base_served(entry)
    used = select(TrainJob).where(TrainJob.model == name, TrainJob.deleted_at.is_(None)).limit(1)
    job = session.scalar(used)
    if job is None:
        raise no_model(name)
    return Served(name, int(job.created_at.timestamp()), "local", name, _revision(job))


def base_served(entry: BaseModel) -> Served:
    """A base model of the list. The list does not know when it was made, so ``created`` is 0."""
    owner = entry.hub.partition("/")[0] or "local"
    return Served(entry.id, 0, owner, entry.id)


def tuned_served(settings: Settings, job: TrainJob) -> Served | None:
    """What a job trained, once it is there and unless somebody deleted it."""
    adapter = folder_of(settings, job.id).adapter
    if job.state not in SUCCEEDED or is_deleted(job) or not adapter.is_dir():
        return None
    created = int((job.finished_at or job.created_at).timestamp())
    return _served(settings, job, tuned_name(settings, job), created, adapter)


def no_model(name: str) -> ApiError:
    """There is no model of that name."""
    return missing(f"model {name[:200]!r}", "model_not_found", "model")


def _tuned(session: Session, settings: Settings, name: str) -> Served:
    match = TUNED.fullmatch(name)
    job = session.get(TrainJob, match["job"]) if match else None
    if match is None or job is None or job.deleted_at is not None or is_deleted(job):
        raise no_model(name)
    if match["step"]:
        return _checkpoint(settings, job, name, int(match["step"]))
    found = tuned_served(settings, job)
    if found is None or found.name != name:
        raise no_model(name)
    return found


def _checkpoint(settings: Settings, job: TrainJob, name: str, step: int) -> Served:
    folder = folder_of(settings, job.id).checkpoints / f"checkpoint-{step}"
    if name != checkpoint_name(settings, job, step) or not is_kept(folder):
        raise no_model(name)
    return _served(settings, job, name, int(job.created_at.timestamp()), folder)


def is_kept(checkpoint: Path) -> bool:
    """Whether a checkpoint is there, and whole."""
    return (checkpoint / "complete.json").is_file()


def _served(settings: Settings, job: TrainJob, name: str, created: int, adapter: Path) -> Served:
    return Served(
        name, created, settings.organization, job.model, _revision(job), str(adapter), job
    )


def _revision(job: TrainJob) -> str:
    return str(job.spec.get("revision", ""))
