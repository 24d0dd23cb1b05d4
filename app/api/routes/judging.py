"""A language model's second opinion on a log: asked for, watched, stopped."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import judged_logs, urls
from app.api.bodies import CaseId, JsonRoute
from app.api.log_bodies import LogId
from app.api.replies import Reply, read
from app.api.writes import WritesNew
from app.services import Kit, Reading
from app.storage import JudgeRun, RunState

router = APIRouter(tags=["failure logs"], route_class=JsonRoute)


class RunOut(BaseModel):
    """Asking a language model about records of a log, and how far that is."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    model: str
    prompt: str
    state: RunState
    position: int
    total: int
    error: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JudgeOut(BaseModel):
    """How things stand between a log and a language model that judges.

    `why_not` says what is missing where none can be asked; `found` is null until one was.
    """

    why_not: str
    to_ask: int
    run: RunOut | None
    found: dict[str, Any] | None


@router.get(urls.API_LOG_JUDGE, summary="A second opinion", response_model=JudgeOut)
def standing(
    request: Request, session: Reading, kit: Kit, case_id: CaseId, log_id: LogId
) -> Response:
    """How far a judge is, what it says, how often it is right, and shares corrected for that."""
    now = judged_logs.standing(session, kit.settings, case_id, log_id)
    run = RunOut.model_validate(now.run) if now.run else None
    out = JudgeOut(why_not=now.why_not, to_ask=now.to_ask, run=run, found=now.found)
    return read(request, out.model_dump())


@router.post(
    urls.API_LOG_JUDGE, summary="Ask for a second opinion", status_code=202, response_model=RunOut
)
def ask(write: WritesNew, kit: Kit, case_id: CaseId, log_id: LogId) -> Response:
    """Have the language model of the settings asked about uncertain and labelled records.

    What it answered before is not asked again. Its opinions count from 30 human labels on.
    """

    def act(session: Session) -> Reply:
        run = judged_logs.ask_judge(session, kit.settings, case_id, log_id)
        location = urls.to(urls.API_LOG_JUDGE, case_id=case_id, log_id=log_id)
        return Reply(_out(run), 202, {"location": location})

    return write.once(None, act)


@router.post(urls.API_LOG_JUDGE_CANCEL, summary="Stop asking", response_model=RunOut)
def cancel(write: WritesNew, case_id: CaseId, log_id: LogId) -> Response:
    """Stop asking; what was answered stays."""
    return write.once(
        None, lambda session: Reply(_out(judged_logs.cancel_run(session, case_id, log_id)))
    )


def _out(run: JudgeRun) -> dict[str, Any]:
    return RunOut.model_validate(run).model_dump()
