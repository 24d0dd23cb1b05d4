"""Problems as answers: ``application/problem+json``, as RFC 9457 has it."""

from __future__ import annotations

import re

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_json
from starlette.requests import Request
from starlette.responses import Response

from app.problems import MEDIA_TYPE, Problem


class ErrorOut(BaseModel):
    """One thing that is wrong: a field or fact, and what is wrong with it."""

    model_config = ConfigDict(extra="forbid")

    where: str
    message: str


class ProblemOut(BaseModel):
    """RFC 9457 problem details; ``errors`` names every wrong field at once."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ErrorOut] = Field(default_factory=list)


def problem_response(request: Request, problem: Problem) -> Response:
    """The answer for a problem."""
    headers = {name.lower(): value for name, value in problem.headers.items()}
    headers["cache-control"] = "no-store"
    if problem.status == 405 and (methods := allowed_methods(request)):
        headers["allow"] = ", ".join(methods)
    content = to_json(problem.as_dict(request.url.path))
    return Response(content, problem.status, headers, MEDIA_TYPE)


def allowed_methods(request: Request) -> list[str]:
    """Every method that some endpoint takes at this path, not those of the first one alone."""
    path = request.url.path
    found = {
        method.upper()
        for template, operations in request.app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path)
        for method in operations
    }
    return sorted(found | ({"HEAD"} if "GET" in found else set()))
