"""A row of a table or of JSON as a document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from evidence.reading.shapes import LogUnreadable, Raw
from evidence.records import Skipped
from evidence.retrieval.reading._base import Limits, first_line, too_large
from evidence.retrieval.shapes import Document, Problem

IDS = ("id", "_id", "doc_id", "docid", "document_id", "pid", "key")
TITLES = ("title", "name", "heading", "subject", "headline")
TEXTS = ("text", "content", "contents", "body", "passage", "document", "page_content", "markdown")

TITLE_CHARS = 80


def refused(path: Path, limits: Limits) -> str | None:
    """Why a file is not read row by row, or None where it is."""
    try:
        with path.open("rb") as file:
            head = file.read(4)
        if head[:2] == b"\x1f\x8b":
            return "is compressed with gzip: unpack it"
        if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return "is UTF-16 text: save it as UTF-8"
        return too_large(path.stat().st_size, limits.table_bytes)
    except OSError as error:
        return f"cannot be opened: {error.strerror}"


def documents_of(
    rows: Iterator[Raw], source: str, kind: str, *, whole: bool = False
) -> Iterator[Document | Problem]:
    """A document a row; with ``whole``, rows without a text are one of all their columns."""
    read = 0
    try:
        for line, row in rows:
            read += 1
            if isinstance(row, Skipped):
                yield Problem(source, row.why, line)
            else:
                yield _document(row, f"{source}:{line}", line, kind, whole=whole)
    except LogUnreadable as error:
        yield Problem(source, str(error.problems[0]).partition(": ")[2] or str(error))
        return
    except OSError as error:
        yield Problem(source, f"cannot be read: {error.strerror or error}")
        return
    if not read:
        yield Problem(source, "holds no rows")


def _document(
    row: Mapping[str, Any], source: str, line: int, kind: str, *, whole: bool
) -> Document | Problem:
    names = {str(name).strip().lower(): name for name in row}
    text = _field(row, names, TEXTS)
    if not text and whole and not set(names) & set(TEXTS):
        text = _all_columns(row, names)
    if not text.strip():
        return Problem(
            source.rpartition(":")[0], f"no text; looked for {', '.join(TEXTS[:4])}", line
        )
    title = _field(row, names, TITLES).strip()
    name = _field(row, names, IDS).strip()
    return Document(name or source, title or _start(text), text, source, kind)


def _field(row: Mapping[str, Any], names: Mapping[str, str], wanted: tuple[str, ...]) -> str:
    """The first of the wanted columns that holds something, as text."""
    for name in wanted:
        value = row.get(names[name]) if name in names else None
        if isinstance(value, str) and value:
            return value.replace("\r\n", "\n").replace("\0", "")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def _all_columns(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    shown = [name for name in names if name not in IDS]
    pairs = ((names[name], str(row[names[name]] or "").strip()) for name in shown)
    return "\n".join(f"{name}: {value}" for name, value in pairs if value).replace("\0", "")


def _start(text: str) -> str:
    line = first_line(text).lstrip("# ")
    return line if 0 < len(line) <= TITLE_CHARS and not line.endswith((".", ",", ";")) else ""
