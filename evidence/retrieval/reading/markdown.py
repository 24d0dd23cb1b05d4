"""Markdown: kept as it is written, without its front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from evidence.retrieval.outline import headings
from evidence.retrieval.reading._base import Limits, stem
from evidence.retrieval.reading._charset import read_text
from evidence.retrieval.shapes import Document, Problem

KIND = "markdown"
ENDINGS = (".md", ".markdown", ".mdx", ".qmd")

_FRONT = re.compile(r"\A---[ \t]*\n(.{0,20000}?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_TITLE = re.compile(r"^title:[ \t]*(.{1,300})$", re.MULTILINE)


def read(path: Path, source: str, limits: Limits) -> Iterator[Document | Problem]:
    """The file as one document, titled by its front matter or its first heading."""
    for found in read_text(path, source, limits):
        if isinstance(found, Problem):
            yield found
            continue
        front, text = _cut(found.text)
        if text.strip():
            title = _named(front) or next((head.text for head in headings(text)), "")
            yield Document(source, title or stem(source), text, source, KIND)
        else:
            yield Problem(source, "holds no text")


def _cut(text: str) -> tuple[str, str]:
    found = _FRONT.match(text)
    return (found.group(1) or "", text[found.end() :]) if found else ("", text)


def _named(front: str) -> str:
    # A title is one plain line; the rest of the front matter is nobody's text, so no YAML is read.
    found = _TITLE.search(front)
    return found.group(1).strip().strip("\"'").strip() if found else ""
