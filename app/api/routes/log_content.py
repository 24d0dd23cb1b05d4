"""The content of failure logs: sent whole or in parts, and gone on with where it broke off."""

from __future__ import annotations

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from starlette.responses import Response

from app import logs, urls
from app.api.bodies import CaseId
from app.api.file_parts import arrived_headers, first_of
from app.api.log_bodies import FILE, ByDigest, ByName, ContentRange, LogId, UploadOffset
from app.api.log_shapes import ArrivedOut, LogOut
from app.api.replies import Reply
from app.services import Kit, Reading, Services
from app.storage import FailureLog
from app.uploads import receive, receive_whole

router = APIRouter(tags=["failure logs"])


@router.get(urls.API_LOG_CONTENT, summary="What has arrived", response_model=ArrivedOut)
def arrived(session: Reading, case_id: CaseId, log_id: LogId) -> Response:
    """How many bytes of the file have arrived: go on from there. HEAD has it in Upload-Offset."""
    log = logs.get_log(session, case_id, log_id)
    data = {"received": log.received, "bytes": log.bytes, "state": log.state}
    return Reply(data, headers=arrived_headers(log) | {"cache-control": "no-store"}).response()


@router.put(
    urls.API_LOG_CONTENT, summary="Send the file", response_model=LogOut, openapi_extra=FILE
)
async def send(
    request: Request, kit: Kit, case_id: CaseId, log_id: LogId, part: ContentRange = None
) -> Response:
    """Send the whole file, or with Content-Range the part that follows what has arrived.

    A part for another place is refused with 409, and Upload-Offset names the right one. When all
    bytes are there and the sha256 is right, the log waits for its columns to be confirmed.
    """
    offset = None
    if part is not None:
        log = await run_sync(_log, kit, case_id, log_id)
        offset = first_of(part, log)
    return await _taken(request, kit, case_id, log_id, offset)


@router.patch(
    urls.API_LOG_CONTENT, summary="Send a part", response_model=LogOut, openapi_extra=FILE
)
async def append(
    request: Request, kit: Kit, case_id: CaseId, log_id: LogId, offset: UploadOffset
) -> Response:
    """Send the part of the file that begins at Upload-Offset; like PUT with Content-Range."""
    return await _taken(request, kit, case_id, log_id, offset)


@router.post(
    urls.API_LOG_UPLOADS,
    summary="A failure log at once",
    status_code=201,
    response_model=LogOut,
    openapi_extra=FILE,
)
async def send_new(
    request: Request, kit: Kit, case_id: CaseId, name: ByName, sha256: ByDigest = ""
) -> Response:
    """Make a log of the file that is the body; nothing is kept where that fails."""
    pieces = request.stream()
    log = await receive_whole(kit.database, kit.settings, case_id, name, pieces, sha256=sha256)
    return await run_sync(_shown, kit, log, 201)


async def _taken(
    request: Request, kit: Services, case_id: str, log_id: str, offset: int | None
) -> Response:
    log = await receive(kit.database, kit.settings, case_id, log_id, offset, request.stream())
    return await run_sync(_shown, kit, log, 200)


def _log(kit: Services, case_id: str, log_id: str) -> FailureLog:
    with kit.database.reading() as session:
        return logs.get_log(session, case_id, log_id)


def _shown(kit: Services, log: FailureLog, status: int) -> Response:
    with kit.database.reading() as session:
        data = LogOut.of(session, log).model_dump()
    location = urls.to(urls.API_LOG, case_id=log.case_id, log_id=log.id)
    return Reply(data, status, arrived_headers(log) | {"location": location}).response()
