"""The bundled case: its answers, and the facts that its log and its documents really measure."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from advisor_rules import FactValue
from advisor_rules.safe_yaml import read_yaml
from app.demo.documents import Document, approximate_tokens
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
    records: Iterable[FailureRecord], documents: Iterable[Document]
) -> dict[str, FactValue]:
    """Facts counted in the failure log and in the documents, each with how it was obtained."""
    return {**_of_documents(list(documents)), **_of_failures(list(records))}


def _of_documents(documents: list[Document]) -> dict[str, FactValue]:
    tokens = sum(approximate_tokens(f"{item.title}\n{item.text}") for item in documents)
    evidence = (
        f"{len(documents):,} docstrings of Python {platform.python_version()}, "
        "4 characters counted as a token"
    )
    return {"corpus_tokens": FactValue(tokens, "measured", evidence)}


def _of_failures(records: list[FailureRecord]) -> dict[str, FactValue]:
    noted = sum(bool(record.reviewer_note) for record in records)
    formal = [record for record in records if wants_json(record)]
    broken = sum(not is_json(record.output) for record in formal)
    reviewed = f"{noted} of {len(records)} logged failures carry a reviewer's note"
    parsed = f"{broken} of {len(formal)} outputs that had to be JSON do not parse"
    facts = {"failures_reviewed": FactValue(noted, "measured", reviewed)}
    if formal:
        facts["malformed_output"] = FactValue(broken > 0, "measured", parsed)
    return facts


def wants_json(record: FailureRecord) -> bool:
    """Whether the output had to be JSON."""
    return record.format_spec is not None and record.format_spec.type in ("json", "json_schema")


def is_json(text: str) -> bool:
    """Whether the whole text parses as JSON."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
