"""Whether this server lives, and whether it can work."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import urls
from app.api.problems import problem_response
from app.api.replies import Reply
from app.problems import Problem
from app.services import Kit

router = APIRouter(tags=["health"])
NO_STORE = {"cache-control": "no-store"}


class Live(BaseModel):
    """The process answers."""

    status: Literal["live"]


class Ready(BaseModel):
    """The process can work: it has its rulebook and reaches its database."""

    status: Literal["ready"]
    rulebook: str


@router.get(urls.HEALTH_LIVE, summary="Live", response_model=Live)
async def live() -> Response:
    """The process answers; nothing else is asked."""
    return Reply({"status": "live"}, headers=NO_STORE).response()


@router.get(urls.HEALTH_READY, summary="Ready", response_model=Ready)
async def ready(request: Request, kit: Kit) -> Response:
    """The rulebook is loaded and the database answers; else 503."""
    try:
        await run_in_threadpool(kit.database.answers)
    except SQLAlchemyError:
        problem = Problem(503, "not-ready", "The database does not answer.")
        return problem_response(request, problem)
    return Reply({"status": "ready", "rulebook": kit.book.hash}, headers=NO_STORE).response()
