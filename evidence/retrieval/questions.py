"""Questions, from files, typed text and failure records; and judgements of what is relevant.

Everything that is wrong in a file is reported at once, with its lines, and the rest is kept.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.reading import json_stream, jsonl, table
from evidence.reading.files import kind_of
from evidence.reading.shapes import LogUnreadable, Raw
from evidence.records import FailureRecord, Skipped
from evidence.retrieval.reading import Limits
from evidence.retrieval.reading._charset import as_utf8, read_text
from evidence.retrieval.reading._rows import said
from evidence.retrieval.shapes import Problem, Qrels, Question
from evidence.view import RecordView

IDS = ("id", "_id", "qid", "query_id", "query-id", "question_id")
TEXTS = ("text", "question", "query", "input", "prompt")
REFERENCES = ("reference", "answer", "expected", "expected_output", "ground_truth", "gold")
KINDS = ("kind", "type", "category")
GROUPS = ("group", "cluster")

NAMED = 10
"""Unknown ids that are named, of each kind; the others are counted."""

QUESTION_CHARS = 10_000
"""A longer text is no question: left out of a file, and cut in a log."""


@dataclass(frozen=True, slots=True)
class Questions:
    """The questions of a file, and what could not be read of it."""

    questions: tuple[Question, ...]
    problems: tuple[Problem, ...] = ()


def read_questions(path: Path, limits: Limits | None = None) -> Questions:
    """Questions from JSON Lines or JSON, CSV or TSV, or text with one a line, by the file's ending.

    Objects and rows have ``text`` (or ``question``, ``query``), and may have ``id`` (or ``_id``),
    ``reference`` (or ``answer``), ``kind`` and ``group``. Without an id it is ``q`` and the line.
    """
    ending = path.suffix.lower()
    reading = _Reading(path.name)
    try:
        if ending in (".jsonl", ".ndjson", ".json", ".csv", ".tsv"):
            _take_rows(path, reading, limits or Limits())
        else:
            _take_lines(path, reading, limits or Limits())
    except (OSError, ValueError) as error:
        reading.add(0, f"cannot be opened: {getattr(error, 'strerror', None) or error}")
    return reading.result()


def typed_questions(text: str) -> Questions:
    """Questions that somebody typed, one a line."""
    reading = _Reading("")
    reading.take_lines(text)
    return reading.result()


def questions_of_records(records: Iterable[FailureRecord]) -> list[Question]:
    """What the user said last in each record, with the reference answer; repeats are left out."""
    found: dict[tuple[str, str], Question] = {}
    for record in records:
        view = RecordView(record)
        text = " ".join(view.question.split())[:QUESTION_CHARS]
        reference = (view.reference or "").strip()
        if text:
            question = Question(record.id, text, reference, "log")
            found.setdefault((text.casefold(), reference), question)
    return list(found.values())


def _take_lines(path: Path, reading: _Reading, limits: Limits) -> None:
    for found in read_text(path, path.name, limits):
        if isinstance(found, Problem):
            reading.problems.append(found)
        else:
            reading.take_lines(found.text)


def _take_rows(path: Path, reading: _Reading, limits: Limits) -> None:
    with as_utf8(path, path.name, limits) as (readable, note):
        reading.problems += [note] if note else []
        try:
            reading.take_rows(_rows(readable, path.suffix.lower()))
        except LogUnreadable as error:
            reading.add(0, said(error, readable))


def _rows(path: Path, ending: str) -> Iterator[Raw]:
    if ending in (".csv", ".tsv"):
        return table.rows(path)
    if ending == ".json" and kind_of(path) == "json":
        return json_stream.rows(path, names=("questions", "queries", *json_stream.LIST_NAMES))
    return jsonl.rows(path)


class _Reading:
    """Questions so far, and problems."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._questions: dict[str, Question] = {}
        self.problems: list[Problem] = []

    def add(self, line: int, why: str) -> None:
        """Report a problem."""
        self.problems.append(Problem(self._source, why, line))

    def take_rows(self, rows: Iterator[Raw]) -> None:
        """Take a question from every row."""
        for line, row in rows:
            if isinstance(row, Skipped):
                self.add(row.line, row.why)
                continue
            names = {str(name).strip().lower(): value for name, value in row.items()}
            text = _field(names, TEXTS)
            if not text:
                self.add(line, f"no question; looked for {', '.join(TEXTS[:3])}")
                continue
            reference, kind, group = (_field(names, one) for one in (REFERENCES, KINDS, GROUPS))
            name = _field(names, IDS) or f"q{line}"
            self._take(line, Question(name, text, reference, kind, group))

    def take_lines(self, text: str) -> None:
        """Take a question from every line that is not empty."""
        for line, words in enumerate(text.split("\n"), 1):
            if words.strip():
                self._take(line, Question(f"q{line}", words.strip()))

    def result(self) -> Questions:
        """All of it; that there is nothing is a problem too."""
        if not self._questions and not self.problems:
            self.add(0, "holds no questions")
        return Questions(tuple(self._questions.values()), tuple(self.problems))

    def _take(self, line: int, question: Question) -> None:
        if question.id in self._questions:
            why = f"the id {question.id[:100]!r} is taken by an earlier question: left out"
            self.add(line, why)
            return
        if len(question.text) > QUESTION_CHARS:
            self.add(line, f"longer than {QUESTION_CHARS:,} characters: left out")
            return
        self._questions[question.id] = question


