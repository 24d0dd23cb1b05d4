"""The queue: jobs are taken under a claim and a lease, kept by heartbeats, and settled.

A claim is a random word. Whoever holds it may write; a worker whose job was given to another one
finds its claim gone, and nothing that it does counts any more (fencing). The workers' part of the
code goes through these functions alone, so that another queue could stand behind them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from app.settings import Settings
from app.storage import TrainJob, Wish
from app.storage.models import new_id
from app.training import folders
from app.training.clock import now_of
from app.training.ending import MOST_LOSSES, Ending
from app.training.events import Tail, relay
from app.training.steering import move
from trainer.contract import Event, JobState

UNDER_WAY: tuple[JobState, ...] = ("checking", "running")


@dataclass(frozen=True, slots=True)
class Taken:
    """A job that a worker has: under this claim it may write."""

    job_id: str
    claim: str
    state: JobState
    """``checking`` for its preflight, ``running`` for the training."""


def take_next(
    session: Session, worker: str, lease: timedelta, skip: Collection[str] = ()
) -> Taken | None:
    """Take the queued job whose turn it is, but for those to be skipped; None where none waits."""
    query = _free().where(TrainJob.state == "queued", TrainJob.id.not_in(skip))
    order = (TrainJob.priority.desc(), TrainJob.position, TrainJob.id)
    job = session.scalar(query.order_by(*order).limit(1).with_for_update(skip_locked=True))
    if job is None:
        return None
    move(session, job, "running", f"taken by worker {worker}")
    job.started_at = job.started_at or now_of(session)
    job.tries += 1
    return _claimed(session, job, worker, lease)


def take_check(session: Session, worker: str, lease: timedelta) -> Taken | None:
    """Take the job that waits longest for its preflight; None where none does."""
    query = _free().where(
        TrainJob.state == "checking", TrainJob.claim == "", TrainJob.preflight.is_(None)
    )
    order = (TrainJob.created_at, TrainJob.id)
    job = session.scalar(query.order_by(*order).limit(1).with_for_update(skip_locked=True))
    return _claimed(session, job, worker, lease) if job else None


def _free() -> Select[TrainJob]:
    return select(TrainJob).where(TrainJob.deleted_at.is_(None))


def _claimed(session: Session, job: TrainJob, worker: str, lease: timedelta) -> Taken:
    now = now_of(session)
    job.claim, job.worker = new_id(), worker
    job.heartbeat_at, job.lease_until = now, now + lease
    session.flush()
    return Taken(job.id, job.claim, job.state)


def note_start(session: Session, taken: Taken, reached: int) -> bool:
    """Note how far the job was when its process is started; whether it is still this worker's."""
    job = held_job(session, taken)
    if job is None:
        return False
    if reached > job.reached:
        job.crashes = job.losses = 0
    job.reached = reached
    return True


def held_job(session: Session, taken: Taken) -> TrainJob | None:
    """The job, locked, if the claim still holds; None for a worker that lost it."""
    query = select(TrainJob).where(
        TrainJob.id == taken.job_id, TrainJob.claim == taken.claim, TrainJob.state == taken.state
    )
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def renew(
    session: Session, taken: Taken, lease: timedelta, events: Sequence[Event] = ()
) -> Wish | None:
    """Prolong the lease and write events; what the job's process shall do, None: not yours."""
    job = held_job(session, taken)
    if job is None:
        return None
    now = now_of(session)
    job.heartbeat_at, job.lease_until = now, now + lease
    relay(session, job, events)
    return job.wish


def wishes(session: Session, taken: Sequence[Taken]) -> dict[str, Wish]:
    """The wishes for jobs that a worker has, by claim; a claim that is lost is left out."""
    claims = [item.claim for item in taken]
    query = select(TrainJob.claim, TrainJob.wish).where(TrainJob.claim.in_(claims))
    return dict(session.execute(query).all()) if claims else {}


def settle(session: Session, taken: Taken, ending: Ending, events: Sequence[Event] = ()) -> bool:
    """Write how a job's process ended; False, and nothing written, for a worker that lost it."""
    job = held_job(session, taken)
    if job is None:
        return False
    relay(session, job, events)
    ending.apply(session, job)
    return True


def give_back(session: Session, taken: Taken, why: str) -> bool:
    """Put a job back that was not begun: it counts as no try."""
    job = held_job(session, taken)
    if job is None:
        return False
    if job.state == "running":
        job.tries -= 1
        move(session, job, "queued", why)
    else:
        job.claim, job.lease_until = "", None
    session.flush()
    return True


# --- workers that are gone --------------------------------------------------------------------


def take_up_lost(session: Session, settings: Settings, gone: Callable[[str], bool]) -> int:
    """Free the jobs whose lease ran out, or whose worker is surely gone; how many."""
    now = now_of(session)
    query = select(TrainJob).where(TrainJob.claim != "", TrainJob.state.in_(UNDER_WAY))
    lost = 0
    for job in session.scalars(query.with_for_update(skip_locked=True)):
        expired = job.lease_until is None or job.lease_until < now
        if expired or gone(job.worker):
            _lose(session, settings, job)
            lost += 1
    return lost


def _lose(session: Session, settings: Settings, job: TrainJob) -> None:
    run = folders.folder_of(settings, job.id)
    tail = Tail(run.events)
    while events := tail.read():
        relay(session, job, events)
    if folders.reached(run) > job.reached:
        job.losses = 0
    job.losses += 1
    why = f"its worker {job.worker} is gone"
    if job.state == "checking":
        job.claim, job.lease_until = "", None
        if job.losses >= MOST_LOSSES:
            move(session, job, "failed", f"{why}, {MOST_LOSSES} times during the preflight")
    elif job.wish == "cancel":
        move(session, job, "cancelled", why)
    elif job.wish == "pause":
        move(session, job, "paused", why)
    elif job.losses >= MOST_LOSSES:
        move(session, job, "failed", f"{why}, {MOST_LOSSES} times without getting any further")
    else:
        move(session, job, "queued", f"{why}: another one goes on")
    session.flush()


def anything_lost(session: Session, gone: Callable[[str], bool]) -> bool:
    """Whether some job is to be freed; asked without a lock, since it is asked often."""
    now = now_of(session)
    query = select(TrainJob.worker, TrainJob.lease_until).where(
        TrainJob.claim != "", TrainJob.state.in_(UNDER_WAY)
    )
    return any(
        until is None or until < now or gone(worker) for worker, until in session.execute(query)
    )


def anything_waits(session: Session) -> bool:
    """Whether some job is queued, or waits for its preflight."""
    query = select(TrainJob.id).where(TrainJob.deleted_at.is_(None), _waits()).limit(1)
    return session.scalar(query) is not None


def _waits() -> ColumnElement[bool]:
    unchecked = (TrainJob.claim == "") & TrainJob.preflight.is_(None)
    return or_(TrainJob.state == "queued", (TrainJob.state == "checking") & unchecked)
