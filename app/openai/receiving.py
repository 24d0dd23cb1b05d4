"""A file that is sent as a form, written to disk as it comes: no part of it is held in memory."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from anyio.to_thread import run_sync
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import StorageFull
from app.openai.errors import ApiError
from app.openai.files import MOST_BYTES, PURPOSES, clear_expired, path_of
from app.settings import Settings
from app.storage import ApiFile, Database, utc_now
from app.text import text_problem
from app.uploads import FULL, NO_ROOM

PIECE = 1 << 20
LONGEST_FIELD = 1_000
MOST_PARTS = 20
SHORTEST_LIFE, LONGEST_LIFE = 3_600, 2_592_000
"""Seconds after which a file may expire: an hour to thirty days, as published."""


async def receive(
    database: Database, settings: Settings, content_type: str, pieces: AsyncIterator[bytes]
) -> ApiFile:
    """The file that a form carries. Raises ApiError or StorageFull; nothing is kept then."""
    kind, options = parse_options_header(content_type)
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise ApiError(415, "Send the file as multipart/form-data.", code="media_type")
    draft = await run_sync(_draft, settings)
    form = Form(draft)
    try:
        await _read(form, options[b"boundary"], pieces)
        return await run_sync(_keep, database, settings, form)
    except FormParserError as error:
        raise ApiError(400, "The form cannot be read.", code="invalid_form") from error
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(NO_ROOM) from error
        raise
    finally:
        form.file.close()
        draft.unlink(missing_ok=True)


async def _read(form: Form, boundary: bytes, pieces: AsyncIterator[bytes]) -> None:
    parser = MultipartParser(boundary, form.callbacks())  # type: ignore[arg-type]
    gathered = bytearray()
    async for piece in pieces:
        gathered += piece
        if len(gathered) >= PIECE:
            await run_sync(parser.write, bytes(gathered))
            gathered.clear()
    await run_sync(parser.write, bytes(gathered))
    parser.finalize()
    if not form.ended:
        raise ApiError(400, "The form ends before its end.", code="invalid_form")


@dataclass
class Form:
    """A form as its parts come in: small fields are kept, the file goes to ``draft``."""

    draft: Path
    fields: dict[str, str] = field(default_factory=dict)
    filename: str | None = None
    size: int = 0
    ended: bool = False

    def __post_init__(self) -> None:
        self.file: BinaryIO = self.draft.open("wb")
        self.digest = hashlib.sha256()
        self._header = [bytearray(), bytearray()]
        self._disposition = b""
        self._name = ""
        self._value: bytearray | None = None
        self._parts = 0

    def callbacks(self) -> dict[str, object]:
        """What the parser calls."""
        return {
            "on_part_begin": self._part_begin,
            "on_header_field": lambda data, start, end: self._header[0].extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._header[1].extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._part_end,
            "on_end": self._finish,
        }

    def _part_begin(self) -> None:
        self._parts += 1
        self._disposition = b""
        if self._parts > MOST_PARTS:
            raise ApiError(400, f"A form may have {MOST_PARTS} parts.", code="invalid_form")

    def _header_end(self) -> None:
        if self._header[0].lower() == b"content-disposition":
            self._disposition = bytes(self._header[1])
        self._header = [bytearray(), bytearray()]

    def _begin(self) -> None:
        _, options = parse_options_header(self._disposition)
        self._name = options.get(b"name", b"").decode(errors="replace")
        if self._name != "file":
            self._value = bytearray()
        elif self.filename is not None:
            raise ApiError(400, "Send one file.", code="invalid_form", param="file")
        else:
            self._value = None
            self.filename = options.get(b"filename", b"").decode(errors="replace")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._value is None:
            self._write(data[start:end])
        elif len(self._value) + end - start > LONGEST_FIELD:
            raise ApiError(400, "is too long", code="invalid_value", param=self._name[:80])
        else:
            self._value += data[start:end]

    def _write(self, content: bytes) -> None:
        self.size += len(content)
        if self.size > MOST_BYTES:
            words = f"A file may have at most {MOST_BYTES:,} bytes (512 MB)."
            raise ApiError(413, words, code="file_too_large", param="file")
        self.digest.update(content)
        self.file.write(content)

    def _part_end(self) -> None:
        if self._value is not None:
            self.fields[self._name] = self._value.decode(errors="replace")

    def _finish(self) -> None:
        self.ended = True


def _draft(settings: Settings) -> Path:
    folder = path_of(settings, "x").parent
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = mkstemp(dir=folder, prefix=".draft-")
    os.close(handle)
    return Path(name)


def _keep(database: Database, settings: Settings, form: Form) -> ApiFile:
    form.file.flush()
    os.fsync(form.file.fileno())
    file = _described(form)
    with database.writing() as session:
        clear_expired(session, settings)
        session.add(file)
        session.flush()
        form.draft.rename(path_of(settings, file.id))
    return file


def _described(form: Form) -> ApiFile:
    """The file as the form describes it. Raises ApiError for the first thing that is wrong."""
    if form.filename is None:
        raise ApiError(400, "file: is missing", code="missing_required_parameter", param="file")
    purpose = form.fields.get("purpose")
    if purpose is None:
        raise ApiError(
            400, "purpose: is missing", code="missing_required_parameter", param="purpose"
        )
    if purpose not in PURPOSES:
        words = f"purpose: must be one of {', '.join(PURPOSES)}"
        raise ApiError(400, words, code="invalid_value", param="purpose")
    if not form.size:
        raise ApiError(400, "file: is empty", code="invalid_value", param="file")
    name = _plain_name(form.filename)
    now = utc_now()
    life = _life(form.fields)
    return ApiFile(
        filename=name,
        purpose=purpose,
        bytes=form.size,
        sha256=form.digest.hexdigest(),
        created_at=now,
        expires_at=None if life is None else now + life,
    )


def _plain_name(given: str) -> str:
    """The last part of a name, which is only ever shown: content lies under the file's id."""
    name = given.replace("\\", "/").rpartition("/")[2][:255] or "file"
    return "file" if text_problem(name, 255) else name


def _life(fields: dict[str, str]) -> timedelta | None:
    anchor, seconds = fields.get("expires_after[anchor]"), fields.get("expires_after[seconds]")
    if anchor is None and seconds is None:
        return None
    if anchor != "created_at":
        words = "expires_after.anchor: must be created_at"
        raise ApiError(400, words, code="invalid_value", param="expires_after.anchor")
    text = seconds or ""
    if (
        not text.isascii()
        or not text.isdecimal()
        or len(text) > 8
        or not (SHORTEST_LIFE <= int(text) <= LONGEST_LIFE)
    ):
        words = f"expires_after.seconds: must be from {SHORTEST_LIFE:,} to {LONGEST_LIFE:,}"
        raise ApiError(400, words, code="invalid_value", param="expires_after.seconds")
    return timedelta(seconds=int(text))
