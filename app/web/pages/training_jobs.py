"""The training jobs of a case or of all, and the queue with the workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import Response

from app import train_words, urls
from app.cases import get_case
from app.log_words import size_words
from app.services import Reading
from app.storage import Case, TrainJob
from app.training import jobs
from app.training.clock import now_of
from app.training.presence import Standing, list_workers
from app.urls import to
from app.web.templating import is_live, page, whole
from app.web.training_view import job_link
from trainer.contract import STATES

router = APIRouter()
PAGE_SIZE = 20
DONE = {"deleted": "The job was deleted."}
PICK = "Pick two runs to compare."


@dataclass(frozen=True, slots=True)
class Row:
    """A job in a list, in words."""

    job: TrainJob
    title: str
    link: str
    state: str
    about: str
    share: float | None = None
    """How much of its training is done."""


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker, in words."""

    name: str
    device: str
    alive: bool
    seconds: int
    """Since it was heard of last."""
    slots: int
    jobs: tuple[Row, ...]


@router.get(urls.TRAINING_JOBS)
def show_jobs(request: Request, case_id: str, session: Reading) -> Response:
    """The jobs of a case, newest first, some of them where a filter says so."""
    return _history(request, session, get_case(session, case_id))


@router.get(urls.TRAINING_HISTORY)
def show_history(request: Request, session: Reading) -> Response:
    """The same of every case, and of those that were launched without one."""
    return _history(request, session, None)


def _history(request: Request, session: Session, case: Case | None) -> Response:
    asked, case_id = request.query_params, case.id if case else None
    state, method, q = (asked.get(name, "")[:200] for name in ("state", "method", "q"))
    found = jobs.list_jobs(
        session,
        case_id=case_id,
        states=(state,) if state in STATES else (),
        method=method,
        search=q,
        limit=PAGE_SIZE,
        offset=whole(asked.get("offset")),
    )
    every = jobs.list_jobs(session, case_id=case_id, limit=1)

    def link(offset: int) -> str:
        query = {"state": state, "method": method, "q": q, "offset": offset or None}
        return history_link(case_id, query)

    return page(
        request,
        "pages/training_jobs.html",
        case=case,
        here="cases" if case else "training",
        jobs=found,
        rows=[row_of(job) for job in found.items],
        cases=_cases(session, found.items) if case is None else {},
        total=every.total,
        state=state,
        method=method,
        q=q,
        states=train_words.STATES,
        methods=train_words.METHODS,
        own=history_link(case_id),
        compare=compare_link(case_id),
        page_link=link,
        done=DONE.get(asked.get("done", ""), ""),
        pick=PICK if asked.get("pick") else "",
    )


def history_link(case_id: str | None, query: Mapping[str, object] | None = None) -> str:
    """The address of the list of a case's jobs, or of all."""
    if case_id is None:
        return to(urls.TRAINING_HISTORY, query)
    return to(urls.TRAINING_JOBS, query, case_id=case_id)


def compare_link(case_id: str | None) -> str:
    """The address at which two jobs of a case, or of any, are compared."""
    if case_id is None:
        return urls.TRAINING_COMPARE_ANY
    return to(urls.TRAINING_COMPARE, case_id=case_id)


def _cases(session: Session, found: Sequence[TrainJob]) -> dict[str, str]:
    """Names of the cases of jobs, by id."""
    ids = {job.case_id for job in found if job.case_id}
    query = select(Case.id, Case.name).where(Case.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)}


@router.get(urls.TRAINING_QUEUE)
def show_queue(request: Request, session: Reading) -> Response:
    """All jobs that run or wait, and the workers; a part of it for the page that watches."""
    context = queue_context(session)
    if is_live(request):
        return page(request, "partials/training_queue.html", **context)
    done = DONE.get(request.query_params.get("done", ""), "")
    return page(request, "pages/training_queue.html", here="training", **context | {"done": done})


def queue_context(session: Session) -> dict[str, Any]:
    """The context of ``partials/training_queue.html``."""
    waiting = jobs.queue_of(session)
    busy, stopped = _of(session, "running", "checking"), _of(session, "paused")
    held = [job for job in busy if jobs.waits_for_start(job)]
    standings = list_workers(session)
    return {
        "running": [row_of(job) for job in busy if job not in held],
        "waiting": [row_of(job) for job in waiting],
        "stopped": [row_of(job) for job in [*held, *stopped]],
        "workers": [_worker(session, item) for item in standings],
        "alive": sum(item.alive for item in standings),
        "train_words": train_words,
    }


def row_of(job: TrainJob) -> Row:
    """A job as lists show it."""
    about = [train_words.method_words(job.method), job.model]
    state = train_words.state_words(job.state, job.wish)
    if job.state == "running" and job.stage:
        state = f"{state}: {train_words.stage_words(job.stage).lower()}"
    if job.verdict is not None:
        state = f"{state}: {train_words.OUTCOMES.get(job.verdict['outcome'], '').lower()}"
    if job.failure is not None and job.state == "failed":
        title = train_words.FAILURES.get(job.failure["code"], ("", ""))[0]
        state = f"{state}: {title.lower()}" if title else state
    if jobs.waits_for_start(job):
        state = "Checked, waits to be started"
    trained = bool(job.total_steps) and job.state in ("running", "paused", "queued")
    share = min(1.0, (job.step or 0) / (job.total_steps or 1)) if trained else None
    title = train_words.job_title(job.name, job.model)
    return Row(job, title, job_link(job), state, " · ".join(about), share)


def _of(session: Session, *states: str) -> Sequence[TrainJob]:
    return jobs.list_jobs(session, states=states, limit=100).items


def _worker(session: Session, standing: Standing) -> WorkerRow:
    worker = standing.worker
    heard = (now_of(session) - worker.heartbeat_at).total_seconds()
    return WorkerRow(
        name=f"{worker.host}, process {worker.pid}",
        device=_device(worker.device),
        alive=standing.alive,
        seconds=max(0, round(heard)),
        slots=worker.slots,
        jobs=tuple(row_of(job) for job in standing.jobs),
    )


def _device(device: dict[str, Any] | None) -> str:
    """What a worker trains on, as it says."""
    if not device:
        return "not known yet"
    memory = device.get("memory_bytes")
    parts = [
        str(device.get("name") or device.get("kind") or ""),
        str(device.get("dtype") or ""),
        f"attention {device['attention']}" if device.get("attention") else "",
        size_words(int(memory)) if isinstance(memory, int | float) and memory else "",
    ]
    return ", ".join(part for part in parts if part) or "not known yet"
