"""The records of a log: the table with its filters, one record whole, and the download."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from advisor_rules.rulebook import Rulebook
from app import judge_words, log_words, urls
from app.cases import get_case
from app.errors import Invalid
from app.judged_logs import voices
from app.labelling import Opinion, label_record
from app.log_records import Counts, RecordDetail, counts, export, get_record, list_records
from app.logs import get_log
from app.services import Book, Kit, Reading, Services, Writing
from app.storage import FailureLog
from app.urls import to
from app.web.annotator import annotator_of, remember
from app.web.csrf import Posted
from app.web.record_query import SORTS, Asked, asked
from app.web.record_view import observed, read_record
from app.web.templating import is_live, page, whole
from evidence.records import FailureRecord

router = APIRouter()
PAGE_SIZE = 50
STRENGTHS = (("strong", "Strong"), ("moderate", "Moderate"), ("weak", "Weak"))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The addresses of the records before and after, in the list that one came from."""

    before: str
    after: str
    place: str
    """Where in the list the record stands, in words; '' where it is read by itself."""


@router.get(urls.LOG_RECORDS)
def show_records(
    request: Request, case_id: str, log_id: str, session: Reading, book: Book
) -> Response:
    """The records of a log that an address asks for, a page at a time."""
    case, log = get_case(session, case_id), get_log(session, case_id, log_id)
    wanted = asked(request.query_params)
    records = list_records(session, case_id, log_id, wanted.query, PAGE_SIZE, wanted.offset)
    context: dict[str, Any] = {
        "case": case,
        "log": log,
        "records": records,
        "asked": wanted,
        "page_link": lambda offset: _list_url(log, wanted, offset=offset or None),
        "record_link": lambda number, at: _record_url(log, wanted, number, at),
    }
    if is_live(request):
        return page(request, "partials/log_table.html", **context)
    filters = _filters(book, counts(session, case_id, log_id))
    return page(request, "pages/log_records.html", filters=filters, sorts=SORTS, **context)


@router.get(urls.LOG_RECORD)
def show_record(
    request: Request, case_id: str, log_id: str, number: str, session: Reading, book: Book
) -> Response:
    """One record whole, with the evidence marked in it."""
    return _record(request, session, book, (case_id, log_id, number))


@router.post(urls.LABEL_RECORD)
def label(
    request: Request,
    case_id: str,
    log_id: str,
    number: str,
    form: Posted,
    session: Writing,
    book: Book,
) -> Response:
    """Say what a record is, on its own page."""
    fields = {name: str(form.get(name, "")) for name in ("annotator", "label", "subtype", "note")}
    opinion = Opinion(**fields)
    try:
        label_record(session, book, case_id, log_id, whole(number), opinion)
    except Invalid as error:
        return _record(request, session, book, (case_id, log_id, number), error, fields)
    wanted = asked(request.query_params)
    query = wanted.params(at=request.query_params.get("at"), done="labelled")
    places = {"case_id": case_id, "log_id": log_id, "number": number}
    answer = RedirectResponse(to(urls.LOG_RECORD, query, "labels", **places), 303)
    return remember(request, answer, opinion.annotator)


@router.get(urls.LOG_LABELLED)
def download(request: Request, case_id: str, log_id: str, session: Reading, kit: Kit) -> Response:
    """Every record with its labels, or those that people labelled, as JSON Lines."""
    get_log(session, case_id, log_id)
    by_people = request.query_params.get("by") == "people"
    headers = {
        "content-disposition": 'attachment; filename="formfact-labelled.jsonl"',
        "cache-control": "no-store",
    }
    lines = _lines(kit, case_id, log_id, by_people)
    return StreamingResponse(lines, media_type="application/x-ndjson", headers=headers)


def _lines(kit: Services, case_id: str, log_id: str, by_people: bool) -> Iterator[bytes]:
    """The request's own session ends before the answer leaves, so the lines have theirs."""
    with kit.database.reading() as session:
        for lines in export(session, case_id, log_id):
            yield _by_people(lines) if by_people else lines


def _by_people(lines: bytes) -> bytes:
    """Of whole lines, those of records that a person labelled."""
    kept = (line for line in lines.split(b"\n") if line and json.loads(line)["human"])
    return b"".join(line + b"\n" for line in kept)


