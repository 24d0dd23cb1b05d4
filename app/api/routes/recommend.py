"""Advice on stated facts: nothing is stored."""

from __future__ import annotations

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.responses import Response

from app import urls
from app.api.advice_shape import AdviceOut
from app.api.bodies import Question
from app.api.openapi import body_of
from app.api.replies import JSON
from app.recommending import Recommender
from app.services import services_of

router = APIRouter(tags=["advice"])
BUSY = True
NO_STORE = {"cache-control": "no-store"}


@router.post(
    urls.RECOMMEND,
    summary="Advice for stated facts",
    response_model=AdviceOut,
    openapi_extra=body_of(Question),
)
async def recommend(request: Request) -> Response:
    """The next step for what is known, with reasons, sources, plan and what would change it.

    An omitted fact is unknown. Nothing is stored, and the same request always gets the same answer.
    """
    recommender = services_of(request).recommender
    body = await request.body()
    answer = recommender.recall(body)
    if answer is None:
        answer = await _worked_out(request, recommender, body)
    return Response(answer, 200, NO_STORE, JSON)


async def _worked_out(request: Request, recommender: Recommender, body: bytes) -> bytes:
    asked = read_question(body)
    question = (recommender.check(asked.facts), asked.as_of, asked.explained)
    kept = recommender.remember(body, *question)
    if kept is not None:
        return kept
    return await run_sync(recommender.answer, *question, limiter=_limiter(request))


def read_question(body: bytes) -> Question:
    """The question in a body. Raises RequestValidationError naming every wrong field."""
    try:
        return Question.model_validate_json(body)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in details]
        ) from error


def _limiter(request: Request) -> CapacityLimiter:
    """One computation at a time: more would only wait for one another."""
    state = request.app.state
    if not hasattr(state, "computing"):
        state.computing = CapacityLimiter(1)
    found: CapacityLimiter = state.computing
    return found
