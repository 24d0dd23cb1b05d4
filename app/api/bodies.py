"""Bodies of requests: JSON that is read strictly, and the shapes that endpoints take."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import date
from json import JSONDecodeError
from typing import Annotated, Any

from fastapi import Path, Query
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json
from starlette.requests import Request
from starlette.responses import Response

from app.cases import LONGEST_DESCRIPTION, LONGEST_NAME, LONGEST_SEARCH
from app.paging import MOST

MOST_WITHDRAWN = 1_000
FURTHEST = 1_000_000_000


class JsonRequest(Request):
    """A request whose JSON holds no NaN, no lone surrogate and no endless number."""

    async def json(self) -> Any:
        """The body as data. Raises JSONDecodeError."""
        try:
            return from_json(await self.body(), allow_inf_nan=False)
        except ValueError as error:
            raise JSONDecodeError(str(error)[:200], "", 0) from error


class JsonRoute(APIRoute):
    """A route whose endpoint gets its body from a JsonRequest."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler, given the strict request."""
        handle = super().get_route_handler()

        async def strictly(request: Request) -> Response:
            return await handle(JsonRequest(request.scope, request.receive))

        return strictly


class Body(BaseModel):
    """A JSON object with no other fields than these."""

    model_config = ConfigDict(extra="forbid")


Name = Annotated[str, Field(min_length=1, max_length=LONGEST_NAME)]
Description = Annotated[str, Field(max_length=LONGEST_DESCRIPTION)]
Stated = Annotated[
    dict[str, Any],
    Field(
        description="Fact id to value, to `{value, origin, evidence}`, or to null: not known. "
        "GET /api/v1/facts describes every fact."
    ),
]
AsOf = Annotated[
    date | None,
    Field(
        description="Rules and thresholds in force at this date; by default the newest date that "
        "the rulebook speaks of."
    ),
]


class Question(Body):
    """What is known, to get advice on; nothing is stored."""

    model_config = ConfigDict(extra="forbid", strict=True)

    facts: Stated
    as_of: AsOf = None
    explained: Annotated[
        bool, Field(description="False leaves out flips and next questions: quicker.")
    ] = True


class NewCase(Body):
    """A new case."""

    name: Name
    description: Description = ""


class CaseChanges(Body):
    """Changes of a case; what is left out stays."""

    name: Name | None = None
    description: Description | None = None


class FactsIn(Body):
    """What is said about facts, all at once: stored whole or not at all."""

    facts: Stated = Field(default_factory=dict)
    withdraw: Annotated[
        list[str],
        Field(
            max_length=MOST_WITHDRAWN,
            description="Ids of facts of which nothing shall be said any more.",
        ),
    ] = Field(default_factory=list)


class AdviceIn(Body):
    """For which date advice is wanted."""

    as_of: AsOf = None


CaseId = Annotated[str, Path(pattern="^[a-z0-9]{1,32}$", description="The id of the case.")]
Number = Annotated[int, Path(ge=1, le=FURTHEST, description="The advice's number, from 1.")]
Limit = Annotated[int, Query(ge=1, le=MOST, description="Items on a page.")]
Offset = Annotated[int, Query(ge=0, le=FURTHEST, description="Items left out before the page.")]
Search = Annotated[
    str, Query(max_length=LONGEST_SEARCH, description="Words that name or description hold.")
]
