"""Records of failure logs: listed, read, labelled, exported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from app import labelling, log_records, urls
from app.api.bodies import CaseId, JsonRoute
from app.api.log_bodies import (
    AnnotatorIn,
    ByAnnotator,
    LabelIn,
    LogId,
    RecordNumber,
    RecordsAsked,
)
from app.api.log_shapes import (
    AgreementOut,
    AgreementsOut,
    LabelOut,
    NextOut,
    RecordDetailOut,
    RecordOut,
    UndoneOut,
)
from app.api.replies import Reply, read, read_page
from app.api.shapes import PageOut
from app.api.writes import WritesNew
from app.logs import get_log
from app.services import Book, Kit, Reading, Services

router = APIRouter(tags=["failure logs"], route_class=JsonRoute)
LINES = "application/x-ndjson"


@router.get(urls.API_LOG_RECORDS, summary="Records", response_model=PageOut[RecordOut])
def list_records(
    request: Request,
    session: Reading,
    case_id: CaseId,
    log_id: LogId,
    asked: Annotated[RecordsAsked, Query()],
) -> Response:
    """Records of a log with the class that counts, filtered, searched and sorted."""
    limit, offset = asked.limit, asked.offset
    page = log_records.list_records(session, case_id, log_id, asked.query(), limit, offset)
    return read_page(request, page, lambda row: RecordOut.of(row).model_dump())


@router.get(urls.API_LOG_RECORD, summary="One record", response_model=RecordDetailOut)
def one(
    request: Request, session: Reading, case_id: CaseId, log_id: LogId, number: RecordNumber
) -> Response:
    """A record whole, with its signals (and where in its texts they are), rules and labels."""
    found = log_records.get_record(session, case_id, log_id, number)
    return read(request, RecordDetailOut.detail(found).model_dump())


@router.post(
    urls.API_LOG_LABELS, summary="Label a record", status_code=201, response_model=LabelOut
)
def label(
    write: WritesNew,
    book: Book,
    case_id: CaseId,
    log_id: LogId,
    number: RecordNumber,
    said: LabelIn,
) -> Response:
    """Say what a record is; the newest word of each annotator counts, and outranks the rules."""
    opinion = labelling.Opinion(**said.model_dump())

    def act(session: Session) -> Reply:
        entry = labelling.label_record(session, book, case_id, log_id, number, opinion)
        return Reply(LabelOut.of(entry).model_dump(), 201)

    return write.once(said, act)


@router.post(urls.API_LOG_UNDO, summary="Undo a label", response_model=UndoneOut)
def undo(write: WritesNew, case_id: CaseId, log_id: LogId, who: AnnotatorIn) -> Response:
    """Take back what an annotator said last in this log; again: what was said before that."""

    def act(session: Session) -> Reply:
        entry = labelling.undo_label(session, case_id, log_id, who.annotator)
        return Reply({"undone": LabelOut.of(entry).model_dump() if entry else None})

    return write.once(who, act)


@router.get(urls.API_LOG_NEXT, summary="What to label next", response_model=NextOut)
def next_record(
    request: Request, session: Reading, case_id: CaseId, log_id: LogId, annotator: ByAnnotator
) -> Response:
    """The record that tells most; every tenth is drawn at random, so that rates stay unbiased."""
    found = labelling.next_to_label(session, case_id, log_id, annotator)
    return read(request, NextOut.of(found).model_dump())


@router.get(urls.API_LOG_AGREEMENT, summary="Agreement", response_model=AgreementsOut)
def agreement(request: Request, session: Reading, case_id: CaseId, log_id: LogId) -> Response:
    """Who labelled how many records, and Cohen's kappa of each two on those that both did."""
    pairs = labelling.agreements(session, case_id, log_id)
    data = {
        "annotators": labelling.annotators(session, case_id, log_id),
        "pairs": [AgreementOut.of(pair).model_dump() for pair in pairs],
    }
    return read(request, data)


@router.get(
    urls.API_LOG_EXPORT,
    summary="Labelled records",
    response_class=StreamingResponse,
    responses={200: {"content": {LINES: {"schema": {"type": "string"}}}}},
)
def export(session: Reading, kit: Kit, case_id: CaseId, log_id: LogId) -> Response:
    """Every record as one line of JSON: class, signals, rules, labels, and the record itself."""
    log = get_log(session, case_id, log_id)
    headers = {"content-disposition": f'attachment; filename="{log.id}-labelled.jsonl"'}
    return StreamingResponse(lines(kit, case_id, log_id), 200, headers, LINES)


def lines(kit: Services, case_id: str, log_id: str) -> Iterator[bytes]:
    """The lines of an export, from a session that lives as long as they are read."""
    with kit.database.reading() as session:
        yield from log_records.export(session, case_id, log_id)
