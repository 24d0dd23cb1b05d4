"""The page that says what went wrong, and what to do about it."""

from __future__ import annotations

import logging
from http import HTTPStatus

from jinja2 import TemplateError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.problems import Problem
from app.web.templating import is_live, page

log = logging.getLogger("formfact.web")
STALE = "This page has grown stale"
WORDS = {
    400: ("This request cannot be read", "Go back, reload the page and try again."),
    404: ("There is nothing at this address", "It may be mistyped, or gone."),
    405: ("This address does not work that way", "It belongs to a form; use the page's buttons."),
    409: ("This cannot be done as things stand", "Reload the page and try again."),
    412: ("Somebody changed this in the meantime", "Reload the page to see the change."),
    413: ("That is too large", "Send less at once: shorten the text, or split the file."),
    507: ("The disk is full", "Nothing was kept. Make room on the server and try again."),
    422: ("Something cannot be accepted", "Go back, correct it and send it again."),
    500: ("Something went wrong on the server", "Nothing was kept. Try again in a moment."),
}


def error_page(request: Request, problem: Problem) -> Response:
    """A page for a problem, with its status and headers; it never says what is inside."""
    heading, message = WORDS.get(
        problem.status, (HTTPStatus(problem.status).phrase, problem.detail)
    )
    typed: list[tuple[str, str]] = []
    if problem.status == 403:
        heading, message, typed = _refused(request, problem)
    if problem.errors:
        message = " ".join(f"{item.where}: {item.message}." for item in problem.errors)
    headers = {**problem.headers, **({"HX-Reswap": "none"} if is_live(request) else {})}
    try:
        return page(
            request,
            "pages/error.html",
            status=problem.status,
            headers=headers,
            here="",
            heading=heading,
            message=message,
            typed=typed,
        )
    except TemplateError:
        log.exception("the error page cannot be shown")
        return PlainTextResponse(f"{heading}. {message}", problem.status, headers)


def _refused(request: Request, problem: Problem) -> tuple[str, str, list[tuple[str, str]]]:
    """Words for a refused form, with what was typed if our own page may have sent it."""
    if problem.kind == "cross-site":
        return problem.title, problem.detail, []
    message = (
        "The form was open too long, or cookies were cleared or are off. Nothing was saved. "
        "Reload the page and try again."
    )
    return STALE, message, getattr(request.state, "typed", [])
