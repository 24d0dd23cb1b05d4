"""A language model's second opinion on a log: the part of its page that tells of it."""

from __future__ import annotations

from contextlib import suppress

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import judge_words, urls
from app.cases import get_case
from app.errors import Conflict
from app.judged_logs import ask_judge, cancel_run, standing
from app.logs import get_log
from app.services import Kit, Reading, Writing
from app.urls import to
from app.web.csrf import Posted
from app.web.templating import page

router = APIRouter()


@router.get(urls.LOG_JUDGE)
def show(request: Request, case_id: str, log_id: str, session: Reading, kit: Kit) -> Response:
    """How far the asking is, for the page that watches it; it reloads when that is over."""
    now = standing(session, kit.settings, case_id, log_id)
    if not now.busy:
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    return page(
        request,
        "partials/log_judge_progress.html",
        case=get_case(session, case_id),
        log=get_log(session, case_id, log_id),
        judge=now,
        judge_words=judge_words,
    )


@router.post(urls.LOG_JUDGE)
def ask(case_id: str, log_id: str, form: Posted, session: Writing, kit: Kit) -> Response:
    """Have a language model asked about what is uncertain."""
    with suppress(Conflict):  # the page says why, or that somebody asked already
        ask_judge(session, kit.settings, case_id, log_id)
    return _back(case_id, log_id)


@router.post(urls.LOG_JUDGE_CANCEL)
def cancel(case_id: str, log_id: str, form: Posted, session: Writing) -> Response:
    """Stop asking; what was answered stays."""
    with suppress(Conflict):  # it ended in the meantime, and its page says so
        cancel_run(session, case_id, log_id)
    return _back(case_id, log_id)


def _back(case_id: str, log_id: str) -> Response:
    return RedirectResponse(to(urls.LOG, anchor="judge", case_id=case_id, log_id=log_id), 303)
