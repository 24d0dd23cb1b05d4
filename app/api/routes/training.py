"""Training jobs: launched, watched, steered, compared, taken away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import urls
from app.api.bodies import JsonRoute
from app.api.log_shapes import GoneOut
from app.api.replies import Reply, read, read_page
from app.api.shapes import PageOut
from app.api.train_bodies import JobFilter, JobId, NewJob, OtherId, PlaceIn, RetryIn, StartIn
from app.api.train_shapes import (
    CheckOut,
    ComparedOut,
    JobOut,
    QueueOut,
    WorkerOut,
    WorkersOut,
)
from app.api.writes import WritesNew
from app.errors import NotFound
from app.services import Kit, Reading
from app.storage import TrainJob
from app.training import comparing, gate, jobs, presence, steering
from trainer.contract import RunReport

router = APIRouter(tags=["training jobs"], route_class=JsonRoute)


@router.post(urls.API_JOBS, summary="A new training job", status_code=201, response_model=JobOut)
def create(write: WritesNew, kit: Kit, new: NewJob) -> Response:
    """Launch a job: its data is checked first, and where nothing is wrong it is queued by itself.

    Errors of the preflight block it; warnings have to be accepted. Where the advice for the case
    speaks against training, the answer is 409 with a flag in each error, unless there is an
    `override_reason`.
    """

    def act(session: Session) -> Reply:
        launch = new.launch()
        gate.pass_gate(session, kit.book, launch)
        return _reply(session, jobs.create_job(session, kit.settings, launch), 201)

    return write.once(new, act)


@router.get(urls.API_JOBS, summary="Training jobs", response_model=PageOut[JobOut])
def list_all(request: Request, session: Reading, asked: Annotated[JobFilter, Query()]) -> Response:
    """Training jobs, newest first."""
    page = jobs.list_jobs(
        session,
        case_id=asked.case_id,
        states=asked.state,
        method=asked.method,
        search=asked.search,
        limit=asked.limit,
        offset=asked.offset,
    )
    waiting = _waiting(session)
    return read_page(request, page, lambda job: JobOut.of(job, waiting).model_dump())


@router.get(urls.API_JOB_QUEUE, summary="The queue", response_model=QueueOut)
def queue(request: Request, session: Reading) -> Response:
    """The jobs that run, and those that wait, in the order in which they are taken."""
    running = jobs.list_jobs(session, states=["running"], limit=100).items
    queued = jobs.queue_of(session)
    waiting = [job.id for job in queued]
    shown = {
        name: [JobOut.of(job, waiting).model_dump() for job in found]
        for name, found in (("running", running), ("queued", queued))
    }
    return read(request, shown)


@router.get(urls.API_JOB_WORKERS, summary="Workers", response_model=WorkersOut)
def workers(request: Request, session: Reading) -> Response:
    """The processes that run jobs: on which device, whether they live, and what they have."""
    found = [WorkerOut.of(item).model_dump() for item in presence.list_workers(session)]
    return read(request, {"items": found})


@router.get(urls.API_JOB, summary="One training job", response_model=JobOut)
def one(request: Request, session: Reading, job_id: JobId) -> Response:
    """A job and where it stands."""
    return read(request, _data(session, jobs.get_job(session, job_id)))


@router.delete(urls.API_JOB, summary="Delete a training job", response_model=GoneOut)
def remove(write: WritesNew, job_id: JobId) -> Response:
    """Take a job that has ended away, with its events, checkpoints and weights."""

    def act(session: Session) -> Reply:
        jobs.delete_job(session, job_id)
        return Reply({"id": job_id, "deleted": True})

    return write.once(None, act)


@router.get(urls.API_JOB_PREFLIGHT, summary="The preflight", response_model=CheckOut)
def preflight(request: Request, session: Reading, job_id: JobId) -> Response:
    """All that was found in the data of a job, each with row numbers and a remedy."""
    job = jobs.get_job(session, job_id)
    found = jobs.preflight_of(job)
    data = CheckOut(
        state=job.state,
        waits_for_start=jobs.waits_for_start(job),
        blocked=found.blocked if found else None,
        report=found,
    )
    return read(request, data.model_dump())


@router.get(urls.API_JOB_REPORT, summary="The report of a run", response_model=RunReport)
def report(request: Request, session: Reading, job_id: JobId) -> Response:
    """What a finished run says of itself; 404 until it is finished."""
    job = jobs.get_job(session, job_id)
    if job.report is None:
        raise NotFound("report of this job yet")
    return read(request, job.report)


@router.get(urls.API_JOB_COMPARE, summary="Two runs compared", response_model=ComparedOut)
def compare(request: Request, session: Reading, job_id: JobId, other_id: OtherId) -> Response:
    """What two runs were told differently, and what each came to."""
    found = comparing.compare_jobs(session, job_id, other_id)
    return read(request, ComparedOut.of(found).model_dump())


@router.post(urls.API_JOB_START, summary="Start a checked job", response_model=JobOut)
def start(write: WritesNew, job_id: JobId, given: StartIn) -> Response:
    """Have a job queued that waits after its preflight, with its warnings accepted."""
    accept = given.accept_warnings
    return _steer(
        write,
        job_id,
        lambda session, job: steering.start_job(session, job, accept_warnings=accept),
        given,
    )


@router.post(urls.API_JOB_PAUSE, summary="Pause a job", response_model=JobOut)
def pause(write: WritesNew, job_id: JobId) -> Response:
    """Have a job leave a checkpoint and stop; a running one obeys within a step."""
    return _steer(write, job_id, steering.pause_job)


@router.post(urls.API_JOB_RESUME, summary="Resume a job", response_model=JobOut)
def resume(write: WritesNew, job_id: JobId) -> Response:
    """Have a paused job go on from its checkpoint."""
    return _steer(write, job_id, steering.resume_job)


@router.post(urls.API_JOB_CANCEL, summary="Cancel a job", response_model=JobOut)
def cancel(write: WritesNew, job_id: JobId) -> Response:
    """End a job; a running one obeys within a step."""
    return _steer(write, job_id, steering.cancel_job)


@router.post(urls.API_JOB_RETRY, summary="Try a job again", response_model=JobOut)
def retry(write: WritesNew, job_id: JobId, given: RetryIn) -> Response:
    """Go on with a job that failed or was cancelled, for a reason that is kept."""
    return _steer(
        write, job_id, lambda session, job: steering.retry_job(session, job, given.reason), given
    )


@router.put(urls.API_JOB_PLACE, summary="Reorder the queue", response_model=JobOut)
def place(write: WritesNew, job_id: JobId, given: PlaceIn) -> Response:
    """Put a queued job before another one, or last, or give it another priority."""

    def change(session: Session, job: str) -> TrainJob:
        if given.priority is not None:
            return steering.prioritise_job(session, job, given.priority)
        return steering.reorder_job(session, job, given.before)

    return _steer(write, job_id, change, given)


def _steer(
    write: WritesNew, job_id: str, change: Callable[[Session, str], TrainJob], given: Any = None
) -> Response:
    return write.once(given, lambda session: _reply(session, change(session, job_id)))


def _waiting(session: Session) -> list[str]:
    return [job.id for job in jobs.queue_of(session)]


def _data(session: Session, job: TrainJob) -> dict[str, Any]:
    return JobOut.of(job, _waiting(session)).model_dump()


def _reply(session: Session, job: TrainJob, status: int = 200) -> Reply:
    return Reply(_data(session, job), status, {"location": urls.to(urls.API_JOB, job_id=job.id)})
