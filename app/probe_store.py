"""What a probe found, written down: hits, passages, documents, and how each question fared."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.files import whole_file
from app.log_rows import storable
from app.probe_found import TOP
from app.settings import Settings
from app.storage import (
    Probe,
    ProbeDocument,
    ProbeHit,
    ProbePassage,
    ProbeQuestion,
    RelevanceKind,
)
from evidence.retrieval.shapes import Document, Passage, Qrels

if TYPE_CHECKING:
    from evidence.retrieval.figures import Found
    from evidence.retrieval.relevance import Relevance

BATCH = 1_000
"""Rows that are written in one transaction."""
MOST_HITS = 300_000
"""Hits that are kept of a probe: of many questions only the first ten of each search are."""
MOST_PASSAGES = 100_000
OF_ONE = 50
"""Passages of a relevant document that are kept; more say nothing that these do not."""
LONGEST_DOCUMENT = 500_000
"""Characters of a document that are kept."""
MOST_CHARACTERS = 100_000_000
"""Characters of documents that are kept, all told."""

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fared:
    """How a question fared: what is relevant to it, how that is known, and what was measured."""

    relevance: RelevanceKind
    why: str
    relevant: dict[str, int]
    by: dict[str, Row]


def hit_rows(probe_id: str, found: Found, numbers: Mapping[str, int]) -> Iterator[Row]:
    """The hits to be kept; ``numbers``: id of a question -> its number."""
    depth = kept_depth(len(numbers), len(found.rankings))
    for retriever, rankings in found.rankings.items():
        for question, ranking in rankings.items():
            for rank, hit in enumerate(ranking[:depth], 1):
                yield {
                    "probe_id": probe_id,
                    "number": numbers[question],
                    "retriever": retriever,
                    "rank": rank,
                    "passage": storable(hit.passage),
                    "score": hit.score,
                }


def kept_depth(questions: int, retrievers: int) -> int:
    """How many hits of each search are kept."""
    return max(TOP, min(100, MOST_HITS // max(1, questions * retrievers)))


def kept_passages(found: Found, qrels: Qrels) -> list[Passage]:
    """The passages to be kept: relevant ones, and those among the first ten of a retriever."""
    relevant = {name for grades in qrels.values() for name, grade in grades.items() if grade > 0}
    top = {
        hit.passage
        for rankings in found.rankings.values()
        for ranking in rankings.values()
        for hit in ranking[:TOP]
    }
    kept: list[Passage] = []
    of: dict[str, int] = {}
    for passage in found.texts:
        whole = passage.document in relevant and of.get(passage.document, 0) < OF_ONE
        if whole:
            of[passage.document] = of.get(passage.document, 0) + 1
        if whole or passage.id in top or passage.id in relevant:
            kept.append(passage)
    return kept[:MOST_PASSAGES]


def passage_rows(
    probe_id: str, passages: Iterable[Passage], documents: Mapping[str, Document]
) -> Iterator[Row]:
    """Passages with the title and the source of their documents."""
    for passage in passages:
        document = documents[passage.document]
        yield {
            "probe_id": probe_id,
            "passage": storable(passage.id),
            "document": storable(passage.document),
            "title": storable(document.title),
            "source": storable(document.source),
            "start": passage.start,
            "end": passage.end,
            "heading": storable(passage.heading),
            "text": storable(passage.text),
            "tokens": passage.tokens,
        }


def document_rows(
    probe_id: str, passages: Iterable[Passage], documents: Mapping[str, Document]
) -> Iterator[Row]:
    """The documents that passages are of, as far as there is room for them."""
    left = MOST_CHARACTERS
    for name in dict.fromkeys(passage.document for passage in passages):
        document = documents[name]
        text = storable(document.text[: min(left, LONGEST_DOCUMENT)])
        left -= len(text)
        if not text:
            continue
        yield {
            "probe_id": probe_id,
            "document": storable(name),
            "title": storable(document.title),
            "source": storable(document.source),
            "kind": document.kind[:20],
            "characters": len(document.text),
            "text": text,
        }


def in_batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows, some at a time."""
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch


def write_hits(session: Session, rows: Sequence[Row]) -> None:
    """Write hits."""
    session.execute(insert(ProbeHit), rows)


def write_passages(session: Session, rows: Sequence[Row]) -> None:
    """Write passages."""
    session.execute(insert(ProbePassage), rows)


def write_documents(session: Session, rows: Sequence[Row]) -> None:
    """Write documents; they are long, so each goes alone."""
    for row in rows:
        session.execute(insert(ProbeDocument), [row])


def fared(
    questions: Iterable[str],
    relevance: Relevance,
    measured: Iterable[Mapping[str, Any]],
    kinds: Mapping[str, RelevanceKind],
) -> dict[str, Fared]:
    """How every question fared; ``measured``: the rows ``per_question`` of a result.

    ``kinds``: question -> how it is known what is relevant to it; those that lack are ``none``.
    """
    rows = {row["id"]: row for row in measured}
    found = {}
    for name in questions:
        by = rows[name]["by"] if name in rows else {}
        found[name] = Fared(
            kinds.get(name, "none"),
            "" if name in rows else relevance.without.get(name, "nothing is known of it"),
            relevance.qrels.get(name, {}),
            {retriever: _without_top(entry) for retriever, entry in by.items()},
        )
    return found


def write_questions(
    session: Session, rows: Iterable[ProbeQuestion], every: Mapping[str, Fared]
) -> None:
    """Write how questions fared; only those that changed."""
    changes: list[Row] = []
    for row in rows:
        item = every[row.question_id]
        now = {
            "relevance": item.relevance,
            "why": storable(item.why),
            "relevant": {storable(name): grade for name, grade in item.relevant.items()},
            "by": item.by,
        }
        if any(getattr(row, key) != value for key, value in now.items()):
            changes.append({"id": row.id, **now})
    if changes:
        session.execute(update(ProbeQuestion), changes)


def snapshot_of(settings: Settings, probe: Probe) -> Path:
    """Where all passages of a probe are kept, for the starter: named by its id alone."""
    return settings.folder / "probes" / f"{probe.id}.jsonl.gz"


def write_snapshot(
    path: Path, passages: Iterable[Passage], documents: Mapping[str, Document]
) -> None:
    """Keep all passages, whole or not at all. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with whole_file(path) as file, gzip.GzipFile(fileobj=_binary(file), mode="wb", mtime=0) as out:
        for passage in passages:
            document = documents[passage.document]
            line = {
                "id": passage.id,
                "document": passage.document,
                "title": document.title,
                "source": document.source,
                "start": passage.start,
                "end": passage.end,
                "heading": passage.heading,
                "text": passage.text,
                "tokens": passage.tokens,
            }
            out.write(json.dumps(line).encode("utf-8", "replace") + b"\n")


def read_snapshot(path: Path) -> Iterator[tuple[Passage, Document]]:
    """Every passage that was kept, with its document (title and source alone). Raises OSError."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            title, source = row.pop("title"), row.pop("source")
            yield Passage(**row), Document(row["document"], title, "", source)


def _binary(file: Any) -> Any:
    return file.buffer


def _without_top(entry: Mapping[str, Any]) -> Row:
    return {key: value for key, value in entry.items() if key != "top"}
