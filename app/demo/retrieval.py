"""The retrieval part of the bundled case: its questions against its docstrings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.demo.documents import Document as Docstring
from evidence.records import FailureRecord
from evidence.retrieval.probe import probe
from evidence.retrieval.questions import questions_of_records
from evidence.retrieval.retrievers._base import retriever_modules
from evidence.retrieval.running import Tell
from evidence.retrieval.shapes import Document, Qrels

COMPARED = ("bm25", "embedding", "hybrid")


def installed() -> list[str]:
    """Which of the retrievers that are compared can run here."""
    modules = retriever_modules()
    return [name for name in COMPARED if name in modules and modules[name].available]


def probe_docstrings(
    docstrings: Iterable[Docstring],
    records: Sequence[FailureRecord],
    names: Sequence[str],
    limits: Mapping[str, float],
    tell: Tell | None = None,
) -> dict[str, Any]:
    """Compare retrievers on the questions of the failure log; the result of a probe.

    ``limits``: thresholds of the rulebook. Relevance is judged, not guessed: every reference
    answer names the object that it is about, and that object's docstring is what is to be found.
    """
    documents = [Document(item.id, item.title, item.text, source=item.id) for item in docstrings]
    modules = retriever_modules()
    return probe(
        documents,
        questions_of_records(records),
        _judged(records),
        [modules[name].make() for name in names],
        limits,
        tell=tell,
    )


def _judged(records: Iterable[FailureRecord]) -> Qrels:
    return {
        str(record.id): {json.loads(record.reference)["symbol"]: 1}
        for record in records
        if isinstance(record.reference, str)
    }
