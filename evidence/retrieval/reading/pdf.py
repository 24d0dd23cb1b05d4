"""PDF: the text of every page, with a form feed between pages, so that a place tells its page."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from evidence.retrieval.reading._base import BROKEN, Limits, stem, too_large
from evidence.retrieval.shapes import Document, Problem

if TYPE_CHECKING:
    from pypdf import PdfReader

KIND = "pdf"
ENDINGS = (".pdf",)

PAGE_END = "\f"

_HYPHEN = re.compile(r"(?<=[a-zäöüßéèà])[-\u00ad]\n(?=[a-zäöüßéèà])")
_SURROGATE = re.compile("[\ud800-\udfff]")


def page_of(document: Document, offset: int) -> int:
    """The page, counted from 1, on which a character of a PDF's text stands."""
    return document.text.count(PAGE_END, 0, offset) + 1


def read(path: Path, source: str, limits: Limits) -> Iterator[Document | Problem]:
    """The file as one document; pages that cannot be read are named and left empty."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    # Its notes on damaged files go to standard error, many a file; what matters is said here.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        if why := too_large(path.stat().st_size, limits.file_bytes):
            yield Problem(source, why)
            return
        with path.open("rb") as file:
            reader = PdfReader(file)
            if reader.is_encrypted and not reader.decrypt(""):
                yield Problem(source, "is encrypted: save it without a password")
                return
            yield from _pages(reader, source, limits)
    except (PyPdfError, *BROKEN) as error:
        yield Problem(source, f"is damaged, or no PDF: {_said(error)}")


def _pages(reader: PdfReader, source: str, limits: Limits) -> Iterator[Document | Problem]:
    from pypdf.errors import PyPdfError

    pages: list[str] = []
    bad: list[int] = []
    begun, size, total = monotonic(), 0, len(reader.pages)
    for number in range(1, total + 1):
        try:
            text = _cleaned(reader.pages[number - 1].extract_text())
        except (PyPdfError, *BROKEN):
            text = ""
            bad.append(number)
        pages.append(text)
        size += len(text)
        if size > limits.file_bytes or (monotonic() - begun > limits.seconds and number < total):
            yield Problem(
                source, f"takes too long: the first {number:,} of {total:,} pages are read"
            )
            break
    if bad:
        yield Problem(source, f"pages that cannot be read: {_listed(bad)}; the others are")
    yield _document(reader, pages, source)


def _document(reader: PdfReader, pages: list[str], source: str) -> Document | Problem:
    text = PAGE_END.join(pages)
    if not text.strip():
        return Problem(source, "holds no text, as scans do: run text recognition (OCR) on it")
    return Document(source, _title(reader) or stem(source), text, source, KIND)


def _title(reader: PdfReader) -> str:
    try:
        given = reader.metadata.title if reader.metadata else ""
        return " ".join(_cleaned(str(given or "")).split())[:300]
    except BROKEN:
        return ""


def _cleaned(text: str) -> str:
    text = text.replace(PAGE_END, "\n").replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return _HYPHEN.sub("", _SURROGATE.sub("�", text))


def _listed(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10]))
    return f"{shown} and {len(numbers) - 10:,} more" if len(numbers) > 10 else shown


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
