"""Advice for a case: given, kept, compared, replayed, and as a report."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import advising, urls
from app.api.bodies import FURTHEST, AdviceIn, CaseId, JsonRoute, Limit, Number, Offset
from app.api.replies import JSON, Reply, read, read_page
from app.api.shapes import (
    AdviceRecordOut,
    AdviceSummaryOut,
    PageOut,
    ReplayOut,
    record_data,
)
from app.api.writes import Writes
from app.cases import expect_version, get_case, lock_case
from app.errors import NotFound
from app.report import MEDIA_TYPES, CaseSummary, Form, Measured, render
from app.services import Book, Reading
from app.storage import AdviceRecord
from app.training.outcomes import run_behind

router = APIRouter(tags=["case advice"], route_class=JsonRoute)
# A report carries its own style and no script; shown in the browser, it may do nothing else.
REPORT_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@router.get(urls.API_ADVICE, summary="Advice given", response_model=PageOut[AdviceSummaryOut])
def history(
    request: Request, session: Reading, case_id: CaseId, limit: Limit = 20, offset: Offset = 0
) -> Response:
    """All advice that was given for a case, newest first."""
    page = advising.history(session, case_id, limit, offset)
    return read_page(request, page, lambda record: AdviceSummaryOut.of(record).model_dump())


@router.post(
    urls.API_ADVICE,
    summary="Advise",
    status_code=201,
    response_model=AdviceRecordOut,
    responses={200: {"model": AdviceRecordOut, "description": "Nothing changed: the last advice"}},
)
def advise(write: Writes, book: Book, case_id: CaseId, asked: AdviceIn | None = None) -> Response:
    """Advice for what holds now: stored as a new record, or the last one if it says the same."""

    def act(session: Session) -> Reply:
        expect_version(lock_case(session, case_id), write.expected)
        last = advising.latest(session, case_id)
        record = advising.advise_case(session, book, case_id, asked.as_of if asked else None)
        new = last is None or record.id != last.id
        location = urls.to(urls.API_ADVICE_NUMBER, case_id=case_id, number=record.number)
        found = advising.what_changed(session, book, record)
        return Reply(record_data(record, found), 201 if new else 200, {"location": location})

    return write.once(asked, act)


@router.get(urls.API_ADVICE_NUMBER, summary="One advice", response_model=AdviceRecordOut)
def one(
    request: Request, session: Reading, book: Book, case_id: CaseId, number: Number
) -> Response:
    """Advice as it was given, whole, and what changed since the advice before it."""
    record = advising.get_advice(session, case_id, number)
    found = advising.what_changed(session, book, record)
    return read(request, record_data(record, found))


@router.post(urls.API_REPLAY, summary="Replay", response_model=ReplayOut)
def replay(session: Reading, book: Book, case_id: CaseId, number: Number) -> Response:
    """Give advice again for the stored facts and date, and say whether it is the same."""
    found = advising.replay(book, advising.get_advice(session, case_id, number))
    return Reply({"same": found.same, "why": found.why}).response()


@router.get(
    urls.API_REPORT,
    summary="Report",
    response_class=Response,
    responses={
        200: {
            "content": {
                kind.partition(";")[0]: {"schema": {"type": "object" if kind == JSON else "string"}}
                for kind, _ in MEDIA_TYPES.values()
            }
        }
    },
)
def as_report(
    request: Request,
    session: Reading,
    book: Book,
    case_id: CaseId,
    form: Annotated[Form, Query(alias="format")] = "html",
    number: Annotated[
        int | None, Query(ge=1, le=FURTHEST, description="Which advice; the newest by default.")
    ] = None,
) -> Response:
    """The advice as one file that needs nothing else: HTML, Markdown or JSON."""
    case = get_case(session, case_id)
    record = _record(session, case_id, number)
    found = advising.what_changed(session, book, record)
    summary = CaseSummary(name=case.name, id=case.id, description=case.description)
    measured = Measured(run=run_behind(session, record))
    text = render(
        record.advice, book, form=form, case=summary, what_changed=found, measured=measured
    )
    media_type, ending = MEDIA_TYPES[form]
    name = f"formfact-{case.id}-{record.number}.{ending}"
    headers = {
        "content-security-policy": REPORT_POLICY,
        "content-disposition": f'inline; filename="{name}"',
    }
    return read(request, text.encode(), headers=headers, media_type=media_type)


def _record(session: Session, case_id: str, number: int | None) -> AdviceRecord:
    if number is not None:
        return advising.get_advice(session, case_id, number)
    record = advising.latest(session, case_id)
    if record is None:
        raise NotFound("advice for this case yet; ask for it first")
    return record
