"""Uploads: the content of a log, written to disk piece by piece as it comes, and resumed."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from anyio import CancelScope
from anyio.to_thread import run_sync
from sqlalchemy import delete

from app.errors import Conflict, Invalid, StorageFull, Wrong, WrongOffset
from app.logs import create_log, file_of, get_log, lock_log, without_path
from app.settings import Settings
from app.storage import Database, FailureLog
from evidence.reading import LogUnreadable
from evidence.reading.files import kind_of

PIECE = 1 << 20
"""Bytes that are gathered before they are written: few writes, little memory."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
STOPPED = "Nothing more can be sent: the file is there, or the upload was stopped."
NO_ROOM = "The disk is full; nothing of what was sent was kept. Make room, then send it again."


async def receive(
    database: Database,
    settings: Settings,
    case_id: str,
    log_id: str,
    offset: int | None,
    pieces: AsyncIterator[bytes],
) -> FailureLog:
    """Append content from ``offset`` (in bytes) on; the log as it is afterwards.

    None begins anew, whatever has arrived before.

    What arrived stays, also where the connection breaks off, and the next piece goes on from
    ``received``. The last one checks size and sha256 and makes the log ``uploaded``. Raises
    NotFound, Conflict (``WrongOffset`` names the right one), StorageFull where the disk is full
    (nothing of this piece is kept), or Invalid where the file is too large or not what was
    announced.
    """
    upload = Upload(database, settings, case_id, log_id)
    log = await run_sync(upload.log)
    with _held(file_of(settings, log)) as file:
        log = await run_sync(upload.begin, file, offset)
        sink = _Sink(file, file.tell(), log.bytes or settings.max_log_bytes)
        try:
            await sink.take(pieces)
        finally:
            with CancelScope(shield=True):
                log = await run_sync(upload.note, file, sink.end)
        return await run_sync(upload.finish) if log.received == log.bytes else log


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

    def create() -> FailureLog:
        with database.writing() as session:
            most = settings.max_log_bytes
            return create_log(session, case_id, name, None, sha256=sha256, most_bytes=most)

    log = await run_sync(create)
    upload = Upload(database, settings, case_id, log.id)
    whole = False
    try:
        log = await receive(database, settings, case_id, log.id, 0, pieces)
        if not log.received:
            raise Invalid([Wrong("content", "is empty")])
        log = await run_sync(upload.finish)
        whole = True
        return log
    finally:
        if not whole:
            with CancelScope(shield=True):
                await run_sync(upload.forget)


class Upload:
    """What the database knows of the file of one log."""

    def __init__(self, database: Database, settings: Settings, case_id: str, log_id: str) -> None:
        self.database, self.settings = database, settings
        self.case_id, self.log_id = case_id, log_id

    def log(self) -> FailureLog:
        """The log. Raises NotFound."""
        with self.database.reading() as session:
            return get_log(session, self.case_id, self.log_id)

    def begin(self, file: BinaryIO, offset: int | None) -> FailureLog:
        """Make ready for what comes at an offset, or for the whole file. Raises Conflict."""
        log = self.log()
        if log.state != "uploading":
            raise Conflict(STOPPED)
        if offset not in (None, log.received):
            raise WrongOffset(log.received)
        file.truncate(offset or 0)  # a process that died may have left more than it noted
        file.seek(offset or 0)
        return log

    def note(self, file: BinaryIO, received: int) -> FailureLog:
        """Note how much there is, once the disk has it."""
        os.fsync(file.fileno())
        with self.database.writing() as session:
            log = lock_log(session, self.case_id, self.log_id)
            log.received = received
            return log

    def finish(self) -> FailureLog:
        """Check the whole file; it then waits for its columns. Raises Invalid where it differs."""
        before = self.log()
        found = _sha256(file_of(self.settings, before))
        same = before.sha256 in ("", found)
        with self.database.writing() as session:
            log = lock_log(session, self.case_id, self.log_id)
            if log.state != "uploading":
                raise Conflict(STOPPED)
            if same:
                log.bytes, log.sha256 = log.received, found
                self._look_at(log)
            else:
                log.received = 0
        if not same:
            words = "is not that of the file that arrived. Send it again from its beginning."
            raise Invalid([Wrong("sha256", words)])
        return log

    def _look_at(self, log: FailureLog) -> None:
        path = file_of(self.settings, log)
        try:
            log.kind, log.state = kind_of(path), "uploaded"
        except LogUnreadable as error:
            log.state, log.error = "failed", without_path(str(error), path)

    def forget(self) -> None:
        """Take a log away of which nothing was read yet."""
        file_of(self.settings, self.log()).unlink(missing_ok=True)
        with self.database.writing() as session:
            session.execute(delete(FailureLog).where(FailureLog.id == self.log_id))


@contextmanager
def _held(path: Path) -> Iterator[BinaryIO]:
    """The file, for this upload alone. Raises Conflict where another one writes to it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "r+b", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("Another upload of this file is going on.") from error
        yield file


class _Sink:
    """A file that takes pieces up to a limit; ``end`` is where what it kept ends."""

    def __init__(self, file: BinaryIO, start: int, limit: int) -> None:
        self.file, self.start, self.limit = file, start, limit
        self.end = start

    async def take(self, pieces: AsyncIterator[bytes]) -> None:
        """Write every piece; where that cannot be, go back to the start and raise."""
        gathered = bytearray()
        try:
            async for piece in pieces:
                gathered += piece
                if len(gathered) >= PIECE:
                    await self._write(gathered)
        finally:
            with CancelScope(shield=True):
                await self._write(gathered)

    async def _write(self, gathered: bytearray) -> None:
        content = bytes(gathered)
        gathered.clear()
        await run_sync(self._keep, content)

    def _keep(self, content: bytes) -> None:
        if self.end + len(content) > self.limit:
            self._go_back()
            raise Invalid([Wrong("content", f"must end at byte {self.limit:,}, and goes on")])
        try:
            _write_all(self.file, content)
        except OSError as error:
            self._go_back()
            if error.errno in FULL:
                raise StorageFull(NO_ROOM) from error
            raise
        self.end += len(content)

    def _go_back(self) -> None:
        self.file.truncate(self.start)
        self.end = self.start


def _write_all(file: BinaryIO, content: bytes) -> None:
    """Write it all: a disk that fills up takes a part first, and fails after that."""
    left = memoryview(content)
    while left:
        left = left[file.write(left) :]


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
