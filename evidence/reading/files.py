"""Opening a log: which kind it is, and its lines, however long or broken they are."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from evidence.reading.shapes import LogUnreadable
from evidence.records import MAX_LINE_BYTES, Skipped

KINDS = ("jsonl", "json", "csv", "parquet")
BOM = b"\xef\xbb\xbf"
HEAD_BYTES = 65_536
DAMAGED = (EOFError, OSError, zlib.error)
"""What reading a compressed file raises where it is damaged or cut short."""

_ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".csv": "csv",
    ".tsv": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
}
_FOREIGN = {
    b"PK\x03\x04": "is a zip archive or a spreadsheet: unpack it, or save it as CSV",
    b"\x28\xb5\x2f\xfd": "is compressed with zstd: unpack it, or compress it with gzip",
    b"BZh": "is compressed with bzip2: unpack it, or compress it with gzip",
    b"\xfd7zXZ": "is compressed with xz: unpack it, or compress it with gzip",
    b"SQLite format 3": "is a database: export the table as CSV or JSON Lines",
    b"\xff\xfe": "is UTF-16 text: save it as UTF-8",
    b"\xfe\xff": "is UTF-16 text: save it as UTF-8",
}


def open_log(path: Path) -> BinaryIO:
    """Open a log for reading, unpacked where gzip packed it. Raises OSError."""
    file = path.open("rb")
    packed = file.read(2) == b"\x1f\x8b"
    file.seek(0)
    if not packed:
        return file
    file.close()
    return cast(BinaryIO, gzip.open(path, "rb"))


def kind_of(path: Path, kind: str | None = None) -> str:
    """One of ``KINDS``: as given, else by what the file begins with, else by its ending.

    Raises LogUnreadable where the file cannot be opened or is of no kind that is read here.
    """
    head = head_of(path)
    for magic, why in _FOREIGN.items():
        if head.startswith(magic):
            raise LogUnreadable(f"{path}: {why}")
    kind = "csv" if kind == "tsv" else kind
    if kind is not None and kind not in KINDS:
        raise LogUnreadable(f"{path}: no kind {kind!r} of log is read; use {', '.join(KINDS)}")
    found = "parquet" if head.startswith(b"PAR1") else _by_name(path)
    return kind or _corrected(found, head)


def head_of(path: Path) -> bytes:
    """The first bytes of a file, unpacked. Raises LogUnreadable where it cannot be opened."""
    try:
        if path.exists() and not path.is_file():
            raise LogUnreadable(f"{path}: is not a file: name a file, or copy the data into one")
        with open_log(path) as file:
            return file.read(HEAD_BYTES)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LogUnreadable(f"{path}: cannot be unpacked, {error}: pack it again") from error
    except OSError as error:
        raise LogUnreadable(f"{path}: {error.strerror}") from error
    except ValueError as error:  # a NUL byte in the name
        raise LogUnreadable(f"{str(path)!r}: no such file, {error}") from error


def _by_name(path: Path) -> str | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    named = [suffix for suffix in suffixes if suffix not in (".gz", ".gzip")]
    return _ENDINGS.get(named[-1]) if named else None


def _corrected(named: str | None, head: bytes) -> str:
    """The kind that a text begins like, where its name does not settle it."""
    if named in ("jsonl", "csv", "parquet"):
        return named
    text = head.removeprefix(BOM).lstrip()
    if text[:1] == b"[":
        return "json"
    if text[:1] == b"{":
        first, _, more = text.partition(b"\n")
        return "jsonl" if more.strip() and _is_object(first) else "json"
    return named or ("csv" if text else "jsonl")


def _is_object(line: bytes) -> bool:
    with suppress(ValueError, RecursionError):
        return isinstance(json.loads(line), dict)
    return False


def lines(path: Path) -> Iterator[tuple[int, bytes | Skipped]]:
    """Lines with their numbers; of one that is too long only the beginning is ever in memory."""
    number = 0
    try:
        with open_log(path) as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if len(line) <= MAX_LINE_BYTES:
                    yield number, line
                    continue
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                yield number, Skipped(number, f"longer than {MAX_LINE_BYTES:,} bytes")
    except DAMAGED as error:
        yield number + 1, Skipped(number + 1, f"the file cannot be read from here on: {error}")
