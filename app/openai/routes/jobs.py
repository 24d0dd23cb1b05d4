"""/v1/fine_tuning/jobs."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query
from sqlalchemy.orm import Session
from starlette.requests import Request

from app import urls
from app.api.bodies import JsonRoute
from app.openai import tuning
from app.openai.errors import ApiError
from app.openai.names import job_of
from app.openai.tokens import require_token
from app.openai.tuning_shapes import list_checkpoints, list_events, shown_job
from app.services import Kit, Reading, Writing
from app.storage import TrainJob
from app.training import steering

router = APIRouter(dependencies=[Depends(require_token)], route_class=JsonRoute)
Json = dict[str, Any]
Cursor = Annotated[str | None, Query(max_length=80)]
FILTER = re.compile(r"metadata\[(.{1,64})\]")


@router.post(urls.V1_JOBS)
def create(
    session: Writing,
    kit: Kit,
    wanted: tuning.NewJob,
    key: Annotated[str | None, Header(alias="idempotency-key")] = None,
) -> Json:
    """Create a job."""
    return shown_job(kit.settings, tuning.create(session, kit.settings, wanted, key))


@router.get(urls.V1_JOBS)
def find(
    request: Request,
    session: Reading,
    kit: Kit,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Json:
    """A page of jobs."""
    metadata = {
        match[1]: value
        for name, value in request.query_params.items()
        if (match := FILTER.fullmatch(name))
    }
    if len(metadata) > 16:
        raise ApiError(400, "metadata: has at most 16 keys", code="invalid_value", param="metadata")
    return tuning.list_jobs(session, kit.settings, cursor=after, limit=limit, metadata=metadata)


@router.get(urls.V1_JOB)
def retrieve(session: Reading, kit: Kit, job_id: str) -> Json:
    """One job."""
    return shown_job(kit.settings, job_of(session, job_id))


@router.post(urls.V1_JOB_CANCEL)
def cancel(session: Writing, kit: Kit, job_id: str) -> Json:
    """End a job."""
    return _steered(session, kit, job_id, steering.cancel_job)


@router.post(urls.V1_JOB_PAUSE)
def pause(session: Writing, kit: Kit, job_id: str) -> Json:
    """Have a job stop, to be resumed."""
    return _steered(session, kit, job_id, steering.pause_job)


@router.post(urls.V1_JOB_RESUME)
def resume(session: Writing, kit: Kit, job_id: str) -> Json:
    """Have a paused job go on."""
    return _steered(session, kit, job_id, steering.resume_job)


def _steered(
    session: Session, kit: Kit, job_id: str, steer: Callable[[Session, str], TrainJob]
) -> Json:
    job = job_of(session, job_id)
    return shown_job(kit.settings, steer(session, job.id))


@router.get(urls.V1_JOB_EVENTS)
def events(
    session: Reading,
    job_id: str,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Json:
    """A page of a job's events."""
    return list_events(session, job_of(session, job_id), after, limit)


@router.get(urls.V1_JOB_CHECKPOINTS)
def checkpoints(
    session: Reading,
    kit: Kit,
    job_id: str,
    after: Cursor = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 10,
) -> Json:
    """A page of a job's checkpoints."""
    return list_checkpoints(session, kit.settings, job_of(session, job_id), after, limit)
