"""What-if: the advice for other answers, not stored unless it is kept."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from advisor_rules.rulebook import Rulebook
from app import urls
from app.advising import advise_case
from app.cases import get_case
from app.intake import known_values, record_facts
from app.services import Book, Reading, Writing
from app.storage import Case
from app.urls import to
from app.web.csrf import Posted
from app.web.supposing import Supposition, context, recordable, suppose
from app.web.templating import is_live, page

router = APIRouter()
LONGEST = 100


@router.get(urls.WHAT_IF)
def what_if(request: Request, case_id: str, session: Reading, book: Book) -> Response:
    """What would be advised for the answers in the query."""
    case = get_case(session, case_id)
    typed = _typed(request.query_params, book)
    found = suppose(book, known_values(session, case_id), typed)
    return _page(request, case, book, found)


@router.post(urls.WHAT_IF)
def keep(request: Request, case_id: str, form: Posted, session: Writing, book: Book) -> Response:
    """Record the supposed answers and give the recommendation for them."""
    case = get_case(session, case_id)
    found = suppose(book, known_values(session, case_id), _typed(form, book))
    if found.problems:
        return _page(request, case, book, found)
    record_facts(session, book, case_id, recordable(found))
    advise_case(session, book, case_id)
    return RedirectResponse(to(urls.ADVICE, {"done": "kept"}, case_id=case_id), 303)


def _page(request: Request, case: Case, book: Rulebook, found: Supposition) -> Response:
    name = "partials/what_if_live.html" if is_live(request) else "pages/what_if.html"
    status = 422 if found.problems else 200
    return page(request, name, status=status, case=case, alone=True, **context(book, found))


def _typed(fields: FormData | QueryParams, book: Rulebook) -> dict[str, str]:
    return {
        name: value[:LONGEST].strip()
        for name, value in fields.items()
        if name in book.facts and isinstance(value, str)
    }
