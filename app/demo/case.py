"""The bundled case: its answers, and the facts that its log and its documents really measure."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor_rules import FactValue
from advisor_rules.rulebook import Rulebook
from advisor_rules.safe_yaml import read_yaml
from app.demo.documents import Document, approximate_tokens
from evidence.case_facts import measured_facts as facts_of_log
from evidence.records import FailureRecord

FOLDER = Path(__file__).parent
ANSWERS = FOLDER / "answers.yaml"
FAILURES = FOLDER / "failures.jsonl"


@dataclass(frozen=True, slots=True)
class Answers:
    """What the team stated: the case's title and its facts."""

    title: str
    facts: dict[str, Any]


def read_answers() -> Answers:
    """The bundled answers."""
    data = read_yaml(ANSWERS.read_text(encoding="utf-8"), ANSWERS.name).data
    return Answers(data["title"], data["facts"])


def measured_facts(
    summary: Mapping[str, Any],
    records: Iterable[FailureRecord],
    documents: Iterable[Document],
    book: Rulebook,
) -> dict[str, FactValue]:
    """Facts measured on the failure log and the documents, each with how it was obtained."""
    of_log = facts_of_log(summary, book, FAILURES.name)
    return {**_of_documents(list(documents)), **_of_notes(list(records)), **of_log}


def _of_documents(documents: list[Document]) -> dict[str, FactValue]:
    tokens = sum(approximate_tokens(f"{item.title}\n{item.text}") for item in documents)
    evidence = (
        f"{len(documents):,} docstrings of Python {platform.python_version()}, "
        "4 characters counted as a token"
    )
    return {"corpus_tokens": FactValue(tokens, "measured", evidence)}


def _of_notes(records: list[FailureRecord]) -> dict[str, FactValue]:
    noted = sum(bool(record.reviewer_note) for record in records)
    reviewed = f"{noted} of {len(records)} logged failures carry a reviewer's note"
    return {"failures_reviewed": FactValue(noted, "measured", reviewed)}
