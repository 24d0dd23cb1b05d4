"""Under which name somebody labels: typed once, then kept in a cookie of their browser."""

from __future__ import annotations

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.responses import Response

from app.labelling import LONGEST_ANNOTATOR
from app.services import services_of
from app.text import text_problem, tidy

COOKIE = "formfact_annotator"
AGE = 180 * 24 * 3600
"""Seconds for which a browser keeps the name."""


def annotator_of(request: Request) -> str:
    """The name that this browser labels under; '' where it has none."""
    name = tidy(unquote(request.cookies.get(COOKIE, "")))
    return "" if text_problem(name, LONGEST_ANNOTATOR) else name


def remember(request: Request, response: Response, name: str) -> Response:
    """The response with the name kept in the browser."""
    response.set_cookie(
        COOKIE,
        quote(tidy(name), safe=""),
        max_age=AGE,
        httponly=True,
        samesite="strict",
        secure=services_of(request).settings.secure_cookies,
    )
    return response
