"""What a probe needs, read from files: documents, questions, judgements, and the log's records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from app.words import counted
from evidence.reading import Row, read_log
from evidence.records import FailureRecord
from evidence.retrieval.documents import Collection, gather
from evidence.retrieval.questions import Questions, questions_of_records, read_qrels, read_questions
from evidence.retrieval.shapes import Document, Problem, Qrels, Question

MOST_QUESTIONS = 20_000
"""Questions that are taken from a log; more say little more, and take long."""


class Unusable(ValueError):
    """Files that a probe cannot begin with: the message says in one line which, and why."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that was read, and what could not be."""

    documents: Sequence[Document]
    questions: Sequence[Question]
    qrels: Qrels | None = None
    """None where relevance is to be guessed from the reference answers."""
    records: dict[str, FailureRecord] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    repeats: int = 0
    """Documents that were left out because another says the same."""


def read_inputs(
    documents: Path,
    questions: Path | None = None,
    qrels: Path | None = None,
    log: Path | None = None,
) -> Inputs:
    """Read the files; without ``questions`` they are taken from the log.

    Raises `Unusable` where no document, no question, or no judgement can be used.
    """
    found = gather(documents)
    if not found.documents:
        raise Unusable(_none(documents, "no document could be read", found.problems))
    records = _records(log) if log else {}
    asked = _questions(questions, records)
    problems = [*found.problems, *asked.problems]
    judged = _judged(qrels, asked.questions, found, problems) if qrels else None
    return Inputs(found.documents, asked.questions, judged, records, problems, len(found.repeats))


def _none(path: Path, what: str, problems: Sequence[Problem]) -> str:
    if not problems:
        return f"{path}: {what}"
    first = problems[0]
    where = "" if first.source == path.name else f"{first.source}"
    line = f"line {first.line}" if first.line else ""
    place = ", ".join(part for part in (where, line) if part)
    more = f"; {len(problems) - 1:,} more problems" if len(problems) > 1 else ""
    return f"{path}: {what} ({place + ': ' if place else ''}{first.why}{more})"


def _records(log: Path) -> dict[str, FailureRecord]:
    rows = (row.record for row in read_log(log) if isinstance(row, Row))
    found: dict[str, FailureRecord] = {}
    for record in rows:
        found.setdefault(record.id, record)
        if len(found) >= MOST_QUESTIONS:
            break
    return found


def _questions(path: Path | None, records: dict[str, FailureRecord]) -> Questions:
    if path is None:
        found = Questions(tuple(questions_of_records(records.values())))
        if not found.questions:
            raise Unusable("the log holds no questions: name a file of them with --questions")
        return found
    found = read_questions(path)
    if not found.questions:
        raise Unusable(_none(path, "no question could be read", found.problems))
    return found


def _judged(
    path: Path, questions: Sequence[Question], found: Collection, problems: list[Problem]
) -> Qrels:
    known = {item.id for item in questions}
    # passages have their document's id before the #: what is judged by passage is known by it
    judged = read_qrels(path, known, None, found.repeats)
    qrels, lost = of_documents(judged.qrels, {item.id for item in found.documents})
    problems += judged.problems
    if lost:
        why = f"{counted(lost, 'judgement')} of documents that are not there: left out"
        problems.append(Problem(path.name, why))
    if not any(grade > 0 for grades in qrels.values() for grade in grades.values()):
        raise Unusable(_none(path, "no judgement fits the questions and documents", problems[-1:]))
    return qrels


def of_documents(
    qrels: Qrels, documents: Set[str], repeats: Mapping[str, str] | None = None
) -> tuple[Qrels, int]:
    """Judgements of documents that there are, and of their passages; how many others there were.

    ``repeats``: id of a document that was folded -> id of the one that was kept.
    """
    same, lost = repeats or {}, 0
    fitting: Qrels = {}
    for question, grades in qrels.items():
        kept = fitting.setdefault(question, {})
        for unit, grade in grades.items():
            name = same.get(unit, unit)
            if _is_known(name, documents):
                kept[name] = max(grade, kept.get(name, grade))
            else:
                lost += 1
    return fitting, lost


def _is_known(unit: str, documents: Set[str]) -> bool:
    return unit in documents or unit.rpartition("#")[0] in documents
