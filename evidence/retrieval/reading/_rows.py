"""A row of a table or of JSON as a document."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from evidence.reading.shapes import LogUnreadable, Raw
from evidence.records import Skipped
from evidence.retrieval.reading._base import Limits, first_line, too_large
from evidence.retrieval.reading._charset import SAMPLE_BYTES, as_utf8, not_text
from evidence.retrieval.shapes import Document, Problem

IDS = ("id", "_id", "doc_id", "docid", "document_id", "pid", "key")
TITLES = ("title", "name", "heading", "subject", "headline")
TEXTS = ("text", "content", "contents", "body", "passage", "document", "page_content", "markdown")

TITLE_CHARS = 80


Rows = Callable[[Path], Iterator[Raw]]


def documents_of(
    path: Path, source: str, limits: Limits, rows: Rows, kind: str
) -> Iterator[Document | Problem]:
    """A document a row; a row of a table without a column of text is one of all its columns."""
    try:
        if why := too_large(path.stat().st_size, limits.table_bytes) or _no_rows(path):
            yield Problem(source, why)
            return
        with as_utf8(path, source, limits) as (readable, note):
            if note:
                yield note
            yield from _each(rows, readable, source, kind)
    except OSError as error:
        yield Problem(source, f"cannot be read: {error.strerror or error}")


def _no_rows(path: Path) -> str | None:
    with path.open("rb") as file:
        return not_text(file.read(SAMPLE_BYTES))


def _each(rows: Rows, path: Path, source: str, kind: str) -> Iterator[Document | Problem]:
    line = 0
    try:
        for line, row in rows(path):
            if isinstance(row, Skipped):
                yield Problem(source, row.why, line)
            else:
                yield _document(row, source, line, kind)
    except LogUnreadable as error:
        yield Problem(source, said(error, path))
        return
    if not line:
        yield Problem(source, "holds no rows")


def said(error: LogUnreadable, path: Path) -> str:
    """What is wrong with a file, without the path that it lies at."""
    return str(error.problems[0]).removeprefix(str(path)).lstrip(":, ")


def _document(row: Mapping[str, Any], source: str, line: int, kind: str) -> Document | Problem:
    names = {str(name).strip().lower(): name for name in row}
    text = _field(row, names, TEXTS)
    if not text and kind == "table" and not set(names) & set(TEXTS):
        text = _all_columns(row, names)
    if not text.strip():
        return Problem(
            source.rpartition(":")[0], f"no text; looked for {', '.join(TEXTS[:4])}", line
        )
    title = _field(row, names, TITLES).strip()
    name = _field(row, names, IDS).strip()
    place = f"{source}:{line}"
    return Document(name or place, title or _start(text), text, place, kind)


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
