"""Changing the course of a job: start, pause, resume, cancel, try again, reorder.

A job that runs is steered by a wish, which its worker passes on to the process within a second.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid, Wrong
from app.storage import TrainJob, utc_now
from app.text import text_problem, tidy
from app.training.clock import now_of
from app.training.jobs import HIGHEST, LONGEST_REASON, lock_job, preflight_of, waits_for_start
from trainer.contract import ENDED, JobState

BY_PERSON = "asked for"


def move(session: Session, job: TrainJob, state: JobState, reason: str = "") -> None:
    """Change a job's state; the database writes the event, and refuses what is impossible."""
    if job.state == state:
        return
    now = utc_now()
    job.state, job.reason = state, reason
    job.claim, job.wish, job.lease_until = "", "", None
    if state == "queued":
        job.queued_at, job.finished_at = now, None
    if state in ENDED:
        job.finished_at = now
    session.flush()


def start_job(session: Session, job_id: str, *, accept_warnings: bool = False) -> TrainJob:
    """Let a job that waits after its preflight be queued, once nothing stands in its way.

    Before the end of its preflight it is queued by itself then. Raises NotFound, or Conflict where
    there are warnings that were not accepted, or where it was started already.
    """
    job = lock_job(session, job_id)
    if job.state in ("queued", "running"):
        return job
    if job.state != "checking":
        raise Conflict(f"The job is {words(job.state)}: it cannot be started.")
    if waits_for_start(job) and has_warnings(job) and not (accept_warnings or job.accepted):
        raise Conflict("The preflight has warnings: read them, and start with accept_warnings.")
    job.held, job.accepted = False, job.accepted or accept_warnings
    if waits_for_start(job):
        move(session, job, "queued", BY_PERSON)
    session.flush()
    return job


def has_warnings(job: TrainJob) -> bool:
    """Whether the preflight found something that somebody has to accept."""
    found = preflight_of(job)
    return found is not None and any(item.severity == "warning" for item in found.findings)


def pause_job(session: Session, job_id: str) -> TrainJob:
    """Have a job stop where it is, to be resumed; at once, or after its present step.

    Raises NotFound, or Conflict where it is neither queued nor running.
    """
    job = lock_job(session, job_id)
    if job.state == "queued":
        move(session, job, "paused", BY_PERSON)
    elif job.state == "running" and job.wish != "cancel":
        job.wish = "pause"
    elif job.state != "paused":
        raise Conflict(f"The job is {words(job.state)}: only what waits or runs can be paused.")
    session.flush()
    return job


def resume_job(session: Session, job_id: str) -> TrainJob:
    """Have a paused job queued again; it goes on from its last checkpoint.

    Raises NotFound, or Conflict where it is not paused.
    """
    job = lock_job(session, job_id)
    if job.state == "running" and job.wish == "pause":
        job.wish = ""  # where it stops nevertheless, it is queued again
    elif job.state == "paused":
        move(session, job, "queued", BY_PERSON)
    elif job.state not in ("queued", "running"):
        raise Conflict(f"The job is {words(job.state)}: only a paused one can be resumed.")
    session.flush()
    return job


def cancel_job(session: Session, job_id: str) -> TrainJob:
    """End a job; at once, or after its present step where it runs.

    Raises NotFound, or Conflict where it has ended otherwise.
    """
    job = lock_job(session, job_id)
    left = job.lease_until is None or job.lease_until < now_of(session)
    if job.state == "running" and not left:
        job.wish = "cancel"
    elif job.state not in ENDED:
        move(session, job, "cancelled", BY_PERSON)
    elif job.state != "cancelled":
        raise Conflict(f"The job has {words(job.state)}: there is nothing to cancel.")
    session.flush()
    return job


def retry_job(session: Session, job_id: str, reason: str) -> TrainJob:
    """Try a failed or cancelled job again, from where it was, for a reason that is kept.

    Where its data never passed the preflight, that comes first. Raises NotFound, Invalid without a
    reason, or Conflict.
    """
    job, reason = lock_job(session, job_id), tidy(reason)
    problem = text_problem(reason, LONGEST_REASON, lines=True) if reason else "must not be empty"
    if problem:
        raise Invalid([Wrong("reason", problem)])
    if job.state not in ("failed", "cancelled"):
        raise Conflict(f"The job is {words(job.state)}: only one that failed can be tried again.")
    found = preflight_of(job)
    passed = found is not None and not found.blocked
    job.crashes = job.losses = 0
    job.failure, job.report, job.verdict = None, None, None
    if not passed:
        job.preflight = None
    move(session, job, "queued" if passed else "checking", reason)
    job.finished_at = None
    session.flush()
    return job


def reorder_job(session: Session, job_id: str, before: str | None) -> TrainJob:
    """Put a queued job before another one in the queue, or last; it takes on its priority.

    Raises NotFound, or Conflict where one of them is not queued.
    """
    waiting = _locked_queue(session)
    by_id = {item.id: item for item in waiting}
    job = by_id.pop(job_id, None) or _not_queued(session, job_id)
    others = list(by_id.values())
    if before == job_id:
        return job
    place = len(others)
    if before is not None:
        place = others.index(by_id.get(before) or _not_queued(session, before))
    if others:
        job.priority = others[min(place, len(others) - 1)].priority
    others.insert(place, job)
    for position, item in enumerate(others):
        item.position = position + 1
    session.flush()
    return job


def prioritise_job(session: Session, job_id: str, priority: int) -> TrainJob:
    """Change a job's priority, from -100 to 100: higher goes first. Raises NotFound, Invalid."""
    job = lock_job(session, job_id)
    if abs(priority) > HIGHEST:
        raise Invalid([Wrong("priority", f"must be from -{HIGHEST} to {HIGHEST}")])
    job.priority = priority
    session.flush()
    return job


def words(state: str) -> str:
    """A state as it reads in a sentence."""
    return state.replace("_", " ")


def _locked_queue(session: Session) -> list[TrainJob]:
    query = (
        select(TrainJob)
        .where(TrainJob.state == "queued", TrainJob.deleted_at.is_(None))
        .order_by(TrainJob.priority.desc(), TrainJob.position, TrainJob.id)
        .with_for_update()
    )
    return list(session.scalars(query.execution_options(populate_existing=True)))


def _not_queued(session: Session, job_id: str) -> TrainJob:
    job = lock_job(session, job_id)
    raise Conflict(f"Job {job.id} is {words(job.state)}: only queued jobs have an order.")
