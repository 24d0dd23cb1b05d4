"""The questions of a probe: from a log of the case, a file, or as they were typed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory
from typing import Any, Literal

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from advisor_rules.model import CLASSES
from app.errors import Invalid, Wrong
from app.log_rows import storable
from app.logs import get_log, shown_name
from app.storage import LogRecord, LogText, Probe, ProbeQuestion
from evidence.records import FailureRecord
from evidence.retrieval.questions import (
    QUESTION_CHARS,
    Questions,
    questions_of_records,
    read_qrels,
    read_questions,
    typed_questions,
)
from evidence.retrieval.shapes import Problem, Qrels, Question

Origin = Literal["log", "file", "typed"]
MOST_QUESTIONS = 20_000
"""More say little more, and take long."""
MOST_JUDGEMENTS = 1_000_000
READ = 500
LONGEST_ID = 500
ENDINGS = (".jsonl", ".ndjson", ".json", ".csv", ".tsv", ".txt")


@dataclass(frozen=True, slots=True)
class Attached:
    """A small file that came with a request."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Asking:
    """Where the questions are from: just one of log, file, text and list."""

    log_id: str = ""
    labels: tuple[str, ...] = ()
    """Classes of the log's records that are asked about, such as information; none: all."""
    file: Attached | None = None
    typed: str = ""
    """One question a line."""
    listed: tuple[Question, ...] = ()
    qrels: Attached | None = None
    """Relevance of passages or documents as TREC or BEIR write it."""
    judged: Qrels | None = None
    """The same as it is."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was read: questions, where each is from, and what could not be read."""

    origin: Origin
    questions: Sequence[Question]
    records: dict[str, int] = field(default_factory=dict)
    """Id of a question -> the number of the log's record."""
    qrels: Qrels | None = None
    problems: tuple[Problem, ...] = ()

    def problem_data(self) -> list[dict[str, Any]]:
        """The problems as JSON has them."""
        return [{"document": "", **asdict(item)} for item in self.problems]


def read_asking(session: Session, case_id: str, asking: Asking) -> Asked:
    """The questions and their relevance. Raises NotFound, or Invalid where none can be used."""
    origin, found, records = _read(session, case_id, asking)
    if not found.questions:
        raise Invalid([Wrong("questions", _none(found.problems))])
    questions = tuple(_clean(item) for item in found.questions[:MOST_QUESTIONS])
    left = len(found.questions) - len(questions)
    problems = list(found.problems)
    if left:
        why = f"only the first {MOST_QUESTIONS:,} questions are asked: {left:,} are left out"
        problems.append(Problem(asking.file.name if asking.file else "", why))
    qrels = _relevance(asking, {item.id for item in questions}, problems)
    return Asked(origin, questions, records, qrels, tuple(problems))


def store_questions(session: Session, probe: Probe, asked: Asked) -> None:
    """Write the questions of a probe, and the order in which they are judged."""
    places = list(range(1, len(asked.questions) + 1))
    random.Random(probe.id).shuffle(places)  # noqa: S311 - a draw that can be repeated
    rows: list[dict[str, Any]] = [
        {
            "probe_id": probe.id,
            "number": number,
            "question_id": question.id,
            "text": question.text,
            "reference": question.reference,
            "kind": question.kind,
            "group": question.group,
            "origin": asked.origin,
            "record": asked.records.get(question.id),
            "place": place,
            "relevant": {},
            "guessed": {},
            "by": {},
        }
        for number, (question, place) in enumerate(zip(asked.questions, places, strict=True), 1)
    ]
    session.execute(insert(ProbeQuestion), rows)
    probe.questions = len(rows)


def question_of(row: ProbeQuestion) -> Question:
    """A stored question as the measurement takes it."""
    return Question(row.question_id, row.text, row.reference, row.kind, row.group)


def records_of(
    session: Session, probe: Probe, rows: Iterable[ProbeQuestion]
) -> dict[str, FailureRecord]:
    """Question -> the log's record that it is from, as far as the log is still there."""
    names = {row.record: row.question_id for row in rows if row.record is not None}
    found: dict[str, FailureRecord] = {}
    for start in range(0, len(numbers := sorted(names)), READ):
        wanted = (
            select(LogRecord.number, LogText.body)
            .join(LogText, LogText.id == LogRecord.id)
            .where(LogRecord.log_id == probe.log_id)
            .where(LogRecord.number.in_(numbers[start : start + READ]))
        )
        for number, body in session.execute(wanted):
            found[names[number]] = FailureRecord.model_validate(body)
    return found


def _read(
    session: Session, case_id: str, asking: Asking
) -> tuple[Origin, Questions, dict[str, int]]:
    given = [bool(asking.log_id), asking.file is not None, bool(asking.typed.strip())]
    if sum([*given, bool(asking.listed)]) != 1:
        words = "name one source of questions: a log, a file, or questions that you type"
        raise Invalid([Wrong("questions", words)])
    if asking.log_id:
        return ("log", *_of_log(session, case_id, asking))
    if asking.file is not None:
        return "file", _of_file(asking.file), {}
    found = _listed(asking.listed) if asking.listed else typed_questions(asking.typed)
    return "typed", found, {}


