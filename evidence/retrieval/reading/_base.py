"""What a reader of one kind of file is, and the limits that every reader keeps."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from evidence.retrieval.shapes import Document, Problem

MB = 1_000_000


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is read; what is larger is a problem of that file, never of the machine."""

    file_bytes: int = 100 * MB
    """A file that is held in memory in one piece: text, Markdown, PDF, DOCX."""
    markup_bytes: int = 20 * MB
    """A web page, or the unpacked text of a DOCX: parsed, it takes some thirty times as much."""
    table_bytes: int = 20_000 * MB
    """A file that is read row by row: CSV, JSON Lines, JSON."""
    unpacked_bytes: int = 2_000 * MB
    """All that one zip unpacks to."""
    files: int = 100_000
    """Files in one folder or zip."""
    seconds: float = 60.0
    """Reading one PDF; looked at after every page."""


Read = Callable[[Path, str, Limits], Iterator[Document | Problem]]


@dataclass(frozen=True, slots=True)
class Reader:
    """A module of this folder: what it reads, and how."""

    kind: str
    endings: tuple[str, ...]
    read: Read
    about: str


BROKEN = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    zlib.error,
)
"""What a parser raises on a file that is damaged or made to harm; RecursionError is among them."""


def megabytes(size: int) -> str:
    """A size in words: "0.3 MB", "2,147 MB"."""
    return f"{size / MB:,.1f} MB" if size < 10 * MB else f"{size / MB:,.0f} MB"


def too_large(size: int, most: int) -> str | None:
    """Why a file of this many bytes is not read, or None where it is."""
    if size <= most:
        return None
    return f"has {megabytes(size)}, and at most {megabytes(most)} are read: split it"


def first_line(text: str, most: int = 200) -> str:
    """The first line that holds anything, shortened to ``most`` characters."""
    for line in text[:10_000].splitlines():
        if line.strip():
            return line.strip()[:most]
    return ""


def stem(source: str) -> str:
    """The name of a file without its folders and its ending, to be a title."""
    return Path(source).stem or source
