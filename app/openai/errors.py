"""What went wrong, in OpenAI's shape: ``{"error": {"message", "type", "param", "code"}}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from app.errors import Conflict, Invalid, NotFound
from app.problems import Problem, problem_of

PREFIX = "/v1/"
BAD, BROKEN = "invalid_request_error", "server_error"
METHODS = ("DELETE", "GET", "HEAD", "POST")


class ApiError(Exception):
    """A request that cannot be answered, as OpenAI's clients know it."""

    def __init__(
        self, status: int, message: str, *, code: str | None = None, param: str | None = None
    ) -> None:
        self.status, self.message, self.code, self.param = status, message, code, param
        super().__init__(message)

    @property
    def kind(self) -> str:
        """The error's type."""
        return BROKEN if self.status >= 500 else BAD


def missing(what: str, code: str | None = None, param: str | None = None) -> ApiError:
    """There is no such thing."""
    return ApiError(404, f"There is no {what}.", code=code, param=param)


def ours(path: str) -> bool:
    """Whether a path belongs to this API."""
    return f"{path}/".startswith(PREFIX)


def answer_to(request: Request, error: Exception) -> Response:
    """The answer for an exception that was foreseen."""
    return _response(request, error_of(error), getattr(error, "headers", None))


def answer_to_problem(request: Request, problem: Problem) -> Response:
    """The answer for a problem that was found before any endpoint was asked."""
    return _response(request, _from_problem(problem), problem.headers)


def error_of(error: Exception) -> ApiError:
    """The error that an exception stands for."""
    match error:
        case ApiError():
            return error
        case RequestValidationError():
            return _unreadable(error)
        case Invalid():
            message = "; ".join(f"{item.where}: {item.message}" for item in error.problems)
            where = error.problems[0].where if error.problems else None
            return ApiError(400, message, code="invalid_value", param=where)
        case NotFound():
            return ApiError(404, str(error), code="not_found")
        case Conflict():
            # not 409: OpenAI's clients send that again by themselves, and it would stay so
            return ApiError(400, str(error), code="invalid_state")
    return _from_problem(problem_of(error))


def _from_problem(problem: Problem) -> ApiError:
    words = "; ".join((problem.detail, *(f"{e.where}: {e.message}" for e in problem.errors)))
    return ApiError(problem.status, words, code=problem.kind.replace("-", "_"))


CODES = {"missing": "missing_required_parameter", "extra_forbidden": "unknown_parameter"}


def _unreadable(error: RequestValidationError) -> ApiError:
    """Every field that is wrong, in one message; ``param`` names the first."""
    found = error.errors()
    if any(item["type"] == "json_invalid" for item in found):
        return ApiError(400, "The body is not valid JSON.", code="invalid_json")
    if any(item["loc"][:1] == ("path",) for item in found):
        return ApiError(404, "There is nothing with this name.", code="not_found")
    lines = [f"{_place(item) or 'body'}: {_words(item)}" for item in found[:20]]
    code = CODES.get(found[0]["type"], "invalid_value")
    return ApiError(400, "; ".join(lines), code=code, param=_place(found[0]) or None)


def _place(item: Mapping[str, Any]) -> str:
    return ".".join(map(str, item["loc"][1:]))[:200]


def _words(item: Mapping[str, Any]) -> str:
    plain = {"missing": "is missing", "extra_forbidden": "there is no such parameter"}
    return plain.get(item["type"]) or str(item["msg"])[:300]


def _response(request: Request, error: ApiError, headers: Mapping[str, str] | None) -> Response:
    sent = {name.lower(): value for name, value in (headers or {}).items()}
    if error.status == 405:
        sent["allow"] = ", ".join(allowed(request))
    # OpenAI's clients repeat what fails with 5xx: of that, only a busy server gets better by itself
    again = error.status == 429 or error.code == "server_busy"
    sent |= {"cache-control": "no-store", "x-should-retry": "true" if again else "false"}
    told = {
        "message": error.message,
        "type": error.kind,
        "param": error.param,
        "code": error.code,
    }
    return Response(to_json({"error": told}), error.status, sent, "application/json")


def allowed(request: Request) -> list[str]:
    """Every method that some endpoint takes at this path."""
    path = request.url.path
    scopes = ({"type": "http", "path": path, "method": method} for method in METHODS)
    return [
        scope["method"]
        for scope in scopes
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]
