"""JSON Lines, and JSON files that are a list: one document an object, with id, title and text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from evidence.reading import json_stream, jsonl
from evidence.reading.files import kind_of
from evidence.reading.shapes import Raw
from evidence.retrieval.reading._base import Limits
from evidence.retrieval.reading._rows import documents_of
from evidence.retrieval.shapes import Document, Problem

KIND = "jsonl"
ENDINGS = (".jsonl", ".ndjson", ".json")

LISTS = ("documents", "docs", "passages", "corpus", *json_stream.LIST_NAMES)


def read(path: Path, source: str, limits: Limits) -> Iterator[Document | Problem]:
    """A document an object: ``id`` (or ``_id``), ``title`` where there is one, ``text``."""
    return documents_of(path, source, limits, _rows, KIND)


def _rows(path: Path) -> Iterator[Raw]:
    is_list = path.suffix.lower() == ".json" and kind_of(path) == "json"
    return json_stream.rows(path, names=LISTS) if is_list else jsonl.rows(path)
