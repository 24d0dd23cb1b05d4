"""Web pages: the main part as text with its headings; menus, scripts and footers are dropped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evidence.retrieval.reading._base import BROKEN, Limits, stem
from evidence.retrieval.reading._charset import read_text
from evidence.retrieval.shapes import Document, Problem

KIND = "html"
ENDINGS = (".html", ".htm", ".xhtml")


def read(path: Path, source: str, limits: Limits) -> Iterator[Document | Problem]:
    """The page as one document."""
    for found in read_text(path, source, limits, limits.markup_bytes):
        yield found if isinstance(found, Problem) else _document(found.text, source)


def _document(markup: str, source: str) -> Document | Problem:
    from evidence.retrieval.reading._page import page_text

    try:
        title, text = page_text(markup)
    except BROKEN as error:
        return Problem(source, f"cannot be read as a page: {error}")
    if not text:
        return Problem(source, "holds no text; a page that a script fills has to be saved as shown")
    return Document(source, title or stem(source), text, source, KIND)
