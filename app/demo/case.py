"""The bundled case: its answers, and the facts that its log and its documents really measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from platform import python_version as version
from typing import Any

from advisor_rules import FactValue
from advisor_rules.rulebook import Rulebook
from advisor_rules.safe_yaml import read_yaml
from evidence.case_facts import measured_facts as facts_of_log
from evidence.reading.whole import read_whole
from evidence.records import FailureRecord
from evidence.retrieval.case_facts import measured_facts as facts_of_probe

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


def records() -> list[FailureRecord]:
    """The records of the bundled failure log."""
    return list(read_whole(FAILURES).records)


def measured_facts(
    summary: Mapping[str, Any],
    probed: Mapping[str, Any],
    book: Rulebook,
) -> dict[str, FactValue]:
    """Facts measured on the failure log and the documents, each with how it was obtained."""
    of_documents = facts_of_probe(probed, book, f"the docstrings of Python {version()}")
    of_log = facts_of_log(summary, book, FAILURES.name)
    return {**of_documents, **_of_notes(), **of_log}


def _of_notes() -> dict[str, FactValue]:
    logged = records()
    noted = sum(bool(record.reviewer_note) for record in logged)
    reviewed = f"{noted} of {len(logged)} logged failures carry a reviewer's note"
    return {"failures_reviewed": FactValue(noted, "measured", reviewed)}
