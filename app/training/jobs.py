"""Training jobs: created, found, listed, taken away. `app.training.steering` changes their course.

Every function works in the session that it is given; nothing here runs anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.cases import get_case
from app.errors import Conflict, Invalid, KeyReused, NotFound, Wrong
from app.paging import Page, page_of
from app.settings import Settings
from app.storage import TrainJob, utc_now
from app.storage.models import new_id
from app.text import text_problem, tidy
from app.training import folders
from app.training.folders import ID, Given
from trainer.contract import ENDED, STATES, PreflightReport, TrainSpec

KEY = re.compile(r"[!-~]{1,200}")
LONGEST_NAME = 200
LONGEST_REASON = 2_000
HIGHEST = 100
"""Priorities lie from -100 to 100; 0 is usual."""


@dataclass(frozen=True, slots=True)
class Launch:
    """All that a job is created from."""

    spec: TrainSpec
    files: Mapping[str, Given]
    """Part of the data (train, validation, test, regression, safety) -> its file or content."""
    case_id: str | None = None
    client_key: str | None = None
    """A word of the caller's: launching again with it gives the job that is there already."""
    held: bool = False
    """Whether it waits after its preflight until it is started."""
    accept_warnings: bool = False
    priority: int = 0
    parent_id: str | None = None
    override_reason: str = ""
    """Why it is launched although the advice says otherwise."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Kept with the job as it is, such as where its parameters came from."""


def create_job(session: Session, settings: Settings, launch: Launch) -> TrainJob:
    """A new job, ``checking``, with its folder; or the one that the same client key made before.

    Raises Invalid, StorageFull, or KeyReused where that one was made from other content.
    """
    _check(session, launch)
    spec = folders.placed(launch.spec, launch.files)
    digest = folders.digest_of(
        launch.spec, launch.files, launch.case_id or "", launch.override_reason
    )
    if (known := _by_key(session, launch.client_key)) is not None:
        return _same(known, digest)
    job = _made(launch, spec, digest, _last_position(session) + 1)
    folders.fill(settings, folders.folder_of(settings, job.id), spec, launch.files)
    try:
        with session.begin_nested():
            session.add(job)
    except IntegrityError:
        folders.remove(settings, job.id)
        if (known := _by_key(session, launch.client_key)) is None:
            raise
        return _same(known, digest)
    return job


def _made(launch: Launch, spec: TrainSpec, digest: str, position: int) -> TrainJob:
    return TrainJob(
        id=new_id(),
        case_id=launch.case_id,
        parent_id=launch.parent_id,
        client_key=launch.client_key,
        digest=digest,
        name=tidy(spec.name),
        method=spec.method,
        model=spec.model,
        spec=spec.model_dump(mode="json"),
        extra=dict(launch.extra),
        held=launch.held,
        accepted=launch.accept_warnings,
        priority=launch.priority,
        position=position,
        override_reason=tidy(launch.override_reason),
    )


def _check(session: Session, launch: Launch) -> None:
    wrong = [*_lacking(session, launch)]
    wrong += [
        Wrong(where, problem)
        for where, text, most in (
            ("spec.name", launch.spec.name, LONGEST_NAME),
            ("spec.model", launch.spec.model, LONGEST_NAME * 5),
            ("override_reason", launch.override_reason, LONGEST_REASON),
        )
        if (problem := text_problem(tidy(text), most, lines=where == "override_reason"))
    ]
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,99}", launch.spec.method):
        wrong.append(Wrong("spec.method", "must be the name of a method, such as sft"))
    if launch.client_key is not None and not KEY.fullmatch(launch.client_key):
        wrong.append(Wrong("client_key", "must have 1 to 200 visible ASCII characters"))
    if abs(launch.priority) > HIGHEST:
        wrong.append(Wrong("priority", f"must be from -{HIGHEST} to {HIGHEST}"))
    if wrong:
        raise Invalid(wrong)


