"""Failure logs of a case: made, confirmed, watched, stopped, tried again, summed up."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import logs, measuring, urls
from app.api.bodies import CaseId, JsonRoute, Limit, Offset
from app.api.log_bodies import LogId, MappingIn, NewLog
from app.api.log_shapes import (
    AppliedOut,
    GoneOut,
    LogOut,
    PreviewOut,
    SkippedOut,
    SummaryOut,
)
from app.api.replies import Reply, read, read_page, version_tag
from app.api.shapes import PageOut
from app.api.writes import Writes, WritesNew
from app.cases import expect_version, get_case, lock_case
from app.services import Book, Kit, Reading
from app.storage import FailureLog

router = APIRouter(tags=["failure logs"], route_class=JsonRoute)


@router.get(urls.API_LOGS, summary="Failure logs", response_model=PageOut[LogOut])
def list_logs(
    request: Request, session: Reading, case_id: CaseId, limit: Limit = 20, offset: Offset = 0
) -> Response:
    """The failure logs of a case, newest first."""
    page = logs.list_logs(session, case_id, limit, offset)
    return read_page(request, page, lambda log: LogOut.of(session, log).model_dump())


@router.post(urls.API_LOGS, summary="A new failure log", status_code=201, response_model=LogOut)
def create(write: WritesNew, kit: Kit, case_id: CaseId, new: NewLog) -> Response:
    """Announce a log; its content is then sent to `content`, whole or in parts.

    With an Idempotency-Key the announcement can be repeated safely.
    """
    most = kit.settings.max_log_bytes

    def act(session: Session) -> Reply:
        log = logs.create_log(
            session, case_id, new.name, new.bytes, sha256=new.sha256, most_bytes=most
        )
        return _reply(session, log, 201)

    return write.once(new, act)


@router.get(urls.API_LOG, summary="One failure log", response_model=LogOut)
def one(request: Request, session: Reading, case_id: CaseId, log_id: LogId) -> Response:
    """A log and how far it is: ask again to watch it."""
    log = logs.get_log(session, case_id, log_id)
    return read(request, LogOut.of(session, log).model_dump())


@router.delete(urls.API_LOG, summary="Delete a failure log", response_model=GoneOut)
def remove(write: WritesNew, case_id: CaseId, log_id: LogId) -> Response:
    """Take a log away with its file, its records and their labels; facts of the case stay."""

    def act(session: Session) -> Reply:
        logs.delete_log(session, case_id, log_id)
        return Reply({"id": log_id, "deleted": True})

    return write.once(None, act)


@router.get(urls.API_LOG_PREVIEW, summary="The beginning of a log", response_model=PreviewOut)
def preview(
    request: Request, session: Reading, kit: Kit, case_id: CaseId, log_id: LogId
) -> Response:
    """The columns of an uploaded log, what they are taken for, and the first rows."""
    log = logs.get_log(session, case_id, log_id)
    return read(request, PreviewOut.of(logs.preview(kit.settings, log)).model_dump())


@router.put(urls.API_LOG_MAPPING, summary="Confirm the columns", response_model=LogOut)
def confirm(
    write: WritesNew, kit: Kit, case_id: CaseId, log_id: LogId, given: MappingIn
) -> Response:
    """Say what each column is; the log is then queued for its diagnosis."""

    def act(session: Session) -> Reply:
        log = logs.confirm_mapping(session, kit.settings, case_id, log_id, given.mapping)
        return _reply(session, log)

    return write.once(given, act)


@router.post(urls.API_LOG_CANCEL, summary="Stop a log", response_model=LogOut)
def cancel(write: WritesNew, case_id: CaseId, log_id: LogId) -> Response:
    """Stop the upload or the diagnosis of a log; what was diagnosed stays."""
    return write.once(None, _change(case_id, log_id, logs.cancel_log))


@router.post(urls.API_LOG_RETRY, summary="Go on with a log", response_model=LogOut)
def retry(write: WritesNew, case_id: CaseId, log_id: LogId) -> Response:
    """Go on with a log that failed or was stopped, from where it was left."""
    return write.once(None, _change(case_id, log_id, logs.retry_log))


@router.get(urls.API_LOG_SUMMARY, summary="What a log says", response_model=SummaryOut)
def summary(
    request: Request, session: Reading, book: Book, case_id: CaseId, log_id: LogId
) -> Response:
    """Shares of each class and subtype with 95% intervals; labels of people outrank the rules."""
    return read(request, measuring.summary_of(session, book, case_id, log_id))


@router.post(urls.API_LOG_APPLY, summary="Measured facts", response_model=AppliedOut)
def apply(write: Writes, book: Book, case_id: CaseId, log_id: LogId) -> Response:
    """Write what a log establishes to its case as measured facts, with evidence.

    That happens by itself when the diagnosis ends; repeat it after labelling.
    """

    def act(session: Session) -> Reply:
        expect_version(lock_case(session, case_id), write.expected)
        done = measuring.apply_to_case(session, book, case_id, log_id)
        case = get_case(session, case_id)
        conflicts = measuring.conflicts_with_answers(session, case_id)
        data = AppliedOut.of(done, conflicts, case.version).model_dump()
        return Reply(data, headers={"etag": version_tag(case)})

    return write.once(None, act)


@router.get(urls.API_LOG_SKIPPED, summary="Rows left out", response_model=PageOut[SkippedOut])
def skipped(
    request: Request,
    session: Reading,
    case_id: CaseId,
    log_id: LogId,
    limit: Limit = 20,
    offset: Offset = 0,
) -> Response:
    """Rows of the file that are no records, each with its line and why."""
    page = logs.skipped_rows(session, case_id, log_id, limit, offset)
    return read_page(request, page, lambda row: SkippedOut.of(row).model_dump())


def _change(
    case_id: str, log_id: str, change: Callable[[Session, str, str], FailureLog]
) -> Callable[[Session], Reply]:
    return lambda session: _reply(session, change(session, case_id, log_id))


def _reply(session: Session, log: FailureLog, status: int = 200) -> Reply:
    location = urls.to(urls.API_LOG, case_id=log.case_id, log_id=log.id)
    return Reply(LogOut.of(session, log).model_dump(), status, {"location": location})
