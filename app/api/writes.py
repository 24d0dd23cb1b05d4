"""Writes that can be repeated safely: Idempotency-Key, and If-Match against lost updates."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.api.replies import JSON, Reply, expected_version
from app.errors import KeyReused
from app.services import services_of
from app.storage import Database, IdempotencyKey, utc_now

KEPT = timedelta(hours=24)
"""How long the answer to a write is kept for a repetition."""
KEY = r"^[!-~]{1,200}$"
KEPT_HEADERS = ("location", "etag")

KeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=KEY,
        description="Any text of your own. The same request with the same key is carried out once; "
        "its answer is kept for 24 hours and given again.",
    ),
]
MatchHeader = Annotated[
    str | None,
    Header(
        alias="If-Match",
        description="The ETag of the case as you read it; 412 if it was changed since.",
    ),
]


@dataclass(frozen=True, slots=True)
class Write:
    """A write as it was asked for; ``once`` carries it out in one transaction."""

    request: Request
    database: Database
    key: str | None
    match: str | None

    @property
    def expected(self) -> int | None:
        """The version of the case that the client read; None if it does not say. Raises Stale."""
        return expected_version(self.match)

    def once(self, body: BaseModel | None, act: Callable[[Session], Reply]) -> Response:
        """Carry out ``act`` and keep its answer, or give the answer that is kept.

        The answer is stored in the transaction of the write itself: either both are there or
        neither is. A second request with the same key waits for the first.
        """
        with self.database.writing() as session:
            if self.key is None:
                return act(session).response()
            kept = self._claim(session, self._content(body))
            if kept.status is not None:
                return _again(kept)
            reply = act(session)
            kept.status, kept.body = reply.status, reply.body()
            kept.headers = {
                name: reply.headers[name] for name in KEPT_HEADERS if name in reply.headers
            }
        return reply.response()

    def _content(self, body: BaseModel | None) -> str:
        said = body.model_dump_json(exclude_unset=True) if body else ""
        whole = f"{self.request.url.query}\0{self.match}\0{said}"
        return hashlib.sha256(whole.encode()).hexdigest()

    def _claim(self, session: Session, content: str) -> IdempotencyKey:
        """The row for this key: new, or as an earlier request left it. Raises KeyReused."""
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < utc_now() - KEPT))
        method, path = self.request.method, self.request.url.path
        row = IdempotencyKey(key=self.key, method=method, path=path, request_hash=content)
        try:
            with session.begin_nested():
                session.add(row)
            return row
        except IntegrityError:
            found = session.scalars(
                select(IdempotencyKey).filter_by(key=self.key, method=method, path=path)
            ).one()
        if found.request_hash != content:
            raise KeyReused("This Idempotency-Key was used for another request. Take a new one.")
        return found


def _again(kept: IdempotencyKey) -> Response:
    headers = {**kept.headers, "idempotency-replayed": "true"}
    return Response(kept.body, kept.status or 200, headers, JSON)


def _write(request: Request, key: KeyHeader = None, match: MatchHeader = None) -> Write:
    return Write(request, services_of(request).database, key, match)


def _write_new(request: Request, key: KeyHeader = None) -> Write:
    return Write(request, services_of(request).database, key, None)


Writes = Annotated[Write, Depends(_write)]
WritesNew = Annotated[Write, Depends(_write_new)]
