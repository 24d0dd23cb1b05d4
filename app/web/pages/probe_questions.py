"""The questions of a measurement: the table, one question whole, and a passage at its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import probe_words, urls
from app.cases import get_case
from app.errors import Conflict, NotFound
from app.log_records import find_record
from app.logs import get_log
from app.probe_found import (
    Counts,
    QuestionDetail,
    counts_of,
    find_question,
    get_passage,
    get_question,
    list_questions,
)
from app.probes import finished, get_probe
from app.services import Reading
from app.storage import Case, Probe
from app.urls import to
from app.web.matching import matcher
from app.web.probe_view import by_name
from app.web.question_query import Asked, asked
from app.web.question_view import columns, place_view, relevant
from app.web.templating import is_live, page, whole

router = APIRouter()
PAGE_SIZE = 50
SORTS = (
    ("", "As they were given"),
    ("worst", "Worst rank first"),
    ("best", "Best rank first"),
)
FOUND = (("yes", "Found among the first ten"), ("no", "Not among the first ten"))


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The addresses of the questions before and after, in the list that one came from."""

    before: str
    after: str
    place: str
    """Where in the list the question stands, in words; '' where it is read by itself."""


@router.get(urls.PROBE_QUESTIONS)
def show_questions(request: Request, case_id: str, probe_id: str, session: Reading) -> Response:
    """The questions that an address asks for, with the rank in every retriever."""
    case, probe = get_case(session, case_id), get_probe(session, case_id, probe_id)
    if probe.state != "done":
        return to_itself(probe)
    retrievers = by_name(finished(probe))
    wanted = asked(request.query_params, retrievers)
    found = list_questions(session, case_id, probe_id, wanted.query, PAGE_SIZE, wanted.offset)
    counts = counts_of(session, case_id, probe_id)
    context: dict[str, Any] = {
        **_common(case, probe),
        "questions": found,
        "asked": wanted,
        "weak": bool(counts.relevance.get("weak")),
        "list_url": to(urls.PROBE_QUESTIONS, case_id=case_id, probe_id=probe_id),
        "page_link": lambda offset: _list_url(probe, wanted, offset=offset or None),
        "question_link": lambda number, at: _question_url(probe, wanted, number, at),
    }
    if is_live(request):
        return page(request, "partials/probe_table.html", **context)
    verdict = finished(probe)["verdict"]
    context |= {"filters": _filters(counts), "sorts": SORTS}
    context["by"] = wanted.chosen["by"] or verdict["retriever"] or verdict["begin_with"]
    return page(request, "pages/probe_questions.html", **context)