def _of_log(session: Session, case_id: str, asking: Asking) -> tuple[Questions, dict[str, int]]:
    log = get_log(session, case_id, asking.log_id)
    if wrong := [label for label in asking.labels if label not in CLASSES]:
        words = f"must be of {', '.join(CLASSES)}, not {wrong[0][:80]!r}"
        raise Invalid([Wrong("labels", words)])
    if not log.position and log.state != "done":
        raise Invalid([Wrong("log_id", "nothing of this log is diagnosed yet")])
    records: dict[str, FailureRecord] = {}
    numbers: dict[str, int] = {}
    for number, body in _records(session, log.id, asking.labels):
        record = FailureRecord.model_validate(body)
        if record.id not in records:
            records[record.id], numbers[record.id] = record, number
    questions = tuple(questions_of_records(records.values()))
    problem = () if questions else (Problem(log.name, "no record of these classes has a question"),)
    return Questions(questions, problem), numbers


def _records(
    session: Session, log_id: str, labels: Sequence[str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    wanted = (
        select(LogRecord.number, LogText.body)
        .join(LogText, LogText.id == LogRecord.id)
        .where(LogRecord.log_id == log_id, LogRecord.repeat_of.is_(None))
        .order_by(LogRecord.number)
        .limit(MOST_QUESTIONS)
    )
    if labels:
        wanted = wanted.where(LogRecord.final_label.in_(labels))
    yield from session.execute(wanted).yield_per(READ)


def _of_file(file: Attached) -> Questions:
    name = shown_name(file.name, "questions")
    if not file.content.strip():
        return Questions((), (Problem(name, "is empty"),))
    with _on_disk(file) as path:
        found = read_questions(path)
    problems = (Problem(name, item.why, item.line) for item in found.problems)
    return Questions(found.questions, tuple(problems))


@contextmanager
def _on_disk(file: Attached) -> Iterator[Path]:
    """A file that came with a request, on disk under a harmless name while it is read."""
    ending = PurePath(shown_name(file.name)).suffix.lower()
    with TemporaryDirectory(prefix="questions-") as folder:
        path = Path(folder) / f"questions{ending if ending in ENDINGS else '.txt'}"
        path.write_bytes(file.content)
        yield path


def _listed(questions: Iterable[Question]) -> Questions:
    kept: dict[str, Question] = {}
    problems = []
    for number, question in enumerate(questions, 1):
        name = question.id or f"q{number}"
        if not question.text.strip():
            problems.append(Problem("", "no question", number))
        elif name in kept:
            why = f"the id {name[:100]!r} is taken by an earlier question: left out"
            problems.append(Problem("", why, number))
        else:
            kept[name] = Question(name, question.text, *_rest(question))
    return Questions(tuple(kept.values()), tuple(problems))


def _rest(question: Question) -> tuple[str, str, str]:
    return question.reference, question.kind, question.group


def _clean(question: Question) -> Question:
    """A question whose texts can be stored."""
    name, text = storable(question.id[:LONGEST_ID]), storable(question.text[:QUESTION_CHARS])
    return Question(name, text, *map(storable, _rest(question)))


def _relevance(asking: Asking, known: set[str], problems: list[Problem]) -> Qrels | None:
    """Relevance as given, of questions that there are; None where none was given."""
    if asking.qrels is None and asking.judged is None:
        return None
    if asking.qrels is not None:
        with _on_disk(asking.qrels) as path:
            read = read_qrels(path, known)
        qrels = read.qrels
        name = shown_name(asking.qrels.name)
        problems += [Problem(name, item.why, item.line) for item in read.problems]
    else:
        qrels = {name: dict(grades) for name, grades in (asking.judged or {}).items()}
        if lost := [name for name in qrels if name not in known]:
            why = f"{len(lost):,} of the judged questions are not there: {', '.join(lost)[:200]}"
            problems.append(Problem("", why))
        qrels = {name: grades for name, grades in qrels.items() if name in known and grades}
    if sum(map(len, qrels.values())) > MOST_JUDGEMENTS:
        words = f"must hold at most {MOST_JUDGEMENTS:,} judgements"
        raise Invalid([Wrong("qrels", words)])
    if not any(grade > 0 for grades in qrels.values() for grade in grades.values()):
        raise Invalid([Wrong("qrels", _none(problems[-1:], "no judgement fits the questions"))])
    return {
        storable(name): {storable(unit): grade for unit, grade in grades.items()}
        for name, grades in qrels.items()
    }


def _none(problems: Sequence[Problem], what: str = "no question could be read") -> str:
    if not problems:
        return what
    first = problems[0]
    line = f", line {first.line}" if first.line else ""
    more = f"; {len(problems) - 1:,} more problems" if len(problems) > 1 else ""
    place = f"{first.source}{line}: " if first.source or line else ""
    return f"{what} ({place}{first.why}{more})"
