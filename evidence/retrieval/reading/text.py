"""Plain text, and whatever else turns out to be text: source code, logs, reStructuredText."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evidence.retrieval.reading._base import Limits, first_line, stem
from evidence.retrieval.reading._charset import read_text
from evidence.retrieval.shapes import Document, Problem

KIND = "text"
ENDINGS = (".txt", ".text", ".rst", ".adoc", ".log", ".tex")

TITLE_CHARS = 100
"""A first line up to this long may be a title; a longer one is a paragraph."""


def read(path: Path, source: str, limits: Limits) -> Iterator[Document | Problem]:
    """The file as one document, titled by its first line where that is short."""
    for found in read_text(path, source, limits):
        if isinstance(found, Problem):
            yield found
        elif not found.text.strip():
            yield Problem(source, "holds no text")
        else:
            yield Document(source, _title(found.text, source), found.text, source, KIND)


def _title(text: str, source: str) -> str:
    line = first_line(text)
    ends_a_sentence = line.endswith((".", ",", ";", ":"))
    short = 0 < len(line) <= TITLE_CHARS and not ends_a_sentence and line[0].isalnum()
    return line if short else stem(source)