@router.get(urls.PROBE_QUESTION)
def show_question(
    request: Request, case_id: str, probe_id: str, number: str, session: Reading
) -> Response:
    """One question: what is relevant to it, and what every retriever found."""
    case, probe = get_case(session, case_id), get_probe(session, case_id, probe_id)
    if probe.state != "done":
        return to_itself(probe)
    result = finished(probe)
    detail = get_question(session, case_id, probe_id, whole(number))
    question = detail.question
    wanted = asked(request.query_params, by_name(result))
    at = request.query_params.get("at", "")

    def link(passage_id: int) -> str:
        return _passage_url(probe, passage_id, question.number)

    match = matcher(question.text, result)
    return page(
        request,
        "pages/probe_question.html",
        **_common(case, probe),
        question=question,
        columns=columns(detail, match, link),
        relevant=relevant(detail, match, link),
        near=_neighbours(session, probe, wanted, detail, at),
        back=_list_url(probe, wanted, offset=whole(at) // PAGE_SIZE * PAGE_SIZE or None),
        record_link=_record_url(session, probe, question.record),
    )


@router.get(urls.PROBE_PASSAGE)
def show_passage(
    request: Request, case_id: str, probe_id: str, passage_id: str, session: Reading
) -> Response:
    """A passage at its place in the document, with the words of the question that led here."""
    case, probe = get_case(session, case_id), get_probe(session, case_id, probe_id)
    if probe.state != "done":
        return to_itself(probe)
    found = get_passage(session, case_id, probe_id, whole(passage_id))
    number = whole(request.query_params.get("question"))
    text = _asked_text(session, probe, number)
    match = matcher(text, probe.result) if text else None
    back = _question_url(probe, asked({}, {}), number, None) if text else ""
    return page(
        request,
        "pages/probe_passage.html",
        **_common(case, probe),
        view=place_view(found, match, text),
        number=number,
        back=back,
    )


def to_itself(probe: Probe) -> Response:
    """To the page of a measurement that is not done: it says how far it is, or why it ended."""
    return RedirectResponse(to(urls.PROBE, case_id=probe.case_id, probe_id=probe.id), 303)


def _common(case: Case, probe: Probe) -> dict[str, Any]:
    retrievers = by_name(finished(probe))
    return {"case": case, "probe": probe, "retrievers": retrievers, "probe_words": probe_words}


def _asked_text(session: Session, probe: Probe, number: int) -> str:
    try:
        return find_question(session, probe, number).text
    except NotFound:
        return ""


def _filters(counts: Counts) -> list[tuple[str, str, list[tuple[str, str]]]]:
    """What each filter offers: its name, its label and its choices; nothing where all are alike."""
    kinds = [(name, f"{name} ({count:,})") for name, count in counts.kinds.items() if name]
    relevance = [
        (name, f"{probe_words.RELEVANCE.get(name, name)} ({count:,})")
        for name, count in counts.relevance.items()
    ]
    return [
        ("found", "Found", list(FOUND)),
        ("kind", "Kind", kinds if len(counts.kinds) > 1 else []),
        ("relevance", "Relevance", relevance if len(relevance) > 1 else []),
    ]


def _list_url(probe: Probe, wanted: Asked, **changes: object) -> str:
    query = wanted.params(**changes)
    return to(urls.PROBE_QUESTIONS, query, case_id=probe.case_id, probe_id=probe.id)


def _question_url(probe: Probe, wanted: Asked, number: int, at: int | None) -> str:
    query = wanted.params(at=at)
    own = {"case_id": probe.case_id, "probe_id": probe.id}
    return to(urls.PROBE_QUESTION, query, number=number, **own)


def _passage_url(probe: Probe, passage_id: int, number: int) -> str:
    own = {"case_id": probe.case_id, "probe_id": probe.id}
    query = {"question": number}
    return to(urls.PROBE_PASSAGE, query, "passage", passage_id=passage_id, **own)


def _record_url(session: Session, probe: Probe, record: int | None) -> str:
    """The failure that a question is from; '' where it is from none, or the log is gone."""
    if not record or not probe.log_id:
        return ""
    try:
        log = get_log(session, probe.case_id, probe.log_id)
        find_record(session, log, record)
    except (NotFound, Conflict):
        return ""
    return to(urls.LOG_RECORD, case_id=probe.case_id, log_id=probe.log_id, number=record)


def _neighbours(
    session: Session, probe: Probe, wanted: Asked, detail: QuestionDetail, at: str
) -> Neighbours:
    """Neighbours in the list that the address names, or else in the order of the questions."""
    place = whole(at)
    if at.isdecimal():
        first = max(0, place - 1)
        found = list_questions(session, probe.case_id, probe.id, wanted.query, 3, first)
        numbers = {first + index: row.number for index, row in enumerate(found.items)}
        if numbers.get(place) == detail.question.number:
            before, after = (
                _question_url(probe, wanted, numbers[beside], beside) if beside in numbers else ""
                for beside in (place - 1, place + 1)
            )
            return Neighbours(before, after, f"{place + 1:,} of {found.total:,} in this list")
    before, after = (
        _question_url(probe, asked({}, {}), beside, None) if beside else ""
        for beside in (detail.previous, detail.next)
    )
    return Neighbours(before, after, "")
