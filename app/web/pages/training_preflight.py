"""What was found in the data of a job before it trains, and starting it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import urls
from app.cases import get_case
from app.errors import Conflict
from app.services import Kit, Reading, Services
from app.storage import TrainJob
from app.training import steering
from app.training.checked import accepted_by, checked, rows_words
from app.training.jobs import get_job, preflight_of, waits_for_start
from app.training.presence import list_workers
from app.urls import to
from app.web.csrf import Posted
from app.web.templating import page

router = APIRouter()
TICK_ALL = "Read each warning and tick it: it is accepted for this job alone."


@router.get(urls.TRAINING_PREFLIGHT)
def show_preflight(request: Request, case_id: str, job_id: str, session: Reading) -> Response:
    """All that was found, each with rows and a remedy; or that it is being looked at."""
    return _shown(request, session, case_id, job_id)


@router.get(urls.TRAINING_FINDINGS)
def show_progress(request: Request, case_id: str, job_id: str, session: Reading) -> Response:
    """For the page that waits: it reloads when the check is over."""
    job = get_job(session, job_id, case_id)
    if not _being_checked(job):
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return page(request, "partials/training_checking.html", **_context(session, case_id, job))


@router.post(urls.TRAINING_START)
def start(request: Request, case_id: str, job_id: str, form: Posted, kit: Kit) -> Response:
    """Have the job queued, once every warning is ticked."""
    ticked = {text for text in form.getlist("accept") if isinstance(text, str)}
    problem = _started(kit, case_id, job_id, ticked)
    if problem:
        with kit.database.reading() as session:
            return _shown(request, session, case_id, job_id, problem, ticked)
    return RedirectResponse(_after_start(case_id, job_id), 303)


def _started(kit: Services, case_id: str, job_id: str, ticked: set[str]) -> str:
    """Start the job; what stands in the way, or ''."""
    with kit.database.writing() as session:
        found = preflight_of(get_job(session, job_id, case_id))
        if found is not None and not set(accepted_by(found)) <= ticked:
            return TICK_ALL
        try:
            steering.start_job(session, job_id, accept_warnings=found is not None)
        except Conflict as error:
            return str(error)
    return ""


def _after_start(case_id: str, job_id: str) -> str:
    return to(urls.TRAINING_JOB, case_id=case_id, job_id=job_id)


def _being_checked(job: TrainJob) -> bool:
    return job.state == "checking" and job.preflight is None


def _shown(
    request: Request,
    session: Session,
    case_id: str,
    job_id: str,
    problem: str = "",
    ticked: Sequence[str] | set[str] = (),
) -> Response:
    job = get_job(session, job_id, case_id)
    context = _context(session, case_id, job)
    status = 409 if problem else 200
    context |= {"problem": problem, "ticked": ticked}
    return page(request, "pages/training_preflight.html", status=status, **context)


def _context(session: Session, case_id: str, job: TrainJob) -> dict[str, Any]:
    found = preflight_of(job)
    longest = job.spec.get("params", {}).get("max_length")
    return {
        "case": get_case(session, case_id),
        "job": job,
        "checking": _being_checked(job),
        "found": checked(found, longest if isinstance(longest, int) else None) if found else None,
        "waits": waits_for_start(job),
        "worker": any(item.alive for item in list_workers(session)),
        "rows_words": rows_words,
    }
