"""What comes out of a training job: its events, at once or as they happen, and its files."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import anyio
from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from pydantic_core import to_json
from starlette.responses import FileResponse, Response, StreamingResponse

from app import urls
from app.api.replies import read
from app.api.train_bodies import After, EventLimit, FileName, JobId, LastEvent
from app.api.train_shapes import EventOut, EventsOut
from app.errors import NotFound
from app.services import Kit, Reading, Services
from app.storage import TrainEvent
from app.training.events import events_since
from app.training.jobs import get_job
from app.training.outputs import outputs_of, zipped
from trainer.contract import ENDED

router = APIRouter(tags=["training jobs"])
STREAM = "text/event-stream"
LOOK_SECONDS = 0.5
ALIVE_SECONDS = 15.0
"""Proxies close a connection on which nothing is heard."""
LONGEST_SECONDS = 300.0
"""Then the client connects again, and goes on after the last event that it has."""
BINARY = {"schema": {"type": "string", "format": "binary"}}
KINDS = {
    "adapter": "application/zip",
    "merged": "application/zip",
    "events": "application/x-ndjson",
}
TEXT = "text/plain; charset=utf-8"


@router.get(
    urls.API_JOB_EVENTS,
    summary="What happens to a job",
    response_model=EventsOut,
    responses={
        200: {"content": {STREAM: {"schema": {"type": "string"}}}},
        204: {"description": "A stream that is at its end: do not connect again."},
    },
)
async def events(
    request: Request,
    kit: Kit,
    job_id: JobId,
    after: After = 0,
    limit: EventLimit = 500,
    last: LastEvent = None,
) -> Response:
    """Events after an id; with `Accept: text/event-stream` as they happen, until the job has ended.

    A stream names the id of each event, so that a client that connects again misses none.
    """
    since = after if last is None else last
    found = await run_sync(_look, kit, job_id, since, limit)
    if STREAM not in request.headers.get("accept", ""):
        return read(request, _shown(found, since))
    if last is not None and found.over:
        return Response(status_code=204)
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
    return StreamingResponse(_stream(kit, job_id, since), 200, headers, STREAM)


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look at a job found."""

    events: list[TrainEvent]
    state: str

    @property
    def over(self) -> bool:
        """Whether there is nothing more to come."""
        return self.state in ENDED and not self.events


def _look(kit: Services, job_id: str, after: int, limit: int) -> _Found:
    with kit.database.reading() as session:
        state = get_job(session, job_id).state  # read first: an end comes after all events
        return _Found(events_since(session, job_id, after, limit=limit), state)


def _shown(found: _Found, since: int) -> dict[str, object]:
    return {
        "items": [EventOut.model_validate(item).model_dump() for item in found.events],
        "last": found.events[-1].id if found.events else since,
        "state": found.state,
    }


async def _stream(kit: Services, job_id: str, after: int) -> AsyncIterator[bytes]:
    begun = spoken = time.monotonic()
    yield b"retry: 1000\n\n"
    while time.monotonic() - begun < LONGEST_SECONDS:
        try:
            found = await run_sync(_look, kit, job_id, after, 500)
        except NotFound:
            return
        for event in found.events:
            after, spoken = event.id, time.monotonic()
            yield _message(event)
        if found.over:
            yield b"event: end\ndata: " + to_json({"state": found.state}) + b"\n\n"
            return
        if time.monotonic() - spoken > ALIVE_SECONDS:
            spoken = time.monotonic()
            yield b": still here\n\n"
        if not found.events:
            await anyio.sleep(LOOK_SECONDS)


def _message(event: TrainEvent) -> bytes:
    shown = EventOut.model_validate(event).model_dump()
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, event.kind.encode(), to_json(shown))


@router.get(
    urls.API_JOB_FILE,
    summary="Take a file away",
    response_class=StreamingResponse,
    responses={200: {"content": dict.fromkeys((*KINDS.values(), "text/plain"), BINARY)}},
)
def download(session: Reading, kit: Kit, job_id: JobId, name: FileName) -> Response:
    """Adapter or merged weights as a ZIP archive; model card, log and events as they are."""
    job = get_job(session, job_id)
    path = outputs_of(kit.settings, job).get(name)
    if path is None:
        raise NotFound(f"{name} of this job yet")
    return _sent(path, f"{job.id}-{name}", KINDS.get(name, TEXT))


def _sent(path: Path, name: str, kind: str) -> Response:
    if path.is_dir():
        headers = {"content-disposition": f'attachment; filename="{name}.zip"'}
        return StreamingResponse(zipped(path), 200, headers, kind)
    ending = ".jsonl" if kind in KINDS.values() else ".txt"
    return FileResponse(path, media_type=kind, filename=name + ending)
