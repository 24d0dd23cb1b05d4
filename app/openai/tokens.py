"""Tokens of those who may use the API: made once, kept as a digest, asked for from then on.

Without any token the API is open where only this machine reaches the server, as its pages are.
Once a token was made it is asked for everywhere, also after the last one was revoked.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid, NotFound, Wrong
from app.openai.errors import ApiError
from app.services import services_of
from app.settings import LOOPBACK, Settings
from app.storage import ApiToken, utc_now
from app.text import text_problem, tidy

PREFIX = "ff-"
SHAPE = re.compile(r"ff-[A-Za-z0-9_-]{43}")
HINT = 4
"""Letters by which a token is recognised: of 43, so it stays unguessable."""
LONGEST_NAME = 200


def new_token(session: Session, name: str) -> tuple[ApiToken, str]:
    """A new token and its secret, which is told this once. Raises Invalid."""
    name = tidy(name)
    if problem := text_problem(name, LONGEST_NAME) if name else "must not be empty":
        raise Invalid([Wrong("name", problem)])
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(name=name, digest=_digest(secret), hint=secret[-HINT:])
    session.add(token)
    session.flush()
    return token, secret


def list_tokens(session: Session) -> list[ApiToken]:
    """Every token, oldest first, revoked ones included."""
    return list(session.scalars(select(ApiToken).order_by(ApiToken.created_at, ApiToken.id)))


def revoke_token(session: Session, token_id: str) -> ApiToken:
    """Let a token be good for nothing from now on. Raises NotFound."""
    token = session.get(ApiToken, token_id)
    if token is None:
        raise NotFound("token with this id")
    token.revoked_at = token.revoked_at or utc_now()
    return token


def is_valid(session: Session, secret: str) -> bool:
    """Whether a secret is that of a token in force."""
    if not SHAPE.fullmatch(secret):
        return False
    found = session.scalar(select(ApiToken).where(ApiToken.digest == _digest(secret)))
    return found is not None and found.revoked_at is None


def is_open(session: Session, settings: Settings) -> bool:
    """Whether nobody is asked for a token."""
    local = settings.host.lower() in (*LOOPBACK, "::1") or settings.host.startswith("127.")
    made = session.scalar(select(ApiToken.id).limit(1)) is not None
    return local and not settings.allow_remote and not made


def require_token(request: Request) -> None:
    """Let a request through that may use the API. Raises ApiError."""
    services = services_of(request)
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    with services.database.reading() as session:
        if is_open(session, services.settings):
            return
        if kind.lower() == "bearer" and is_valid(session, given.strip()):
            return
    words = (
        "Send a token of this server as `Authorization: Bearer`. `formfact token new NAME` makes "
        "one where the server runs."
    )
    code = "invalid_api_key" if given else None
    raise ApiError(401, words, code=code)


Authorised = Annotated[None, Depends(require_token)]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
