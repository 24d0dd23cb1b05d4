"""The recommendation: verdict, ladder, plan, reasons, flips, questions; and its downloads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from advisor_rules.rulebook import Rulebook
from advisor_rules.serialize import facts_to_dict
from app import drawing, urls, words
from app.advising import (
    advise_case,
    before,
    difference,
    get_advice,
    latest,
    replay,
    what_changed,
)
from app.cases import get_case
from app.errors import NotFound
from app.intake import fitting, known_values
from app.reading import read_advice
from app.report import MEDIA_TYPES, CaseSummary, Form, Measured, render
from app.services import Book, Reading, Writing
from app.storage import AdviceRecord, Case
from app.training.outcomes import run_behind
from app.urls import to
from app.web import reasons, training
from app.web.answers import as_typed
from app.web.csrf import Posted
from app.web.measuring_retrieval import pointer
from app.web.supposing import context as supposing
from app.web.supposing import fields, suppose
from app.web.templating import page

router = APIRouter()
DONE = {"kept": "Kept. This is the recommendation for the changed answers."}


@dataclass(frozen=True, slots=True)
class ShownFlip:
    """A smallest change that leads to another step, with the link that tries it."""

    changes: list[tuple[str, str, str]]
    step: str
    link: str


@router.get(urls.ADVICE)
def advice_page(request: Request, case_id: str, session: Reading, book: Book) -> Response:
    """The newest recommendation, with a word where answers or rules changed since."""
    case = get_case(session, case_id)
    record = latest(session, case_id)
    if record is None:
        known = len(known_values(session, case_id))
        return page(request, "pages/no_advice.html", case=case, known=known)
    return _recommendation(request, session, book, case, record)


@router.post(urls.ADVICE)
def give_advice(case_id: str, form: Posted, session: Writing, book: Book) -> Response:
    """Give a recommendation for what is known now, and show it."""
    advise_case(session, book, case_id)
    return RedirectResponse(to(urls.ADVICE, case_id=case_id), 303)


@router.get(urls.ADVICE_NUMBER)
def numbered_advice(
    request: Request, case_id: str, number: str, session: Reading, book: Book
) -> Response:
    """One recommendation of a case's history."""
    case = get_case(session, case_id)
    return _recommendation(request, session, book, case, _numbered(session, case_id, number))


@router.get(urls.REPORT)
def report(case_id: str, number: str, form: str, session: Reading, book: Book) -> Response:
    """A recommendation as one file."""
    case, record = get_case(session, case_id), _numbered(session, case_id, number)
    if form not in MEDIA_TYPES:
        raise NotFound("report of this form")
    summary = CaseSummary(name=case.name, id=case.id, description=case.description)
    shape = cast(Form, form)
    changed = what_changed(session, book, record)
    measured = Measured(run=run_behind(session, record))
    text = render(
        record.advice, book, form=shape, case=summary, what_changed=changed, measured=measured
    )
    media, ending = MEDIA_TYPES[shape]
    name = f"formfact-{_plain(case.name)}-{record.number}.{ending}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    return Response(text, media_type=media, headers=headers)


def _numbered(session: Session, case_id: str, number: str) -> AdviceRecord:
    if not number.isdecimal() or len(number) > 9:
        raise NotFound("recommendation of this number")
    return get_advice(session, case_id, int(number))


def _recommendation(
    request: Request, session: Session, book: Rulebook, case: Case, record: AdviceRecord
) -> Response:
    newest = latest(session, case.id)
    newer = newest is not None and newest.number > record.number
    older = before(session, record)
    asked = request.query_params
    context = {
        "case": case,
        "record": record,
        "newer": newer,
        "older": older,
        "change": difference(book, older, record) if older else None,
        "outdated": "" if newer else _outdated(session, book, record),
        "retrieval": None if newer else pointer(session, case.id, record.advice),
        "training": None if newer else training.pointer(session, case.id, record),
        "replay": replay(book, record) if asked.get("replay") == "yes" else None,
        "done": DONE.get(asked.get("done", ""), ""),
    }
    shown = _read(book, case, record)
    found = suppose(book, known_values(session, case.id), {})
    placed: set[str] = set()
    if not newer and not context["outdated"]:
        reasoned = [*shown["supporting"], *shown["opposing"]]
        placed = reasons.put_in_place(reasoned, fields(book, found))
    what_if = supposing(book, found, placed)
    return page(request, "pages/advice.html", **{**what_if, **context, **shown})


def _read(book: Rulebook, case: Case, record: AdviceRecord) -> dict[str, Any]:
    """What the page shows of the stored advice itself."""
    advice = record.advice

    def question_link(name: str) -> str:
        fact = book.facts.get(name)
        if fact is None or fact.ask is None:
            return to(urls.FACT, name=name)
        return to(urls.SECTION, anchor=f"q-{name}", case_id=case.id, section=fact.ask.section)

    return {
        "advice": advice,
        "reading": read_advice(advice, book),
        "rests_on": reasons.rests_on(advice),
        "supporting": reasons.supporting(advice, book) if advice["step"] else [],
        "opposing": reasons.opposing(advice, book) if advice["step"] else [],
        "warnings": reasons.warnings(advice) if advice["step"] else [],
        "others": reasons.other_steps(advice, book),
        "flips": [_flip(book, case, advice, item) for item in advice["flips"]],
        "question_link": question_link,
        "ladder": drawing.ladder(advice, book),
        "evidence": drawing.net_evidence(advice, book),
    }


def _flip(
    book: Rulebook, case: Case, advice: Mapping[str, Any], flip: Mapping[str, Any]
) -> ShownFlip:
    changes = []
    for name, value in flip["if"].items():
        fact, stated = book.facts.get(name), advice["facts"].get(name, {})
        title = words.fact_title(book, name)
        now = words.value_words(fact, stated.get("value"))
        changes.append((title, words.value_words(fact, value), now))
    query = {name: as_typed(value) for name, value in flip["if"].items()}
    link = to(urls.WHAT_IF, query, case_id=case.id)
    step = words.step_title(book, flip["then"]) if flip["then"] else "to measure first"
    return ShownFlip(changes, step, link)


def _outdated(session: Session, book: Rulebook, record: AdviceRecord) -> str:
    """Why the newest recommendation is not what would be advised now; empty where it is."""
    facts, _ = fitting(book, known_values(session, record.case_id))
    if facts_to_dict(facts) != record.facts:
        return "Answers have changed since this recommendation."
    return (
        "The rulebook has changed since this recommendation."
        if record.rulebook_hash != book.hash
        else ""
    )


def _plain(name: str) -> str:
    """A case's name as part of a file name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "case"