def _lacking(session: Session, launch: Launch) -> Iterator[Wrong]:
    """What the job is to belong to, and is not there."""
    for where, wanted, find in (
        ("case_id", launch.case_id, get_case),
        ("parent_id", launch.parent_id, get_job),
    ):
        try:
            if wanted is not None:
                find(session, wanted)
        except NotFound as error:
            yield Wrong(where, f"there is no {error.what}")


def _by_key(session: Session, key: str | None) -> TrainJob | None:
    if key is None:
        return None
    return session.scalar(select(TrainJob).where(TrainJob.client_key == key))


def _same(job: TrainJob, digest: str) -> TrainJob:
    if job.digest != digest:
        raise KeyReused("This key was used for another job. Take a new one.")
    return job


def _last_position(session: Session) -> int:
    return session.scalar(select(func.max(TrainJob.position))) or 0


# --- finding ----------------------------------------------------------------------------------


def get_job(session: Session, job_id: str, case_id: str | None = None) -> TrainJob:
    """A job, of a case where one is named. Raises NotFound."""
    return _there(session.get(TrainJob, job_id) if ID.fullmatch(job_id) else None, case_id)


def lock_job(session: Session, job_id: str) -> TrainJob:
    """The job, read anew and locked until the session ends, for a change. Raises NotFound."""
    query = select(TrainJob).where(TrainJob.id == job_id).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True))
    return _there(found if ID.fullmatch(job_id) else None, None)


def _there(job: TrainJob | None, case_id: str | None) -> TrainJob:
    if job is None or job.deleted_at is not None or case_id not in (None, job.case_id):
        raise NotFound("training job with this id")
    return job


def list_jobs(
    session: Session,
    *,
    case_id: str | None = None,
    states: Sequence[str] = (),
    method: str = "",
    search: str = "",
    limit: int = 20,
    offset: int = 0,
) -> Page[TrainJob]:
    """Jobs, newest first; filters that are empty leave nothing out. Raises Invalid."""
    if unknown := sorted(set(states) - set(STATES)):
        raise Invalid([Wrong("state", f"there is no state {unknown[0][:40]!r}")])
    query = select(TrainJob).where(TrainJob.deleted_at.is_(None))
    if case_id is not None:
        query = query.where(TrainJob.case_id == case_id)
    if states:
        query = query.where(TrainJob.state.in_(states))
    if method:
        query = query.where(TrainJob.method == method)
    if search:
        query = query.where(TrainJob.name.icontains(search, autoescape=True))
    return page_of(session, query, (TrainJob.created_at.desc(), TrainJob.id), limit, offset)


def queue_of(session: Session) -> list[TrainJob]:
    """The jobs that wait for a worker, in the order in which they are taken."""
    query = (
        select(TrainJob)
        .where(TrainJob.state == "queued", TrainJob.deleted_at.is_(None))
        .order_by(TrainJob.priority.desc(), TrainJob.position, TrainJob.id)
    )
    return list(session.scalars(query))


def waiting_before(session: Session, job: TrainJob) -> int | None:
    """How many jobs are taken before this one; None where it is not queued."""
    ids = [item.id for item in queue_of(session)]
    return ids.index(job.id) if job.id in ids else None


def preflight_of(job: TrainJob) -> PreflightReport | None:
    """What was found in the data of a job; None while it is not known."""
    return PreflightReport.model_validate(job.preflight) if job.preflight else None


def waits_for_start(job: TrainJob) -> bool:
    """Whether the preflight is done, and somebody has to start the job (`steering.start_job`)."""
    return job.state == "checking" and job.preflight is not None


# --- taking away ------------------------------------------------------------------------------


def delete_job(session: Session, job_id: str) -> None:
    """Take a job away with its events and files; a worker clears them. Raises NotFound, Conflict.

    A job that is under way has to be cancelled first.
    """
    job = lock_job(session, job_id)
    if job.state not in ENDED:
        raise Conflict("The job has not ended: cancel it, then delete it.")
    job.deleted_at, job.client_key = utc_now(), None
    session.flush()
