"""The guard in front of every page and endpoint: who may ask, how much, and what leaves.

It refuses a name that this server does not answer to (DNS rebinding), a write from another site,
and a body that is announced as too large; it puts the security headers on every answer, and turns
what nobody foresaw into an answer that says so.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.problems import Problem, problem_of, too_large
from app.settings import Settings
from app.urls import API, V1, V1_FILES

log = logging.getLogger("formfact.web")
Refuse = Callable[[Request, Problem], Response]

SAFE_METHODS = ("GET", "HEAD", "OPTIONS", "TRACE")
HOST = re.compile(r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?")
CONTENT = re.compile(rf"{API}/cases/[^/]+/((log|document)-uploads|(logs|documents)/[^/]+/content)")
"""Endpoints that take the content of a file as it is."""
FILES = re.compile(rf"/cases/[^/]+/(logs|documents|retrieval/new)|{CONTENT.pattern}")
"""Paths whose bodies may be whole files; what takes them writes them to disk piece by piece."""
TRAINING = re.compile(r"/cases/[^/]+/training/new")
"""The form that a training job is launched with, which may carry all of its data."""
API_FILE_BYTES = 512 * 1024 * 1024
"""The largest file of training data: of the OpenAI-compatible API, as OpenAI's, and of a form."""
FORM_BYTES = 100_000
"""What a form may add round a file."""
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
RAW_HEADERS = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
NAMES = frozenset(name for name, _ in RAW_HEADERS)


class Guard:
    """ASGI middleware, outermost; ``refuse`` makes the answer for a problem."""

    def __init__(self, app: ASGIApp, settings: Settings, refuse: Refuse) -> None:
        self.app = app
        self.names = settings.names
        self.largest = settings.max_body_bytes
        self.largest_file = max(settings.max_log_bytes, settings.max_document_bytes) + FORM_BYTES
        self.refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        answered = _Answer(send)
        problem = self._objection(scope)
        if problem is None:
            if scope["method"] == "HEAD":
                scope = {**scope, "method": "GET"}  # the server leaves the body out
            try:
                return await self.app(scope, _Intake(receive, self._largest(scope)), answered)
            except Exception as error:  # the edge: a fault becomes an answer and a log entry
                log.exception("%s %s failed", scope["method"], scope["path"])
                if answered.started:
                    raise
                problem = problem_of(error)
        response = self.refuse(Request(scope), problem)
        await response(scope, receive, answered)

    def _largest(self, scope: Scope) -> int:
        """Bytes of a body at most: only the upload of a file may be as large as a file."""
        if scope["path"] == V1_FILES or TRAINING.fullmatch(scope["path"]):
            return API_FILE_BYTES + FORM_BYTES
        return self.largest_file if FILES.fullmatch(scope["path"]) else self.largest

    def _objection(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        if not host_allowed(headers.get("host", ""), self.names):
            return Problem(
                400, "wrong-host", "Name the host in FORMFACT_ALLOWED_HOSTS to allow it."
            )
        if announced(headers) > self._largest(scope):
            return too_large(self._largest(scope))
        if scope["method"] in SAFE_METHODS:
            return None
        if comes_from_elsewhere(headers):
            return Problem(403, "cross-site", "A page of another site may not write here.")
        return unreadable(scope["method"], scope["path"], headers)


class _Intake:
    """The way in: counts the body as it comes, and stops it where it grows too large."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self.receive = receive
        self.left = largest

    async def __call__(self) -> Message:
        message = await self.receive()
        self.left -= len(message.get("body", b""))
        if self.left < 0:
            raise HTTPException(413)
        return message


class _Answer:
    """The way out: adds the security headers to an answer that does not set its own."""

    def __init__(self, send: Send) -> None:
        self.send = send
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            present = {name for name, _ in message["headers"] if name in NAMES}
            message["headers"] = [
                *message["headers"],
                *(pair for pair in RAW_HEADERS if pair[0] not in present),
            ]
        await self.send(message)


def host_allowed(host: str, allowed: tuple[str, ...]) -> bool:
    """Whether a Host header names this server."""
    if "*" in allowed:
        return True
    match = HOST.fullmatch(host)
    if not match:
        return False
    name = match["name"].lower().rstrip(".")
    return any(name == item or (item.startswith(".") and name.endswith(item)) for item in allowed)


def comes_from_elsewhere(headers: Mapping[str, str]) -> bool:
    """Whether a browser says that a page of another origin sends this; others say nothing."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site not in ("same-origin", "none"):
        return True
    return origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()


def announced(headers: Mapping[str, str]) -> int:
    """The length of the body that the headers promise, in bytes; 0 where they are silent."""
    length = headers.get("content-length", "")
    return int(length) if length.isdecimal() and len(length) < 20 else 0


NO_JSON = Problem(
    415,
    "media-type",
    "Send the body as Content-Type: application/json.",
    headers={"Accept": "application/json"},
)
NO_FILE = Problem(
    415,
    "media-type",
    "Send the file itself as Content-Type: application/octet-stream, not as a form.",
    headers={"Accept": "application/octet-stream"},
)
FORMS = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")
"""What a page of another site can make a browser send without asking."""


def unreadable(method: str, path: str, headers: Mapping[str, str]) -> Problem | None:
    """What is wrong with the kind of body that an endpoint is sent; pages read their own forms."""
    if CONTENT.fullmatch(path):
        return None if carries_file(method, headers) else NO_FILE
    if path == V1_FILES or not path.startswith((API, f"{V1}/")):
        return None
    return None if carries_json(headers) else NO_JSON


def carries_file(method: str, headers: Mapping[str, str]) -> bool:
    """Whether the body is sent as a file; only what no page of another site can send needs no kind.

    Browsers ask before they send PUT or PATCH to another site.
    """
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return kind not in FORMS and (kind != "" or method != "POST")


def carries_json(headers: Mapping[str, str]) -> bool:
    """Whether the body is sent as JSON, or there is none."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = announced(headers) > 0 or "transfer-encoding" in headers
    return kind == "application/json" or (not kind and not has_body)
