"""What went wrong, in one shape for every edge: problem details (RFC 9457), or a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from advisor_rules import InvalidFacts
from app.errors import (
    AgainstAdvice,
    Conflict,
    Invalid,
    KeyReused,
    NotFound,
    Stale,
    StorageFull,
    Wrong,
    WrongOffset,
)

MEDIA_TYPE = "application/problem+json"
MOST_ERRORS = 100
"""Errors named in one answer; a request that is wrong throughout is told so in fewer words."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that says what went wrong: HTTP status, kind, words, and each wrong field."""

    status: int
    kind: str
    detail: str
    errors: tuple[Wrong, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The kind of problem in words."""
        return TITLES.get(self.kind) or HTTPStatus(self.status).phrase

    def as_dict(self, instance: str) -> dict[str, Any]:
        """The members of problem details; ``instance`` is the path that was asked for."""
        return {
            "type": f"urn:formfact:problem:{self.kind}" if self.kind in TITLES else "about:blank",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "errors": [{"where": item.where, "message": item.message} for item in self.errors],
        }


TITLES = {
    "invalid": "Something in the request cannot be accepted",
    "invalid-facts": "Some facts cannot be read",
    "not-json": "The body is not valid JSON",
    "not-found": "There is no such thing",
    "conflict": "This cannot be done as things stand",
    "against-advice": "The advice speaks against it",
    "stale": "It was changed since you read it",
    "too-large": "The request is too large",
    "media-type": "The body must be JSON",
    "cross-site": "Requests from other sites are refused",
    "wrong-host": "This server does not answer to that name",
    "key-reused": "The idempotency key was used for another request",
    "storage": "The data cannot be stored or read",
    "fault": "The server failed",
}

FAULT = Problem(500, "fault", "The server failed; nothing of this request was kept.")
FULL = ("full", "no space left")
AWAY = (
    "locked",
    "unable to open",
    "disk i/o",
    "connect",
    "terminat",
    "closed",
    "read-only",
    "readonly",
)
"""What SQLite and PostgreSQL say when the disk is full, and when they cannot be used just now."""


def problem_of(error: Exception) -> Problem:
    """The problem that an exception stands for; what nobody foresaw is a fault of the server."""
    for kind, made in MADE:
        if isinstance(error, kind):
            return made(error)
    return FAULT


def too_large(limit: int) -> Problem:
    """The body is larger than the server takes (in bytes)."""
    return Problem(413, "too-large", f"A body may have at most {limit:,} bytes.")


def not_json(why: str) -> Problem:
    """The body cannot be read as JSON."""
    return Problem(400, "not-json", f"The body is not valid JSON: {why}.")


def _several(status: int, kind: str, noun: str, wrong: Sequence[Wrong]) -> Problem:
    count = len(wrong)
    words = (
        f"1 {noun} cannot be accepted." if count == 1 else f"{count} {noun}s cannot be accepted."
    )
    return Problem(status, kind, words, tuple(wrong[:MOST_ERRORS]))


def _unreadable(error: RequestValidationError) -> Problem:
    details = error.errors()
    broken = next((item for item in details if item["type"] == "json_invalid"), None)
    if broken:
        return not_json(str(broken.get("ctx", {}).get("error", "it cannot be read")))
    if any(item["loc"][:1] == ("path",) for item in details):
        return Problem(404, "not-found", DETAILS[404])
    return _several(422, "invalid", "field", [_wrong(item) for item in details])


def _wrong(item: Mapping[str, Any]) -> Wrong:
    place = [str(part) for part in item["loc"]]
    where = ".".join(place[1:] if len(place) > 1 else place)
    return Wrong(where[:200], WORDS.get(item["type"]) or _lowered(str(item["msg"]))[:500])


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


WORDS = {
    "extra_forbidden": "there is no such field",
    "missing": "is missing",
    "string_type": "must be text",
    "dict_type": "must be an object",
    "bool_type": "must be true or false",
    "int_parsing": "must be a whole number",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "string_too_short": "must not be empty",
}


def _http(error: HTTPException) -> Problem:
    status = error.status_code
    kind = {404: "not-found", 413: "too-large", 415: "media-type"}.get(status, "http")
    detail = DETAILS.get(status, str(error.detail))
    return Problem(status, kind, detail, headers=dict(error.headers or {}))


DETAILS = {
    404: "Nothing is at this address.",
    405: "This method is not possible here; the Allow header names those that are.",
    413: "The body is larger than this server takes.",
}


def _bad_facts(error: InvalidFacts) -> Problem:
    wrong = [Wrong(item.fact, item.message) for item in error.problems]
    return _several(422, "invalid-facts", "fact", wrong)


def _wrong_offset(error: WrongOffset) -> Problem:
    return Problem(409, "conflict", str(error), headers={"upload-offset": str(error.right)})


def _storage(error: OperationalError) -> Problem:
    """A database that is full or away says so; any other trouble with it is a fault of ours."""
    if is_full(error):
        return Problem(507, "storage", "The disk is full; nothing of this request was kept.")
    if any(sign in str(error.orig).lower() for sign in AWAY):
        words = "The database does not answer; nothing of this request was kept. Try again."
        return Problem(503, "storage", words, headers={"retry-after": "5"})
    return FAULT


def is_full(error: OperationalError) -> bool:
    """Whether the database says that the disk is full."""
    return any(sign in str(error.orig).lower() for sign in FULL)


MADE: tuple[tuple[type[Exception], Callable[[Any], Problem]], ...] = (
    (InvalidFacts, _bad_facts),
    (Invalid, lambda error: _several(422, "invalid", "field", error.problems)),
    (NotFound, lambda error: Problem(404, "not-found", str(error))),
    (AgainstAdvice, lambda error: Problem(409, "against-advice", str(error), error.problems)),
    (Stale, lambda error: Problem(412, "stale", str(error))),
    (KeyReused, lambda error: Problem(422, "key-reused", str(error))),
    (WrongOffset, _wrong_offset),
    (StorageFull, lambda error: Problem(507, "storage", str(error))),
    (Conflict, lambda error: Problem(409, "conflict", str(error))),
    (RequestValidationError, _unreadable),
    (HTTPException, _http),
    (OperationalError, _storage),
)
"""How each foreseen exception becomes a problem: the first kind that fits."""
