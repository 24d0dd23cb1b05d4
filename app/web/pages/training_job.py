"""One training job: where it stands, what it came to, and the buttons that steer it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import train_words, urls
from app.cases import get_case
from app.errors import Conflict, Invalid, NotFound
from app.services import Kit, Reading, Services, Writing
from app.storage import TrainJob, utc_now
from app.training import jobs, steering
from app.training.outcomes import read_outcome
from app.urls import to
from app.web.csrf import Posted
from app.web.pages.training_jobs import queue_context
from app.web.templating import is_live, page
from app.web.training_results import results
from app.web.training_view import job_link, live_context, outputs

router = APIRouter()
SOON = timedelta(seconds=60)
"""Within this time of its end, a worker has written to the case what the run says of it."""
DONE = {
    "start": "The job is started.",
    "pause": "The job stops after the present step, and keeps a checkpoint.",
    "resume": "The job goes on.",
    "cancel": "The job ends after the present step.",
    "retry": "The job is tried again.",
    "priority": "The priority was changed.",
    "launched": "The job is launched.",
    "late": "The job had gone on in the meantime: this is how it stands.",
}
Steer = Callable[[Session, str, FormData], TrainJob]


@router.get(urls.TRAINING_JOB)
def show_job(request: Request, case_id: str, job_id: str, session: Reading, kit: Kit) -> Response:
    """A job of a case."""
    get_case(session, case_id)
    job = jobs.get_job(session, job_id, case_id)
    return page(request, "pages/training_job.html", **_context(session, kit, job, request))


@router.get(urls.TRAINING_ANY)
def show_any(request: Request, job_id: str, session: Reading, kit: Kit) -> Response:
    """A job without a case; one that has a case has its page there."""
    job = jobs.get_job(session, job_id)
    if job.case_id is not None:
        return RedirectResponse(job_link(job, request.query_params.get("done", "")), 303)
    return page(request, "pages/training_job.html", **_context(session, kit, job, request))


@router.get(urls.TRAINING_LIVE)
def show_live(request: Request, job_id: str, session: Reading, kit: Kit) -> Response:
    """Where a job stands, for the page that watches it."""
    job = jobs.get_job(session, job_id)
    context = live_context(session, kit.settings, job) | {"case": _case(session, job)}
    return page(request, "partials/training_live.html", **context)


@router.post(urls.TRAINING_ACT)
def act(
    request: Request, job_id: str, action: str, form: Posted, session: Writing, kit: Kit
) -> Response:
    """Steer a job: start, pause, resume, cancel, retry, priority, place in the queue, delete."""
    if action == "delete":
        return _delete(session, job_id)
    steer = STEERING.get(action)
    if steer is None:
        raise NotFound("such thing to do with a job")
    try:
        job = steer(session, job_id, form)
    except Invalid as error:
        return _refused(request, session, kit, jobs.get_job(session, job_id), error, form)
    except Conflict:
        job, action = jobs.get_job(session, job_id), "late"
    if is_live(request):
        return _queue(request, session, job, action)
    if form.get("back") == "queue":
        return RedirectResponse(to(urls.TRAINING_QUEUE, anchor=f"job-{job.id}"), 303)
    return RedirectResponse(job_link(job, action), 303)


def _delete(session: Session, job_id: str) -> Response:
    case_id = jobs.get_job(session, job_id).case_id
    jobs.delete_job(session, job_id)
    done = {"done": "deleted"}
    if case_id is None:
        return RedirectResponse(to(urls.TRAINING_QUEUE, done), 303)
    return RedirectResponse(to(urls.TRAINING_JOBS, done, case_id=case_id), 303)


def _refused(
    request: Request,
    session: Session,
    kit: Services,
    job: TrainJob,
    error: Invalid,
    form: FormData,
) -> Response:
    """The page again, with what is wrong with the reason that was given."""
    problems = [("retry-reason", "Why it is tried again", item.message) for item in error.problems]
    context = _context(session, kit, job, request)
    context |= {"problems": problems, "reason": str(form.get("reason", ""))[:4_000]}
    return page(request, "pages/training_job.html", status=422, **context)


def _queue(request: Request, session: Session, job: TrainJob, action: str) -> Response:
    """The queue as it is now, for the page that shows it, with words for who cannot see it."""
    context = queue_context(session)
    place = next((n for n, row in enumerate(context["waiting"], 1) if row.job.id == job.id), None)
    title = train_words.job_title(job.name, job.model)
    news = f"{title} is now number {place} of {len(context['waiting'])}." if place else ""
    if action == "late":
        news = DONE["late"]
    headers = {"HX-Trigger": json.dumps({"formfact:say": news})}
    return page(request, "partials/training_queue.html", headers=headers, **context)


def _case(session: Session, job: TrainJob) -> Any:
    return get_case(session, job.case_id) if job.case_id is not None else None


def _context(session: Session, kit: Services, job: TrainJob, request: Request) -> dict[str, Any]:
    parent = session.get(TrainJob, job.parent_id) if job.parent_id else None
    return {
        **live_context(session, kit.settings, job),
        **results(job),
        "here": "cases" if job.case_id else "training",
        "case": _case(session, job),
        "title": train_words.job_title(job.name, job.model),
        "outcome": read_outcome(session, kit.book, job),
        "outcome_soon": _soon(job),
        "findings": (job.preflight or {}).get("findings", ()),
        "outputs": outputs(kit.settings, job),
        "parent": parent if parent is not None and parent.deleted_at is None else None,
        "parent_link": job_link(parent) if parent is not None else "",
        "link": job_link(job),
        "done": DONE.get(request.query_params.get("done", ""), ""),
        "reason": "",
    }


def _soon(job: TrainJob) -> bool:
    """Whether what the run says of its case is about to be written."""
    if job.case_id is None or job.outcome is not None or job.finished_at is None:
        return False
    return job.state.startswith("succeeded") and utc_now() - job.finished_at < SOON


# --- steering ---------------------------------------------------------------------------------


def _prioritise(session: Session, job_id: str, form: FormData) -> TrainJob:
    job = jobs.lock_job(session, job_id)
    by = 1 if form.get("by") == "up" else -1
    most = jobs.HIGHEST
    return steering.prioritise_job(session, job_id, max(-most, min(most, job.priority + by)))


def _place(session: Session, job_id: str, form: FormData) -> TrainJob:
    """Move a waiting job: first, up, down, last, or before another one."""
    ids = [job.id for job in jobs.queue_of(session)]
    if job_id not in ids:
        raise Conflict("The job does not wait any more.")
    here, asked = ids.index(job_id), str(form.get("to", ""))
    before = str(form.get("before", ""))
    if before:
        return steering.reorder_job(session, job_id, before)
    wanted = {"first": 0, "up": here - 1, "down": here + 2}.get(asked, len(ids))
    wanted = max(0, wanted)
    return steering.reorder_job(session, job_id, ids[wanted] if wanted < len(ids) else None)


STEERING: Mapping[str, Steer] = {
    "start": lambda session, job_id, form: steering.start_job(
        session, job_id, accept_warnings=form.get("accept") == "yes"
    ),
    "pause": lambda session, job_id, _: steering.pause_job(session, job_id),
    "resume": lambda session, job_id, _: steering.resume_job(session, job_id),
    "cancel": lambda session, job_id, _: steering.cancel_job(session, job_id),
    "retry": lambda session, job_id, form: steering.retry_job(
        session, job_id, str(form.get("reason", ""))
    ),
    "priority": _prioritise,
    "place": _place,
}
