"""Uploads: the content of a file, written to disk piece by piece as it comes, and resumed.

Failure logs and documents arrive in the same way; a ``Store`` says what differs.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

from anyio import CancelScope
from anyio.to_thread import run_sync
from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import documents, logs
from app.errors import Conflict, Invalid, StorageFull, Wrong, WrongOffset
from app.settings import Settings
from app.storage import Database, DocumentFile, FailureLog
from evidence.reading import LogUnreadable
from evidence.reading.files import kind_of

PIECE = 1 << 20
"""Bytes that are gathered before they are written: few writes, little memory."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
STOPPED = "Nothing more can be sent: the file is there, or the upload was stopped."
NO_ROOM = "The disk is full; nothing of what was sent was kept. Make room, then send it again."

File = TypeVar("File", FailureLog, DocumentFile)


@dataclass(frozen=True, slots=True)
class Store(Generic[File]):
    """Where files of one kind are kept, and what is done with one that has arrived."""

    table: type[File]
    create: Callable[..., File]
    get: Callable[[Session, str, str], File]
    lock: Callable[[Session, str, str], File]
    path: Callable[[Settings, File], Path]
    most: Callable[[Settings], int]
    """Bytes of a file at most."""
    look_at: Callable[[Settings, File], None]
    """Says in the row that the file is there whole, and of what kind it is."""


def _look_at_log(settings: Settings, log: FailureLog) -> None:
    path = logs.file_of(settings, log)
    try:
        log.kind, log.state = kind_of(path), "uploaded"
    except LogUnreadable as error:
        log.state, log.error = "failed", logs.without_path(str(error), path)


LOGS: Store[FailureLog] = Store(
    FailureLog,
    logs.create_log,
    logs.get_log,
    logs.lock_log,
    logs.file_of,
    lambda settings: settings.max_log_bytes,
    _look_at_log,
)
DOCUMENTS: Store[DocumentFile] = Store(
    DocumentFile,
    documents.create_document,
    documents.get_document,
    documents.lock_document,
    documents.file_of_document,
    lambda settings: settings.max_document_bytes,
    documents.look_at,
)


async def receive(
    database: Database,
    settings: Settings,
    case_id: str,
    log_id: str,
    offset: int | None,
    pieces: AsyncIterator[bytes],
) -> FailureLog:
    """Append content to a log, as `receive_part` does to a file."""
    return await receive_part(LOGS, database, settings, case_id, log_id, offset, pieces)


async def receive_whole(
    database: Database,
    settings: Settings,
    case_id: str,
    name: str,
    pieces: AsyncIterator[bytes],
    *,
    sha256: str = "",
) -> FailureLog:
    """A new log with all of its content at once, as `receive_file` makes a file."""
    return await receive_file(LOGS, database, settings, case_id, name, pieces, sha256=sha256)


async def receive_part(
    store: Store[File],
    database: Database,
    settings: Settings,
    case_id: str,
    file_id: str,
    offset: int | None,
    pieces: AsyncIterator[bytes],
) -> File:
    """Append content from ``offset`` (in bytes) on; the row of the file as it is afterwards.

    None begins anew, whatever has arrived before.

    What arrived stays, also where the connection breaks off, and the next piece goes on from
    ``received``. The last one checks size and sha256, and looks at what the file is. Raises
    NotFound, Conflict (``WrongOffset`` names the right one), StorageFull where the disk is full
    (nothing of this piece is kept), or Invalid where the file is too large or not what was
    announced.
    """
    upload = Upload(store, database, settings, case_id, file_id)
    row = await run_sync(upload.row)
    with _held(store.path(settings, row)) as file:
        row = await run_sync(upload.begin, file, offset)
        sink = _Sink(file, file.tell(), row.bytes or store.most(settings))
        try:
            await sink.take(pieces)
        finally:
            with CancelScope(shield=True):
                row = await run_sync(upload.note, file, sink.end)
        return await run_sync(upload.finish) if row.received == row.bytes else row


async def receive_file(
    store: Store[File],
    database: Database,
    settings: Settings,
    case_id: str,
    name: str,
    pieces: AsyncIterator[bytes],
    *,
    sha256: str = "",
) -> File:
    """A new file with all of its content at once; nothing is kept where that fails.

    Raises NotFound, StorageFull, or Invalid.
    """

    def create() -> File:
        with database.writing() as session:
            most = store.most(settings)
            return store.create(session, case_id, name, None, sha256=sha256, most_bytes=most)

    row = await run_sync(create)
    upload = Upload(store, database, settings, case_id, row.id)
    whole = False
    try:
        row = await receive_part(store, database, settings, case_id, row.id, 0, pieces)
        if not row.received:
            raise Invalid([Wrong("content", "is empty")])
        row = await run_sync(upload.finish)
        whole = True
        return row
    finally:
        if not whole:
            with CancelScope(shield=True):
                await run_sync(upload.forget)


class Upload(Generic[File]):
    """What the database knows of one file that is being sent."""

    def __init__(
        self,
        store: Store[File],
        database: Database,
        settings: Settings,
        case_id: str,
        file_id: str,
    ) -> None:
        self.store: Store[File] = store
        self.database, self.settings = database, settings
        self.case_id, self.file_id = case_id, file_id

    def row(self) -> File:
        """The row of the file. Raises NotFound."""
        with self.database.reading() as session:
            return self.store.get(session, self.case_id, self.file_id)

    def begin(self, file: BinaryIO, offset: int | None) -> File:
        """Make ready for what comes at an offset, or for the whole file. Raises Conflict."""
        row = self.row()
        if row.state != "uploading":
            raise Conflict(STOPPED)
        if offset not in (None, row.received):
            raise WrongOffset(row.received)
        file.truncate(offset or 0)  # a process that died may have left more than it noted
        file.seek(offset or 0)
        return row

    def note(self, file: BinaryIO, received: int) -> File:
        """Note how much there is, once the disk has it."""
        os.fsync(file.fileno())
        with self.database.writing() as session:
            row = self._locked(session)
            row.received = received
            return row

    def finish(self) -> File:
        """Check the whole file, and look at it. Raises Invalid where it is not what was said."""
        before = self.row()
        found = _sha256(self.store.path(self.settings, before))
        same = before.sha256 in ("", found)
        with self.database.writing() as session:
            row = self._locked(session)
            if row.state != "uploading":
                raise Conflict(STOPPED)
            if same:
                row.bytes, row.sha256 = row.received, found
                self.store.look_at(self.settings, row)
            else:
                row.received = 0
        if not same:
            words = "is not that of the file that arrived. Send it again from its beginning."
            raise Invalid([Wrong("sha256", words)])
        return row

    def forget(self) -> None:
        """Take a file away of which nothing was read yet."""
        self.store.path(self.settings, self.row()).unlink(missing_ok=True)
        table = self.store.table
        with self.database.writing() as session:
            session.execute(delete(table).where(table.id == self.file_id))

    def _locked(self, session: Session) -> File:
        return self.store.lock(session, self.case_id, self.file_id)


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
