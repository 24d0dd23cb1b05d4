"""Answers: JSON with an ETag, 304 where nothing changed, links to the other pages of a list."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlencode

from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from app.errors import Stale
from app.paging import Page
from app.storage import Case

JSON = "application/json"
Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer before it is sent: status, JSON-ready data, headers."""

    data: Any
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def body(self) -> bytes:
        """The data as JSON."""
        return to_json(self.data)

    def response(self) -> Response:
        """The answer as it is sent."""
        return Response(self.body(), self.status, dict(self.headers), JSON)


def read(
    request: Request,
    data: Any,
    *,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
    media_type: str = JSON,
) -> Response:
    """The answer to a read, with its ETag; 304 where the client already has it."""
    content = data if isinstance(data, bytes) else to_json(data)
    tag = etag or digest(content)
    sent = {"etag": tag, "cache-control": "no-cache", **(headers or {})}
    if matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=sent)
    return Response(content, 200, sent, media_type)


def digest(content: bytes) -> str:
    """An ETag for content."""
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"'


def version_tag(case: Case) -> str:
    """The ETag of a case and of its facts."""
    return f'"v{case.version}"'


def matches(header: str, tag: str) -> bool:
    """Whether an If-None-Match header names this tag (or any)."""
    given = [part.strip().removeprefix("W/") for part in header.split(",")]
    return "*" in given or tag in given


def expected_version(header: str | None) -> int | None:
    """The version that an If-Match header expects; None where any will do.

    Raises Stale for a tag that this server never gave.
    """
    if header is None or header.strip() == "*":
        return None
    number = header.strip().removeprefix('"v').removesuffix('"')
    if header.strip() != f'"v{number}"' or not number.isdecimal() or len(number) > 9:
        raise Stale("If-Match must hold the ETag of the case as you read it.")
    return int(number)


def read_page(request: Request, page: Page[Item], shown: Callable[[Item], Any]) -> Response:
    """The answer for one page of a list, with links to the others."""
    data = {
        "items": [shown(item) for item in page.items],
        "total": page.total,
        "limit": page.limit,
        "offset": page.offset,
    }
    return read(request, data, headers={"link": links(request, page)})


def links(request: Request, page: Page[Any]) -> str:
    """The Link header (RFC 8288): first, last, and the pages before and after if there are any."""
    last = max(0, (page.total - 1) // page.limit * page.limit)
    places = {
        "first": 0,
        "prev": page.previous_offset,
        "next": page.next_offset,
        "last": last,
    }
    return ", ".join(
        f'<{_at(request, page.limit, offset)}>; rel="{name}"'
        for name, offset in places.items()
        if offset is not None
    )


def _at(request: Request, limit: int, offset: int) -> str:
    asked = [
        (key, value)
        for key, value in request.query_params.multi_items()
        if key not in ("limit", "offset")
    ]
    return f"{request.url.path}?{urlencode([*asked, ('limit', limit), ('offset', offset)])}"