def _record(
    request: Request,
    session: Session,
    book: Rulebook,
    place: tuple[str, str, str],
    error: Invalid | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    case_id, log_id, number = place
    case, log = get_case(session, case_id), get_log(session, case_id, log_id)
    detail = get_record(session, case_id, log_id, whole(number))
    params = request.query_params
    wanted = asked(params)
    record = FailureRecord.model_validate(detail.body)
    shown = read_record(
        record, observed(detail.signals), detail.rules, book, whole=params.get("all") == "yes"
    )
    at = params.get("at", "")
    own = {"case_id": case_id, "log_id": log_id, "number": number}
    return page(
        request,
        "pages/log_record.html",
        status=422 if error else 200,
        case=case,
        log=log,
        detail=detail,
        row=detail.row,
        shown=shown,
        voices=voices(session, log, detail.row.number),
        judge_words=judge_words,
        near=_neighbours(session, log, wanted, detail, at),
        back=_list_url(log, wanted, offset=_page_of(at)),
        all_link=to(urls.LOG_RECORD, wanted.params(at=at, all="yes"), **own),
        label_link=to(urls.LABEL_RECORD, wanted.params(at=at), **own),
        subtypes=subtype_choices(book),
        typed={"annotator": annotator_of(request), "subtype": "", "note": "", **(typed or {})},
        problems=label_problems(error),
        done="Labelled." if params.get("done") == "labelled" else "",
    )


def label_problems(error: Invalid | None) -> list[tuple[str, str, str]]:
    """What is wrong with a label, as (anchor, field in words, message)."""
    names = {"annotator": "Your name", "label": "Class", "subtype": "Kind", "note": "Note"}
    return [
        (item.where if item.where in names else "labels", names.get(item.where, ""), item.message)
        for item in (error.problems if error else ())
    ]


def subtype_choices(book: Rulebook) -> list[tuple[str, list[tuple[str, str]]]]:
    """Kinds as (id, title), under the name of their class."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for name, subtype in book.subtypes.items():
        title = log_words.CLASS_NAMES[subtype.failure_class]
        groups.setdefault(title, []).append((name, subtype.title))
    return list(groups.items())


def _list_url(log: FailureLog, wanted: Asked, **changes: object) -> str:
    query = wanted.params(**changes)
    return to(urls.LOG_RECORDS, query, case_id=log.case_id, log_id=log.id)


def _record_url(log: FailureLog, wanted: Asked, number: int, at: int | None) -> str:
    query = wanted.params(at=at)
    return to(urls.LOG_RECORD, query, case_id=log.case_id, log_id=log.id, number=number)


def _page_of(at: str) -> int | None:
    return whole(at) // PAGE_SIZE * PAGE_SIZE or None


def _neighbours(
    session: Session, log: FailureLog, wanted: Asked, detail: RecordDetail, at: str
) -> Neighbours:
    """Neighbours in the list that the address names, or else in the order of the file."""
    place = whole(at)
    if at.isdecimal():
        first = max(0, place - 1)
        found = list_records(session, log.case_id, log.id, wanted.query, 3, first)
        numbers = {first + index: row.number for index, row in enumerate(found.items)}
        if numbers.get(place) == detail.row.number:
            before, after = (
                _record_url(log, wanted, numbers[beside], beside) if beside in numbers else ""
                for beside in (place - 1, place + 1)
            )
            return Neighbours(before, after, f"{place + 1:,} of {found.total:,} in this list")
    before, after = (
        _record_url(log, asked({}), beside, None) if beside else ""
        for beside in (detail.previous, detail.next)
    )
    return Neighbours(before, after, "")


def _filters(book: Rulebook, found: Counts) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What each filter offers: its name, its label and its choices."""
    classes = [
        (name, f"{title} ({found.labels[name]:,})")
        for name, title in log_words.CLASS_NAMES.items()
        if found.labels.get(name)
    ]
    kinds = sorted(found.subtypes.items(), key=lambda item: (-item[1], item[0]))
    subtypes = [
        (name, f"{log_words.subtype_titles(book, name)} ({count:,})")
        for name, count in kinds
        if name
    ]
    strengths = [
        (name, f"{title} ({found.confidences[name]:,})")
        for name, title in STRENGTHS
        if found.confidences.get(name)
    ]
    rest = found.records - found.labelled
    labelled = [("yes", f"By a person ({found.labelled:,})"), ("no", f"Not yet ({rest:,})")]
    return [
        ("class", "Class", classes),
        ("subtype", "Kind", subtypes),
        ("strength", "Strength", strengths),
        ("labelled", "Labelled", labelled),
    ]
