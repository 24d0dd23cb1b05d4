"""/v1/files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import FileResponse

from app import urls
from app.openai import files
from app.openai.receiving import receive
from app.openai.results import content_of, is_result, shown_result
from app.openai.tokens import require_token
from app.services import Kit, Reading, Writing

router = APIRouter(dependencies=[Depends(require_token)])
Json = dict[str, Any]
NAMED = {"content-disposition": "attachment"}
"""Content that was sent is never shown by a browser as if it were ours."""


@router.post(urls.V1_FILES)
async def create(request: Request, kit: Kit) -> Json:
    """Take in a file."""
    kind = request.headers.get("content-type", "")
    file = await receive(kit.database, kit.settings, kind, request.stream())
    return files.shown(file)


@router.get(urls.V1_FILES)
def find(
    session: Reading,
    purpose: Annotated[str, Query(pattern="^[a-z_-]{0,20}$")] = "",
    order: Literal["asc", "desc"] = "desc",
    after: Annotated[str | None, Query(max_length=80)] = None,
    limit: Annotated[int, Query(ge=1, le=files.MOST_LISTED)] = files.MOST_LISTED,
) -> Json:
    """A page of files."""
    return files.list_files(session, purpose=purpose, order=order, cursor=after, limit=limit)


@router.get(urls.V1_FILE)
def retrieve(session: Reading, kit: Kit, file_id: str) -> Json:
    """One file."""
    if is_result(file_id):
        return shown_result(session, kit.settings, file_id)
    return files.shown(files.get_file(session, file_id))


@router.get(urls.V1_FILE_CONTENT)
def content(session: Reading, kit: Kit, file_id: str) -> Any:
    """What is in a file, as it was sent."""
    if is_result(file_id):
        return content_of(session, kit.settings, file_id)
    files.get_file(session, file_id)
    return FileResponse(
        files.path_of(kit.settings, file_id), media_type="application/octet-stream", headers=NAMED
    )


@router.delete(urls.V1_FILE)
def remove(session: Writing, kit: Kit, file_id: str) -> Json:
    """Take a file away."""
    return files.delete_file(session, kit.settings, file_id)
