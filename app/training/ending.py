"""How a job's process ended, and what becomes of the job."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.storage import TrainJob
from app.training import folders
from app.training.events import storable
from app.training.steering import has_warnings, move
from trainer.contract import (
    CANCELLED,
    FAILED,
    FINISHED,
    PAUSED,
    Failure,
    JobState,
    PreflightReport,
    RunFolder,
    RunReport,
)

MOST_CRASHES = 3
"""How often in a row a process may crash without the job getting any further."""
MOST_LOSSES = 50
"""How often in a row a worker may be lost with it: usually no fault of the job."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What a worker knows when a process has ended: its status, and what it left in its folder."""

    status: int
    reached: int
    told_to_stop: bool = False
    """Whether the worker itself had it stop, to be gone on with by another one."""
    report: RunReport | None = None
    failure: Failure | None = None
    preflight: PreflightReport | None = None
    tail: str = ""

    def apply(self, session: Session, job: TrainJob) -> None:
        """Bring a job that the session has locked into the state that follows."""
        if job.state == "checking":
            _checked(session, job, self)
        else:
            _ran(session, job, self)
        session.flush()


def ending_of(run: RunFolder, status: int, *, told_to_stop: bool = False) -> Ending:
    """Read off a folder how the process in it ended."""
    return Ending(
        status,
        folders.reached(run),
        told_to_stop,
        folders.read_as(RunReport, run.report),
        folders.read_as(Failure, run.failure),
        folders.read_as(PreflightReport, run.preflight),
        folders.tail_of(run),
    )


def _ran(session: Session, job: TrainJob, end: Ending) -> None:
    if end.status == FINISHED and end.report is not None:
        job.report = plain(end.report)
        job.verdict = plain(end.report.verdict) if end.report.verdict else None
        job.failure = None
        move(session, job, end.report.outcome, "; ".join(end.report.warnings)[:2_000])
    elif end.status == FAILED and end.failure is not None:
        fail(session, job, end.failure)
    elif end.status == CANCELLED:
        move(session, job, "cancelled", "asked for")
    elif end.status == PAUSED or end.told_to_stop:
        move(session, job, *_stopped(job))
    else:
        _crashed(session, job, end)


def _stopped(job: TrainJob) -> tuple[JobState, str]:
    if job.wish == "cancel":
        return "cancelled", "asked for"
    if job.wish == "pause":
        return "paused", "asked for"
    return "queued", "its worker stopped: another one goes on"


def _checked(session: Session, job: TrainJob, end: Ending) -> None:
    job.claim, job.lease_until = "", None
    if end.status == FINISHED and end.preflight is not None:
        job.preflight = plain(end.preflight)
        job.crashes = 0
        _decide(session, job, end.preflight)
    elif end.status == FAILED and end.failure is not None:
        fail(session, job, end.failure)
    elif not end.told_to_stop:
        _crashed(session, job, end)


def _decide(session: Session, job: TrainJob, found: PreflightReport) -> None:
    if found.blocked:
        errors = [item.title for item in found.findings if item.severity == "error"]
        words = f"The data cannot be trained on: {'; '.join(errors)}. The preflight has the rows."
        fail(session, job, Failure(code="bad_data", words=words[:2_000]))
    elif not job.held and (job.accepted or not has_warnings(job)):
        move(session, job, "queued", "the preflight found nothing in the way")


def _crashed(session: Session, job: TrainJob, end: Ending) -> None:
    if end.reached > job.reached:
        job.crashes = 0
    job.crashes += 1
    if job.wish == "cancel":
        move(session, job, "cancelled", "asked for")
    elif job.crashes >= MOST_CRASHES:
        words = f"{how(end.status)} {MOST_CRASHES} times in a row without getting any further."
        fail(session, job, Failure(code="crashed", words=words, tail=end.tail))
    elif job.state == "running":
        move(session, job, "queued", f"{how(end.status)}: tried again")
    else:
        job.claim, job.lease_until = "", None


def how(status: int) -> str:
    """In what way a process ended, in words."""
    if status >= 0:
        return f"The process ended with status {status}"
    hint = ", perhaps because memory ran out" if -status == signal.SIGKILL else ""
    return f"The process was ended by signal {-status}{hint}"


def fail(session: Session, job: TrainJob, failure: Failure) -> None:
    """Bring a job into the failed state, with the reason."""
    job.failure = plain(failure)
    move(session, job, "failed", failure.words)


def plain(shape: Any) -> dict[str, Any]:
    """A result as the database keeps it: without NUL, which PostgreSQL has no place for."""
    found: dict[str, Any] = storable(shape.model_dump(mode="json"))
    return found
