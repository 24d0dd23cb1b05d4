"""Word documents (DOCX): headings by their styles, lists, tables, footnotes; no pictures."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from xml.parsers.expat import ExpatError

from evidence.retrieval.reading._base import BROKEN, Limits, megabytes, stem, too_large
from evidence.retrieval.shapes import Document, Problem

KIND = "docx"
ENDINGS = (".docx", ".docm")

STYLES = """
p[style-name='Title'] => h1:fresh
p[style-name='Subtitle'] => p:fresh
p[style-name='Code'] => pre:separator('\\n')
p[style-name='HTML Preformatted'] => pre:separator('\\n')
"""
_FAILURES = (*BROKEN, zipfile.BadZipFile, zipfile.LargeZipFile, ExpatError)
_OLE = b"\xd0\xcf\x11\xe0"


def read(path: Path, source: str, limits: Limits) -> Iterator[Document | Problem]:
    """The file as one document."""
    try:
        why = _refused(path, limits)
        yield Problem(source, why) if why else _document(path, source)
    except _FAILURES as error:
        yield Problem(source, f"is damaged, or no Word document: {_said(error)}")


def _refused(path: Path, limits: Limits) -> str | None:
    """Why the file is not parsed, or None where it is."""
    if why := too_large(path.stat().st_size, limits.file_bytes):
        return why
    with path.open("rb") as file:
        if file.read(4) == _OLE:
            return "is encrypted, or an old .doc: take the password off, or save it as .docx"
    with zipfile.ZipFile(path) as packed:
        parts = packed.infolist()
        if any(part.flag_bits & 1 for part in parts):
            return "is encrypted: take the password off"
        markup = [part for part in parts if part.filename.lower().endswith((".xml", ".rels"))]
        # The declared sizes can be trusted: no more than them is ever unpacked.
        size = sum(part.file_size for part in markup)
        if size > limits.markup_bytes or len(parts) > limits.files:
            most = megabytes(limits.markup_bytes)
            return f"unpacks to {megabytes(size)} of text, and at most {most} are read: split it"
        if any(_declares(packed.read(part)) for part in markup):
            return "declares entities, which no Word document does: not read"
    return None


def _declares(markup: bytes) -> bool:
    """Whether XML has a document type, the way to bombs and foreign files; also in UTF-16."""
    return b"<!DOCTYPE" in markup.replace(b"\0", b"")


def _document(path: Path, source: str) -> Document | Problem:
    import mammoth  # type: ignore[import-untyped]

    from evidence.retrieval.reading._page import page_text

    with path.open("rb") as file:
        done = mammoth.convert_to_html(file, convert_image=lambda _: [], style_map=STYLES)
    title, text = page_text(done.value, fragment=True)
    if not text:
        return Problem(source, "holds no text")
    return Document(source, title or stem(source), text, source, KIND)


def _said(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
