"""Uploads: the content of a log, written to disk piece by piece as it comes, and resumed."""

from __future__ import annotations

from collections.abc import AsyncIterator

from app.settings import Settings
from app.storage import Database, FailureLog


async def receive(
    database: Database,
    settings: Settings,
    case_id: str,
    log_id: str,
    offset: int,
    pieces: AsyncIterator[bytes],
) -> FailureLog:
    """Append content from ``offset`` (in bytes) on; the log as it is afterwards.

    What arrived stays, also where the connection breaks off, and the next piece goes on from
    ``received``. The last one checks size and sha256 and makes the log ``uploaded``. Raises
    NotFound, Conflict (``WrongOffset`` names the right one), StorageFull where the disk is full
    (nothing of this piece is kept), or Invalid where the file is too large or not what was
    announced.
    """
    raise NotImplementedError


async def receive_whole(
    database: Database,
    settings: Settings,
    case_id: str,
    name: str,
    pieces: AsyncIterator[bytes],
    *,
    sha256: str = "",
) -> FailureLog:
    """A new log with all of its content at once; nothing is kept where that fails.

    Raises NotFound, StorageFull, or Invalid.
    """
    raise NotImplementedError
