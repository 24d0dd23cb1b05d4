"""Files that were sent: found, listed, deleted. `app.openai.receiving` takes them in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from app.openai.errors import ApiError, missing
from app.openai.lists import after, one_more, page
from app.settings import Settings
from app.storage import ApiFile, utc_now

PURPOSES = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
MOST_BYTES = 512 * 1024 * 1024
MOST_LISTED = 10_000
ID = re.compile(r"file-[a-z0-9]{16}")
Json = dict[str, Any]


def path_of(settings: Settings, file_id: str) -> Path:
    """Where the content of a file lies."""
    return settings.folder / "files" / file_id


def shown(file: ApiFile) -> Json:
    """A file as it is told."""
    found = {
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": int(file.created_at.timestamp()),
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
        "status_details": None,
    }
    if file.expires_at is not None:
        found["expires_at"] = int(file.expires_at.timestamp())
    return found


def get_file(session: Session, file_id: str) -> ApiFile:
    """A file that has not expired. Raises ApiError."""
    found = session.get(ApiFile, file_id) if ID.fullmatch(file_id) else None
    if found is None or (found.expires_at is not None and found.expires_at <= utc_now()):
        raise missing(f"file {file_id[:80]!r}", param="file_id")
    return found


def list_files(
    session: Session, *, purpose: str, order: str, cursor: str | None, limit: int
) -> Json:
    """A page of files. Raises ApiError where the cursor names none."""
    query = select(ApiFile).where(or_(ApiFile.expires_at.is_(None), ApiFile.expires_at > utc_now()))
    if purpose:
        query = query.where(ApiFile.purpose == purpose)
    start = cursor_of(session, cursor) if cursor else None
    query = after(query, ApiFile, start, newest_first=order == "desc")
    return page(one_more(session, query, limit), limit, shown)


def cursor_of(session: Session, cursor: str) -> ApiFile:
    """The file after which a page begins. Raises ApiError."""
    found = session.get(ApiFile, cursor) if ID.fullmatch(cursor) else None
    if found is None:
        raise ApiError(400, "after must be the id of a file.", code="invalid_value", param="after")
    return found


def delete_file(session: Session, settings: Settings, file_id: str) -> Json:
    """Take a file away; jobs that were made from it keep what they need. Raises ApiError."""
    file = get_file(session, file_id)
    session.delete(file)
    session.flush()
    path_of(settings, file_id).unlink(missing_ok=True)
    return {"id": file_id, "object": "file", "deleted": True}


def clear_expired(session: Session, settings: Settings) -> None:
    """Take away what has expired."""
    expired = session.scalars(select(ApiFile.id).where(ApiFile.expires_at <= utc_now())).all()
    for file_id in expired:
        path_of(settings, file_id).unlink(missing_ok=True)
    if expired:
        session.execute(delete(ApiFile).where(ApiFile.id.in_(expired)))
