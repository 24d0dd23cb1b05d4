"""The questionnaire: one screen a section, saved with every answer, undone step by step."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from advisor_rules import InvalidFacts
from advisor_rules.rulebook import Rulebook
from app import urls, words
from app.advising import advise_case
from app.intake import record_facts, undo_last
from app.questionnaire import next_section
from app.services import Book, Reading, Writing
from app.urls import to
from app.web.answers import confirmed, given, texts_of
from app.web.csrf import Posted
from app.web.interview import Interview, asked_facts, interview
from app.web.templating import is_live, page

router = APIRouter()
NOTHING_TO_UNDO = "There is nothing left to undo."


@router.get(urls.QUESTIONS)
def questions(request: Request, case_id: str, session: Reading, book: Book) -> Response:
    """The section that holds the most useful open question."""
    found = interview(session, book, case_id)
    view = next_section(found.views) or found.views[0]
    query = {"undone": request.query_params.get("undone")}
    return RedirectResponse(to(urls.SECTION, query, case_id=case_id, section=view.section.id), 303)


@router.get(urls.SECTION)
def section_page(
    request: Request, case_id: str, section: str, session: Reading, book: Book
) -> Response:
    """One screen of questions."""
    found = interview(session, book, case_id)
    undone = request.query_params.get("undone", "")
    return _section(request, book, found, section, done=_undone(book, found, undone))


@router.post(urls.SECTION)
def save_section(
    request: Request, case_id: str, section: str, form: Posted, session: Writing, book: Book
) -> Response:
    """Save a whole screen, all of it or nothing, and go on."""
    found = interview(session, book, case_id)
    index = found.index_of(section)
    facts = asked_facts(found.views[index])
    said = given(form, facts, found.states)
    confirm = str(form.get("confirm", ""))
    if confirm in found.states and confirm not in said.stated:
        said.stated[confirm] = confirmed(found.states[confirm])
    try:
        record_facts(session, book, case_id, said.stated, withdraw=said.cleared)
    except InvalidFacts as error:
        typed = {fact.id: text for fact in facts for text in texts_of(form, fact.id)[:1]}
        return _section(request, book, found, section, typed=typed, error=error)
    return _onward(session, book, case_id, found, index, str(form.get("go", "stay")))


@router.post(urls.ANSWER)
def save_answer(
    request: Request, case_id: str, fact: str, form: Posted, session: Writing, book: Book
) -> Response:
    """Save one answer and send back what follows from it."""
    found = interview(session, book, case_id)
    view = found.view_of(fact)
    said = given(form, [view.fact], found.states)
    if form.get("confirm") == fact:
        said.stated[fact] = confirmed(found.states.get(fact))
    problem = ""
    try:
        record_facts(session, book, case_id, said.stated, withdraw=said.cleared)
    except InvalidFacts as error:
        problem = words.sentence(error.problems[0].message)
    if not is_live(request):
        return RedirectResponse(_question_url(case_id, view.ask.section, fact), 303)
    return _saved(request, book, interview(session, book, case_id), fact, problem)


@router.post(urls.UNDO)
def undo(case_id: str, form: Posted, session: Writing, book: Book) -> Response:
    """Take back what was last said, and show where it was."""
    changes = [change for change in undo_last(session, case_id) if change.fact in book.facts]
    if not changes:
        return RedirectResponse(to(urls.QUESTIONS, {"undone": "?"}, case_id=case_id), 303)
    first = next((item for item in changes if book.facts[item.fact].ask), changes[0])
    ask = book.facts[first.fact].ask
    if ask is None:
        return RedirectResponse(to(urls.QUESTIONS, case_id=case_id), 303)
    query = {"undone": first.fact}
    target = to(urls.SECTION, query, f"q-{first.fact}", case_id=case_id, section=ask.section)
    return RedirectResponse(target, 303)


def _onward(
    session: Session, book: Rulebook, case_id: str, found: Interview, index: int, go: str
) -> Response:
    if go == "advice":
        advise_case(session, book, case_id)
        return RedirectResponse(to(urls.ADVICE, case_id=case_id), 303)
    following = min(index + 1, len(found.views) - 1) if go == "next" else index
    section = found.views[following].section.id
    return RedirectResponse(to(urls.SECTION, case_id=case_id, section=section), 303)


def _section(
    request: Request,
    book: Rulebook,
    found: Interview,
    section: str,
    *,
    typed: Mapping[str, str] | None = None,
    error: InvalidFacts | None = None,
    done: str = "",
) -> Response:
    index = found.index_of(section)
    view = found.views[index]
    wrong = {item.fact: words.sentence(item.message) for item in error.problems} if error else {}
    problems = [(f"a-{name}", book.facts[name].title, text) for name, text in wrong.items()]
    return page(
        request,
        "pages/section.html",
        status=422 if error else 200,
        here_view=view,
        index=index,
        before=found.views[index - 1] if index else None,
        after=found.views[index + 1] if index + 1 < len(found.views) else None,
        open=[item for item in view.questions if not found.is_folded(item)],
        folded=[item for item in view.questions if found.is_folded(item)],
        typed=typed or {},
        wrong=wrong,
        problems=problems,
        done=done,
        oob=False,
        **_so_far(found),
    )


def _so_far(found: Interview) -> dict[str, Any]:
    return {
        "case": found.case,
        "advice": found.advice,
        "views": found.views,
        "answered": found.answered,
        "total": found.total,
        "helpful": found.helpful,
        "can_undo": found.can_undo,
    }


def _saved(request: Request, book: Rulebook, found: Interview, fact: str, problem: str) -> Response:
    view = found.view_of(fact)
    step = words.step_title(book, found.advice.step) if found.advice.step else "nothing decides yet"
    news = f"Not saved. {problem}" if problem else f"Saved: {view.fact.title}. So far: {step}."
    if found.advice.decided and not problem:
        news += " The advice is decided; you can stop here."
    events = {
        "formfact:say": news,
        "formfact:folded": [
            item.fact.id for one in found.views for item in one.questions if found.is_folded(item)
        ],
    }
    return page(
        request,
        "partials/answer_saved.html",
        status=422 if problem else 200,
        headers={"HX-Trigger": json.dumps(events)},
        view=view,
        problem=problem,
        saved=True,
        oob=True,
        **_so_far(found),
    )


def _undone(book: Rulebook, found: Interview, name: str) -> str:
    """What an undo did, in words, for the page that it leads to."""
    fact = book.facts.get(name)
    if fact is None:
        return NOTHING_TO_UNDO if name == "?" else ""
    state = found.states.get(name)
    now = words.value_words(fact, state.value.value) if state and state.value else "not known"
    return f"Undone. {fact.title}: {now}." if state else f"Undone. {fact.title} is open again."


def _question_url(case_id: str, section: str, fact: str) -> str:
    return to(urls.SECTION, anchor=f"q-{fact}", case_id=case_id, section=section)
