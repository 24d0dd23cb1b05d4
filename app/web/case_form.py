"""The form for a case's name and description, new or known."""

from __future__ import annotations

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from app import urls, words
from app.cases import LONGEST_DESCRIPTION
from app.errors import Invalid
from app.storage import Case
from app.urls import to
from app.web.templating import page

LABELS = {"name": "Name", "description": "What it does and how it fails"}


def typed_in(form: FormData) -> dict[str, str]:
    """The name and description that a form holds."""
    return {name: text if isinstance(text := form.get(name), str) else "" for name in LABELS}


def case_form(
    request: Request,
    *,
    typed: dict[str, str],
    case: Case | None = None,
    version: int = 0,
    error: Invalid | None = None,
    done: str = "",
) -> Response:
    """The form as typed, with what was refused at each field."""
    wrong = {item.where: words.sentence(item.message) for item in error.problems} if error else {}
    problems = [(name, LABELS.get(name, name), message) for name, message in wrong.items()]
    return page(
        request,
        "pages/case_form.html",
        status=422 if error else 200,
        case=case,
        action=to(urls.EDIT_CASE, case_id=case.id) if case else to(urls.CASES),
        typed=typed,
        version=version,
        wrong={**dict.fromkeys(LABELS, ""), **wrong},
        problems=problems,
        longest=LONGEST_DESCRIPTION,
        done=done,
    )
