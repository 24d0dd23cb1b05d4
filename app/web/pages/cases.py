"""The list of cases; a case's name and description; archive and restore."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from advisor_rules.rulebook import Rulebook
from app import urls, words
from app.advising import latest
from app.cases import (
    LONGEST_SEARCH,
    archive_case,
    get_case,
    list_cases,
    restore_case,
    update_case,
)
from app.errors import Invalid, NotFound, Stale, Wrong
from app.intake import current_facts
from app.services import Book, Reading, Writing
from app.storage import Case
from app.urls import to
from app.web.case_form import case_form, typed_in
from app.web.csrf import Posted
from app.web.proposals import proposals_for
from app.web.templating import is_live, page, whole

router = APIRouter()
PAGE_SIZE = 20
OVERTAKEN = (
    "somebody changed this case since you opened it (its name is now “{name}”). "
    "Your text is kept below; save again to put it in place of theirs"
)
DONE = {"archived": "Archived. Nothing is deleted.", "restored": "Restored."}


@dataclass(frozen=True, slots=True)
class Row:
    """A case in the list, and how far it is."""

    case: Case
    standing: str


@router.get(urls.HOME)
def home() -> Response:
    """The cases are the front page."""
    return RedirectResponse(to(urls.CASES), 303)


@router.get(urls.CASES)
def show_cases(request: Request, session: Reading, book: Book) -> Response:
    """Cases in use or archived, found by the words of a search."""
    asked = request.query_params
    q, archived = asked.get("q", "")[:LONGEST_SEARCH], asked.get("archived") == "yes"
    cases = list_cases(
        session, search=q, archived=archived, limit=PAGE_SIZE, offset=whole(asked.get("offset"))
    )
    rows = [Row(case, _standing(session, book, case)) for case in cases.items]

    def link(offset: int) -> str:
        query = {"q": q, "archived": "yes" if archived else None, "offset": offset or None}
        return to(urls.CASES, query)

    context: dict[str, Any] = {
        "cases": replace(cases, items=rows),  # type: ignore[arg-type]  # rows for cases
        "q": q,
        "archived": archived,
        "page_link": link,
    }
    if is_live(request):
        return page(request, "partials/case_list.html", **context)
    nothing = not cases.total and not q and not archived and _none_archived(session)
    done = DONE.get(asked.get("done", ""), "")
    undo = _restorable(session, asked.get("case", "")) if done == DONE["archived"] else None
    return page(request, "pages/cases.html", nothing_yet=nothing, done=done, undo=undo, **context)


@router.get(urls.CASE)
def open_case(case_id: str, session: Reading) -> Response:
    """Where work on a case goes on: its recommendation, or else its questions."""
    get_case(session, case_id)
    pattern = urls.ADVICE if latest(session, case_id) else urls.QUESTIONS
    return RedirectResponse(to(pattern, case_id=case_id), 303)


@router.get(urls.EDIT_CASE)
def edit_case(request: Request, case_id: str, session: Reading) -> Response:
    """The form for a case's name and description."""
    case = get_case(session, case_id)
    done = "Saved." if request.query_params.get("done") == "saved" else ""
    typed = {"name": case.name, "description": case.description}
    return case_form(request, case=case, typed=typed, version=case.version, done=done)


@router.post(urls.EDIT_CASE)
def save_case(
    request: Request, case_id: str, form: Posted, session: Writing, book: Book
) -> Response:
    """Save a case's name and description, unless somebody else did in the meantime."""
    typed = typed_in(form)
    version = whole(str(form.get("version", "")))
    try:
        case = update_case(session, case_id, **typed, expected_version=version)
    except Invalid as error:
        case = get_case(session, case_id)
        return case_form(request, case=case, typed=typed, version=version, error=error)
    except Stale:
        case = get_case(session, case_id)
        overtaken = Invalid([Wrong("name", OVERTAKEN.format(name=case.name))])
        return case_form(request, case=case, typed=typed, version=case.version, error=overtaken)
    if proposals_for(book, case.description, current_facts(session, case_id)):
        return RedirectResponse(to(urls.PROPOSALS, case_id=case_id), 303)
    return RedirectResponse(to(urls.EDIT_CASE, {"done": "saved"}, case_id=case_id), 303)


@router.post(urls.ARCHIVE_CASE)
def archive(case_id: str, form: Posted, session: Writing) -> Response:
    """Put a case away."""
    archive_case(session, case_id)
    return RedirectResponse(to(urls.CASES, {"done": "archived", "case": case_id}), 303)


@router.post(urls.RESTORE_CASE)
def restore(case_id: str, form: Posted, session: Writing) -> Response:
    """Bring a case back."""
    restore_case(session, case_id)
    return RedirectResponse(to(urls.CASES, {"done": "restored"}), 303)


def _standing(session: Session, book: Rulebook, case: Case) -> str:
    record = latest(session, case.id)
    if record:
        step = words.step_title(book, record.step) if record.step else "find out more first"
        return f"Recommendation: {step}"
    said = len(current_facts(session, case.id))
    return f"{words.counted(said, 'answer')}, no recommendation yet" if said else "No answer yet"


def _restorable(session: Session, case_id: str) -> Case | None:
    """The case that was just archived, for a button that takes it back."""
    try:
        case = get_case(session, case_id)
    except NotFound:
        return None
    return case if case.archived_at else None


def _none_archived(session: Session) -> bool:
    return list_cases(session, archived=True, limit=1).total == 0
