"""Forms that only our own pages can send: a signed token bound to a cookie of the same browser.

The cookie is SameSite=Strict and HttpOnly, so another site can neither send nor read it; the token
in each form is signed and names that cookie, so that a form without it, or from another browser, is
refused.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Annotated

from fastapi import Depends
from itsdangerous import BadData, URLSafeTimedSerializer
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.services import services_of
from app.settings import Settings

COOKIE = "formfact"
COOKIE_SHAPE = re.compile(r"[A-Za-z0-9_-]{43}")
FIELD = "csrf_token"
HEADER = "x-csrf-token"
LONGEST_AGE = 7 * 24 * 3600
"""Seconds for which a page that stays open can still send its forms."""
MOST_FIELDS = 400
MOST_FILES = 200
"""Files that one form sends at most."""


async def posted(request: Request) -> FormData:
    """The fields of a form that our own page sent.

    Raises HTTPException: 403 where the token is missing, stale or another browser's. What was typed
    is kept in ``request.state.typed`` so that the page which says so can offer it again.
    """
    return await _ours(request, files=0)


async def posted_file(request: Request) -> AsyncIterator[FormData]:
    """The same for a form that may carry one file; a body that is no form is left to be read."""
    try:
        yield await _ours(request, files=1)
    finally:
        await request.close()


async def posted_files(request: Request) -> AsyncIterator[FormData]:
    """The same for a form that may carry several files."""
    try:
        yield await _ours(request, files=MOST_FILES)
    finally:
        await request.close()


async def _ours(request: Request, files: int) -> FormData:
    form = await request.form(max_files=files, max_fields=MOST_FIELDS)
    given = request.headers.get(HEADER) or form.get(FIELD)
    if not isinstance(given, str) or not _is_ours(request, given):
        request.state.typed = [
            (name, value)
            for name, value in form.multi_items()
            if name != FIELD and isinstance(value, str)
        ]
        raise HTTPException(403, "stale form")
    return form


Posted = Annotated[FormData, Depends(posted)]
PostedFile = Annotated[FormData, Depends(posted_file)]
PostedFiles = Annotated[FormData, Depends(posted_files)]


def token_for(request: Request) -> str:
    """The token to put into this browser's forms; names a new cookie where there is none."""
    cookie = _cookie_of(request)
    if cookie is None:
        cookie = getattr(request.state, "new_cookie", None) or secrets.token_urlsafe(32)
        request.state.new_cookie = cookie
    return _signer(services_of(request).settings).dumps(_digest(cookie))


def set_cookie(request: Request, response: Response) -> None:
    """Give the browser the cookie that ``token_for`` named, if it was a new one."""
    cookie = getattr(request.state, "new_cookie", None)
    if cookie:
        response.set_cookie(
            COOKIE,
            cookie,
            httponly=True,
            samesite="strict",
            secure=services_of(request).settings.secure_cookies,
        )


def _is_ours(request: Request, token: str) -> bool:
    cookie = _cookie_of(request)
    if cookie is None:
        return False
    try:
        named = _signer(services_of(request).settings).loads(token, max_age=LONGEST_AGE)
    except BadData:
        return False
    return isinstance(named, str) and secrets.compare_digest(
        named.encode(), _digest(cookie).encode()
    )


def _cookie_of(request: Request) -> str | None:
    cookie = request.cookies.get(COOKIE, "")
    return cookie if COOKIE_SHAPE.fullmatch(cookie) else None


def _digest(cookie: str) -> str:
    return hashlib.sha256(cookie.encode()).hexdigest()[:32]


@lru_cache(maxsize=8)
def _signer(settings: Settings) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(settings.secret(), salt="form")
