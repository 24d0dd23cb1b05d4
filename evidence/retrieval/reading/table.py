"""CSV and TSV: one document a row; a table without a column of text gives all its columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evidence.reading import table
from evidence.retrieval.reading._base import Limits
from evidence.retrieval.reading._rows import documents_of
from evidence.retrieval.shapes import Document, Problem

KIND = "table"
ENDINGS = (".csv", ".tsv", ".tab")


def read(path: Path, source: str, limits: Limits) -> Iterator[Document | Problem]:
    """A document a row, with the columns ``id``, ``title`` and ``text`` or what stands for them."""
    return documents_of(path, source, limits, table.rows, KIND)
