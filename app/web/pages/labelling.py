"""Labelling by hand: one record at a time, one key a label, the most telling record next."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from advisor_rules.rulebook import Rulebook
from app import log_words, urls, words
from app.cases import get_case
from app.errors import Invalid
from app.labelling import (
    Opinion,
    agreements,
    annotators,
    label_record,
    next_to_label,
    undo_label,
)
from app.log_records import get_record
from app.logs import get_log
from app.services import Book, Reading, Writing
from app.storage import FailureLog
from app.urls import to
from app.web.annotator import annotator_of, remember
from app.web.csrf import Posted
from app.web.pages.log_records import label_problems
from app.web.record_view import observed, read_record
from app.web.templating import is_live, page, whole
from evidence.records import FailureRecord

router = APIRouter()
KEYS = (
    ("i", "information", "Information"),
    ("b", "behavior", "Behaviour"),
    ("o", "both", "Both"),
    ("n", "neither", "Neither"),
    ("u", "uncertain", "Cannot tell"),
)
DIGITS = "1234567890"


@dataclass(frozen=True, slots=True)
class Turn:
    """Who labels which record, and what was done just before."""

    case_id: str
    log_id: str
    annotator: str
    number: int = 0
    """The record asked for; 0 for the one that tells most."""
    done: str = ""


@router.get(urls.LABELLING)
def show_labelling(
    request: Request, case_id: str, log_id: str, session: Reading, book: Book
) -> Response:
    """The record to label next, or the question under which name."""
    params = request.query_params
    done = "Taken back. Label it anew, or go on." if params.get("done") == "undone" else ""
    number = whole(params.get("number"))
    turn = Turn(case_id, log_id, annotator_of(request), number, done)
    return _labelling(request, session, book, turn)


@router.post(urls.LABELLING)
def take_label(
    request: Request, case_id: str, log_id: str, form: Posted, session: Writing, book: Book
) -> Response:
    """Keep a label and show the next record; without a record, keep the name alone."""
    fields = {
        name: str(form.get(name, ""))
        for name in ("annotator", "label", "subtype", "note", "number")
    }
    number = whole(fields.pop("number"))
    opinion = Opinion(**fields)
    turn = Turn(case_id, log_id, opinion.annotator, number)
    if number:
        try:
            label_record(session, book, case_id, log_id, number, opinion)
        except Invalid as error:
            return _labelling(request, session, book, turn, error)
    if not is_live(request):
        answer = RedirectResponse(to(urls.LABELLING, case_id=case_id, log_id=log_id), 303)
        return remember(request, answer, opinion.annotator)
    name = log_words.CLASS_NAMES.get(opinion.label, opinion.label)
    turn = Turn(case_id, log_id, opinion.annotator, 0, f"Record {number} labelled: {name}.")
    return remember(request, _labelling(request, session, book, turn), opinion.annotator)


@router.post(urls.LABELLING_UNDO)
def undo(
    request: Request, case_id: str, log_id: str, form: Posted, session: Writing, book: Book
) -> Response:
    """Take back this annotator's last label and show its record again."""
    annotator = str(form.get("annotator", "")) or annotator_of(request)
    entry = undo_label(session, case_id, log_id, annotator)
    number, done = (entry.number, "undone") if entry else (0, "")
    if is_live(request):
        said = f"Taken back: record {number}." if entry else "There is nothing left to undo."
        turn = Turn(case_id, log_id, annotator, number, said)
        return _labelling(request, session, book, turn)
    query = {"number": number or None, "done": done}
    return RedirectResponse(to(urls.LABELLING, query, case_id=case_id, log_id=log_id), 303)


def _labelling(
    request: Request, session: Session, book: Rulebook, turn: Turn, error: Invalid | None = None
) -> Response:
    case, log = get_case(session, turn.case_id), get_log(session, turn.case_id, turn.log_id)
    context = {
        "case": case,
        "log": log,
        "annotator": turn.annotator,
        "done": turn.done,
        "problems": label_problems(error),
        "keys": KEYS,
        "people": annotators(session, turn.case_id, turn.log_id),
        "agreements": agreements(session, turn.case_id, turn.log_id),
        **_record(session, book, log, turn),
    }
    status = 422 if error else 200
    if not is_live(request):
        return page(request, "pages/log_labelling.html", status=status, **context)
    news = " ".join(filter(None, (turn.done, _news(context))))
    headers = {"HX-Trigger": json.dumps({"formfact:say": news})}
    name = "partials/log_labelling.html"
    return page(request, name, status=status, headers=headers, **context)


def _news(context: dict[str, Any]) -> str:
    """What a screen reader says when the next record is there."""
    if context["detail"] is None:
        return "Every record is labelled."
    row = context["detail"].row
    return f"Record {row.number}. Input: {row.input[:200]}. Output: {row.output[:300]}"


def _record(session: Session, book: Rulebook, log: FailureLog, turn: Turn) -> dict[str, Any]:
    """The record to label and what there is to choose; all of it None where nothing is left."""
    nothing: dict[str, Any] = {"detail": None, "shown": None, "following": None, "quick": []}
    if not turn.annotator:
        return nothing
    following = next_to_label(session, turn.case_id, turn.log_id, turn.annotator)
    number = turn.number or (following.number if following else 0)
    if not number:
        return nothing
    detail = get_record(session, turn.case_id, turn.log_id, number)
    record = FailureRecord.model_validate(detail.body)
    return {
        "detail": detail,
        "following": following if following and following.number == number else None,
        "left": following.left if following else 0,
        # what formfact saw is marked on the record's own page: here it would lead the eye
        "shown": read_record(record, (), (), book),
        "machine": read_record(record, observed(detail.signals), detail.rules, book),
        "said": next((item for item in detail.said if item.annotator == turn.annotator), None),
        "quick": _quick(book, log),
    }


def _quick(book: Rulebook, log: FailureLog) -> list[tuple[str, str, str]]:
    """Kinds that a digit chooses, as (digit, id, title): those most frequent in the log first."""
    frequent = [name for name in (log.summary or {}).get("subtypes", ()) if name in book.subtypes]
    names = dict.fromkeys([*frequent, *book.subtypes])
    return [
        (digit, name, words.sentence(book.subtypes[name].title))
        for digit, name in zip(DIGITS, names, strict=False)
    ]