def _field(row: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for name in names:
        value = row.get(name)
        if isinstance(value, list) and value:
            value = value[0]  # several acceptable answers: the first is the usual one
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


@dataclass(frozen=True, slots=True)
class Judged:
    """Relevance that people judged, and what could not be read of it."""

    qrels: Qrels
    problems: tuple[Problem, ...] = ()
    weak: bool = False


def read_qrels(
    path: Path,
    questions: Collection[str] | None = None,
    documents: Collection[str] | None = None,
    same: Mapping[str, str] | None = None,
) -> Judged:
    """Relevance from TREC lines (``question 0 document grade``) or BEIR's table of three columns.

    ``questions``, ``documents``: the ids that there are (passages count as documents too); others
    are problems, and are left out. ``same``: id of a document that was folded -> id of the one that
    was kept, which takes over its grade.
    """
    reading = _Grades(path.name, questions, documents, same or {})
    for found in read_text(path, path.name, Limits()):
        if isinstance(found, Problem):
            reading.problems.append(found)
        else:
            reading.take(found.text)
    return Judged(reading.qrels, tuple(reading.all_problems()))


class _Grades:
    """Grades so far, and problems."""

    def __init__(
        self,
        source: str,
        questions: Collection[str] | None,
        documents: Collection[str] | None,
        same: Mapping[str, str],
    ) -> None:
        self._source = source
        self._questions = None if questions is None else frozenset(questions)
        self._documents = None if documents is None else frozenset(documents)
        self._same = same
        self._unknown: dict[str, dict[str, int]] = {"question": {}, "document": {}}
        self.qrels: Qrels = {}
        self.problems: list[Problem] = []

    def take(self, text: str) -> None:
        """Take every line."""
        lines = text.split("\n")
        for number, line in enumerate(lines, 1):
            if line.strip():
                self._take(number, _cells(line))
        if not self.qrels and not self.problems and not any(self._unknown.values()):
            self._add(0, "holds no judgements")

    def all_problems(self) -> Iterator[Problem]:
        """Every problem, the ids that are not known last."""
        yield from self.problems
        for what, ids in self._unknown.items():
            if ids:
                first = min(ids.values())
                why = f"{_counted(what, ids)} not there: {_named(ids)}"
                yield Problem(self._source, why, first)

    def _add(self, line: int, why: str) -> None:
        self.problems.append(Problem(self._source, why, line))

    def _take(self, number: int, cells: list[str]) -> None:
        if len(cells) not in (3, 4):
            self._add(number, f"{len(cells)} columns; 3 (BEIR) or 4 (TREC) are needed")
            return
        question, document, given = cells[0], cells[-2], cells[-1]
        grade = _grade(given)
        if grade is None:
            if number > 1:  # the first line may name the columns
                self._add(number, f"the grade is {given[:50]!r}, and has to be a whole number")
            return
        document = self._same.get(document, document)
        if self._known(number, question, document):
            self._judge(number, question, document, grade)

    def _known(self, number: int, question: str, document: str) -> bool:
        known = True
        if self._questions is not None and question not in self._questions:
            self._unknown["question"].setdefault(question, number)
            known = False
        if self._documents is not None and document not in self._documents:
            self._unknown["document"].setdefault(document, number)
            known = False
        return known

    def _judge(self, number: int, question: str, document: str, grade: int) -> None:
        grades = self.qrels.setdefault(question, {})
        before = grades.get(document)
        if before is not None and before != grade:
            self._add(number, f"{question!r} and {document!r} have two grades: the higher is kept")
        grades[document] = grade if before is None else max(before, grade)


def _cells(line: str) -> list[str]:
    if "\t" in line:
        return [cell.strip() for cell in next(csv.reader([line], delimiter="\t"), [])]
    return line.split()


def _grade(given: str) -> int | None:
    try:
        value = float(given)
    except ValueError:
        return None
    return int(value) if value.is_integer() and abs(value) < 1_000 else None


def _counted(what: str, ids: Mapping[str, int]) -> str:
    return f"1 {what} is" if len(ids) == 1 else f"{len(ids):,} {what}s are"


def _named(ids: Mapping[str, int]) -> str:
    shown = ", ".join(f"{name[:100]} (line {line})" for name, line in list(ids.items())[:NAMED])
    return f"{shown} and {len(ids) - NAMED:,} more" if len(ids) > NAMED else shown
