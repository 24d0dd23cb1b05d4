"""Members of a zip archive, unpacked within bounds; also those that zstd packed."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from evidence.importing._shared import MAX_RESULT_BYTES
from evidence.reading.shapes import LogUnreadable

ZSTD = 93
"""The number of zstd among the compression methods of zip (APPNOTE 6.3.7)."""

LOCAL_HEADER_BYTES = 30
UNREADABLE = (zipfile.BadZipFile, NotImplementedError, OSError, UnicodeError, struct.error)
TOO_LARGE = f"unpacks to more than {MAX_RESULT_BYTES:,} bytes"


def members(path: Path) -> Iterator[tuple[str, bytes | str]]:
    """Name and content of every member; a str instead of bytes says why it cannot be unpacked.

    Raises LogUnreadable where the archive is broken, or zstd packed it and zstandard is absent.
    """
    try:
        with zipfile.ZipFile(path) as archive, path.open("rb") as file:
            for member in archive.infolist():
                if member.compress_type == ZSTD and find_spec("zstandard") is None:
                    raise LogUnreadable(
                        f"{path}: reading it needs zstandard, which the imports extra brings: "
                        'pip install "formfact[imports]"'
                    )
                yield member.filename, _content(archive, file, member)
    except UNREADABLE as error:
        raise LogUnreadable(f"{path}: a broken archive, {error}") from error


def _content(archive: zipfile.ZipFile, file: IO[bytes], member: zipfile.ZipInfo) -> bytes | str:
    try:
        content = (
            _zstd(file, member)
            if member.compress_type == ZSTD
            else archive.open(member).read(MAX_RESULT_BYTES + 1)
        )
    except (*UNREADABLE, EOFError, RuntimeError, zlib.error) as error:
        return f"cannot be unpacked: {error}"
    return TOO_LARGE if len(content) > MAX_RESULT_BYTES else content


def _zstd(file: IO[bytes], member: zipfile.ZipInfo) -> bytes:
    """Unpack a member past its local header, which ends with a name and an extra field."""
    import zstandard

    file.seek(member.header_offset)
    header = file.read(LOCAL_HEADER_BYTES)
    file.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1)
    packed = file.read(member.compress_size)
    try:
        with zstandard.ZstdDecompressor().stream_reader(packed) as reader:
            return reader.read(MAX_RESULT_BYTES + 1)
    except zstandard.ZstdError as error:
        raise zipfile.BadZipFile(str(error)) from error
