"""A new case: its name and description, what the description suggests, or the bundled example."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import urls
from app.cases import create_case, get_case
from app.errors import Invalid
from app.intake import current_facts, record_facts
from app.services import Book, Reading, Writing
from app.storage import Case
from app.urls import to
from app.web.case_form import case_form, typed_in
from app.web.csrf import Posted
from app.web.proposals import Shown, as_chosen, proposals_for, to_record
from app.web.templating import page

router = APIRouter()


@router.get(urls.NEW_CASE)
def new_case(request: Request) -> Response:
    """The form for a new case."""
    return case_form(request, typed={"name": "", "description": ""})


@router.post(urls.CASES)
def create(request: Request, form: Posted, session: Writing, book: Book) -> Response:
    """Make a case, then show what its description suggests or the first questions."""
    typed = typed_in(form)
    try:
        case = create_case(session, **typed)
    except Invalid as error:
        return case_form(request, typed=typed, error=error)
    pattern = urls.PROPOSALS if proposals_for(book, case.description, {}) else urls.QUESTIONS
    return RedirectResponse(to(pattern, case_id=case.id), 303)


@router.post(urls.EXAMPLE)
def example(form: Posted, session: Writing, book: Book) -> Response:
    """A case with the bundled example's answers."""
    from app.demo.case import read_answers

    answers = read_answers()
    case = create_case(session, answers.title, EXAMPLE_WORDS)
    known = {name: value for name, value in answers.facts.items() if name in book.facts}
    record_facts(session, book, case.id, known)
    return RedirectResponse(to(urls.QUESTIONS, case_id=case.id), 303)


@router.get(urls.PROPOSALS)
def show_proposals(request: Request, case_id: str, session: Reading, book: Book) -> Response:
    """What the description suggests, each to be kept, changed or dropped."""
    case = get_case(session, case_id)
    proposals = proposals_for(book, case.description, current_facts(session, case_id))
    return _page(request, case, proposals)


@router.post(urls.PROPOSALS)
def take_proposals(
    request: Request, case_id: str, form: Posted, session: Writing, book: Book
) -> Response:
    """Record what was kept or changed, all of it or nothing."""
    case = get_case(session, case_id)
    proposals = proposals_for(book, case.description, current_facts(session, case_id))
    chosen = as_chosen(form, proposals)
    if any(item.problem for item in chosen):
        return _page(request, case, chosen, status=422)
    record_facts(session, book, case_id, to_record(chosen))
    return RedirectResponse(to(urls.QUESTIONS, case_id=case_id), 303)


EXAMPLE_WORDS = (
    "An example that comes with formfact. A general model with one prompt answers questions on "
    "Python's standard library; a script reads its JSON."
)


def _page(request: Request, case: Case, proposals: list[Shown], status: int = 200) -> Response:
    problems = [
        (f"c-{item.fact.id}", item.fact.title, item.problem) for item in proposals if item.problem
    ]
    return page(
        request,
        "pages/proposals.html",
        status=status,
        case=case,
        proposals=proposals,
        problems=problems,
    )
