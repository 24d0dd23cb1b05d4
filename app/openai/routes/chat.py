"""/v1/chat/completions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import aclosing
from typing import Any, TypeVar

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from app import urls
from app.api.bodies import JsonRoute
from app.openai.chat import Frame, streamed, whole
from app.openai.chat_bodies import NewChat, ask_of
from app.openai.errors import ApiError
from app.openai.model_server import server_of
from app.openai.names import Served, find_served
from app.openai.tokens import require_token
from app.services import Kit
from trainer.serving.protocol import Ask

router = APIRouter(dependencies=[Depends(require_token)], route_class=JsonRoute)
Result = TypeVar("Result")
GONE = 499
"""What nobody reads: whoever asked is gone."""
STREAM = {"cache-control": "no-store", "x-accel-buffering": "no"}


@router.post(urls.V1_CHAT, response_model=None)
async def create(request: Request, kit: Kit, wanted: NewChat) -> Any:
    """Continue a chat."""

    def find() -> Served:
        with kit.database.reading() as session:
            return find_served(session, kit.settings, wanted.model)

    served = await run_sync(find)
    ask = ask_of(wanted, served)
    frame = Frame(served.name, ask.chances, ask.tools is not None)
    if not wanted.stream:
        made = await _unless_gone(request, _whole(request, frame, ask))
        return made or Response(status_code=GONE)
    usage = bool(wanted.stream_options and wanted.stream_options.include_usage)
    answers = server_of(request).ask(ask)
    # the first answer is waited for: what is refused then has its proper status
    first = await _unless_gone(request, anext(answers))
    if first is None:
        await answers.aclose()
        return Response(status_code=GONE)

    async def chunks() -> AsyncIterator[bytes]:
        async with aclosing(answers):
            async for chunk in streamed(frame, _again(first, answers), ask.choices, usage=usage):
                yield chunk

    return StreamingResponse(chunks(), media_type="text/event-stream", headers=STREAM)


async def _whole(request: Request, frame: Frame, ask: Ask) -> Any:
    async with aclosing(server_of(request).ask(ask)) as answers:
        return await whole(frame, answers, ask.choices)


async def _again(first: Any, rest: AsyncIterator[Any]) -> AsyncIterator[Any]:
    yield first
    async for answer in rest:
        yield answer


async def _unless_gone(request: Request, work: Awaitable[Result]) -> Result | None:
    """The result, unless whoever asked goes away before: the work is cancelled then."""
    found: list[Result] = []
    wrong: list[ApiError] = []
    async with anyio.create_task_group() as tasks:

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            tasks.cancel_scope.cancel()

        tasks.start_soon(watch)
        try:
            found.append(await work)
        except ApiError as error:  # a group of tasks would wrap it
            wrong.append(error)
        tasks.cancel_scope.cancel()
    if wrong:
        raise wrong[0]
    return found[0] if found else None
