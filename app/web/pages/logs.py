"""Failure logs of a case: the list and the upload, then what is done with one log as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import judge_words, log_words, urls, words
from app.cases import get_case
from app.errors import Conflict, Invalid, Wrong
from app.judged_logs import standing
from app.logs import (
    cancel_log,
    delete_log,
    get_log,
    list_logs,
    progress_of,
    retry_log,
    skipped_rows,
)
from app.measuring import apply_to_case
from app.services import Book, Kit, Reading, Services, Writing
from app.storage import FailureLog
from app.uploads import receive_whole
from app.urls import to
from app.web.csrf import Posted, PostedFile
from app.web.log_overview import overview
from app.web.templating import page, whole

router = APIRouter()
PAGE_SIZE = 20
PIECE = 1 << 20
"""Bytes of an upload that are handed on at once."""
RAW = "application/octet-stream"
DONE = {
    "deleted": "Deleted.",
    "applied": "The facts of the case are up to date with this log.",
}
STATES = {
    "uploading": "Upload not complete",
    "uploaded": "Waiting for you to say which column is which",
    "queued": "Waiting for a worker",
    "running": "Being read",
    "done": "Read",
    "failed": "Stopped by an error",
    "cancelled": "Stopped before the end",
}
FIELDS = (
    ("input", True, "What went into the model: text, or chat messages."),
    ("output", True, "What came out of it."),
    ("reference", False, "An acceptable answer."),
    ("context", False, "What the model was given to answer from: text, or a list of passages."),
    ("format_spec", False, "What the output had to look like, such as a JSON schema or a choice."),
    ("reviewer_note", False, "A person's words on what is wrong. It says more than anything else."),
    ("id", False, "A name for the record; without one it is named after its line."),
    ("metadata", False, "Anything else. A timestamp in it draws the log over time."),
)
SAMPLE = (
    '{"id": "r1", "input": "How long is the warranty of the X200?", '
    '"output": "The warranty is 12 months.", "reference": "24 months", '
    '"context": "The X200 comes with a warranty of 24 months.", '
    '"reviewer_note": "wrong period", "metadata": {"timestamp": "2026-03-01"}}'
)


@dataclass(frozen=True, slots=True)
class Row:
    """A log in the list: its state and what it says, in words."""

    log: FailureLog
    state: str
    headline: str


@router.get(urls.LOGS)
def show_logs(request: Request, case_id: str, session: Reading, kit: Kit) -> Response:
    """The logs of a case, how a log looks, and the upload."""
    return _logs(request, session, kit, case_id)


@router.post(urls.LOGS)
async def upload(request: Request, case_id: str, form: PostedFile, kit: Kit) -> Response:
    """Take in a file, from a form or as a bare body, and ask which column is which."""
    try:
        log = await _received(request, kit, case_id, form)
    except Invalid as error:
        with kit.database.reading() as session:
            return _logs(request, session, kit, case_id, error)
    return RedirectResponse(to(urls.LOG_MAPPING, case_id=case_id, log_id=log.id), 303)


@router.get(urls.LOG)
def show_log(
    request: Request, case_id: str, log_id: str, session: Reading, book: Book, kit: Kit
) -> Response:
    """One log: its columns to confirm, how far the reading is, or what it says."""
    case, log = get_case(session, case_id), get_log(session, case_id, log_id)
    if log.state == "uploaded":
        return RedirectResponse(to(urls.LOG_MAPPING, case_id=case_id, log_id=log_id), 303)
    context: dict[str, Any] = {"case": case, "log": log, "state": STATES.get(log.state, log.state)}
    if log.state in ("queued", "running", "uploading"):
        progress = progress_of(session, log)
        return page(request, "pages/log_running.html", progress=progress, **context)
    done = DONE.get(request.query_params.get("done", ""), "")
    found = overview(session, book, case, log, whole(request.query_params.get("skipped")))
    found["judge"] = standing(session, kit.settings, case_id, log_id)
    found |= {"judge_words": judge_words, "done": done}
    return page(request, "pages/log.html", **context, **found)


@router.get(urls.LOG_PROGRESS)
def show_progress(request: Request, case_id: str, log_id: str, session: Reading) -> Response:
    """How far the reading is, for the page that watches it; it reloads when that is over."""
    case, log = get_case(session, case_id), get_log(session, case_id, log_id)
    if log.state not in ("queued", "running", "uploading"):
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    progress = progress_of(session, log)
    return page(request, "partials/log_progress.html", case=case, log=log, progress=progress)


@router.get(urls.LOG_SKIPPED)
def show_skipped(request: Request, case_id: str, log_id: str, session: Reading) -> Response:
    """Every row that is no record, with its line and why."""
    case, log = get_case(session, case_id), get_log(session, case_id, log_id)
    rows = skipped_rows(session, case_id, log_id, 100, whole(request.query_params.get("offset")))

    def link(offset: int) -> str:
        return to(urls.LOG_SKIPPED, {"offset": offset or None}, case_id=case_id, log_id=log_id)

    return page(request, "pages/log_skipped.html", case=case, log=log, rows=rows, page_link=link)


@router.post(urls.LOG_CANCEL)
def cancel(case_id: str, log_id: str, form: Posted, session: Writing) -> Response:
    """Stop the reading; what was read stays."""
    with suppress(Conflict):  # it ended in the meantime, and its page says so
        cancel_log(session, case_id, log_id)
    return _to_log(case_id, log_id)


@router.post(urls.LOG_AGAIN)
def read_on(case_id: str, log_id: str, form: Posted, session: Writing) -> Response:
    """Go on with a log that was stopped or failed."""
    retry_log(session, case_id, log_id)
    return _to_log(case_id, log_id)


@router.post(urls.LOG_APPLY)
def apply(case_id: str, log_id: str, form: Posted, session: Writing, book: Book) -> Response:
    """Write what the log establishes to the case."""
    apply_to_case(session, book, case_id, log_id)
    return _to_log(case_id, log_id, "applied")


@router.post(urls.LOG_DELETE)
def delete(case_id: str, log_id: str, form: Posted, session: Writing) -> Response:
    """Take a log away for good."""
    delete_log(session, case_id, log_id)
    return RedirectResponse(to(urls.LOGS, {"done": "deleted"}, case_id=case_id), 303)


def _to_log(case_id: str, log_id: str, done: str = "") -> Response:
    return RedirectResponse(to(urls.LOG, {"done": done}, case_id=case_id, log_id=log_id), 303)


async def _received(request: Request, kit: Services, case_id: str, form: FormData) -> FailureLog:
    if request.headers.get("content-type", "").startswith(RAW):
        name = unquote(request.query_params.get("name", "")) or "log"
        return await receive_whole(kit.database, kit.settings, case_id, name, request.stream())
    file = form.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        raise Invalid([Wrong("file", "choose a file first")])
    return await receive_whole(kit.database, kit.settings, case_id, file.filename, _pieces(file))


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece


def _logs(
    request: Request,
    session: Session,
    kit: Services,
    case_id: str,
    error: Invalid | None = None,
) -> Response:
    case = get_case(session, case_id)
    asked: Mapping[str, str] = request.query_params
    logs = list_logs(session, case_id, limit=PAGE_SIZE, offset=whole(asked.get("offset")))
    rows = [Row(log, STATES.get(log.state, log.state), _headline(log)) for log in logs.items]

    def link(offset: int) -> str:
        return to(urls.LOGS, {"offset": offset or None}, case_id=case_id)

    problems = [("file", "File", item.message) for item in error.problems] if error else []
    return page(
        request,
        "pages/logs.html",
        status=422 if error else 200,
        case=case,
        logs=replace(logs, items=rows),  # type: ignore[arg-type]  # rows for logs
        page_link=link,
        problems=problems,
        done=DONE.get(asked.get("done", ""), ""),
        largest=kit.settings.max_log_bytes,
        largest_words=log_words.size_words(kit.settings.max_log_bytes),
        fields=FIELDS,
        sample=SAMPLE,
    )


def _headline(log: FailureLog) -> str:
    if log.state == "failed" and log.error:
        return log.error
    if log.summary and log.summary.get("records"):
        return log_words.headline(log.summary)
    return f"{words.counted(log.records, 'record')} so far" if log.records else ""
