"""Questions of a probe: from a log, a file or typed; what cannot be read is told, the rest kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from app.cases import create_case
from app.errors import Invalid, NotFound
from app.probe_questions import Asking, Attached, read_asking
from app.settings import Settings
from app.storage import Database
from evidence.retrieval.shapes import Question
from tests.app.failures import as_lines, diagnosed_here, record, uploaded

TYPED = "How long is the warranty?\n\n What does E07 mean? \n"


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[Database]:
    """SQLite alone: nothing here depends on the database."""
    database = Database(f"sqlite:///{tmp_path / 'formfact.db'}")
    yield database
    database.close()


@pytest.fixture
def case_id(session: Session) -> str:
    return create_case(session, "bot").id


def test_typed_questions_are_one_a_line(session: Session, case_id: str) -> None:
    found = read_asking(session, case_id, Asking(typed=TYPED))
    assert [item.text for item in found.questions] == [
        "How long is the warranty?",
        "What does E07 mean?",
    ]
    assert (found.origin, found.qrels, found.problems) == ("typed", None, ())


def test_a_file_is_read_by_its_ending_and_its_bad_rows_are_named(
    session: Session, case_id: str
) -> None:
    content = b"id,question,answer\na,How long?,2 years\nb,,none\n"
    found = read_asking(session, case_id, Asking(file=Attached("../q.CSV", content)))
    assert [(item.id, item.reference) for item in found.questions] == [("a", "2 years")]
    assert [(item.source, item.line) for item in found.problems] == [("q.CSV", 3)]


@pytest.mark.parametrize(
    ("asking", "words"),
    [
        (Asking(), "one source"),
        (Asking(typed=" \n "), "one source"),
        (Asking(typed="Why?", file=Attached("q.txt", b"Why?")), "one source"),
        (Asking(file=Attached("q.txt", b"")), "empty"),
        (Asking(file=Attached("q.jsonl", b"\x00\xff\xfe binary")), "no question"),
        (Asking(file=Attached("q.json", b'{"questions": []}')), "no question"),
        (Asking(typed="Why?", qrels=Attached("j.tsv", b"other d1 1\n")), "no judgement"),
        (Asking(typed="Why?", judged={"q1": {"d": 0}}), "no judgement"),
    ],
)
def test_what_holds_no_question_says_why(
    session: Session, case_id: str, asking: Asking, words: str
) -> None:
    with pytest.raises(Invalid, match=words):
        read_asking(session, case_id, asking)


def test_listed_questions_get_ids_and_repeats_of_one_are_left_out(
    session: Session, case_id: str
) -> None:
    listed = (Question("", "One?"), Question("a", "Two?"), Question("a", "Three?"))
    found = read_asking(session, case_id, Asking(listed=listed))
    assert [(item.id, item.text) for item in found.questions] == [("q1", "One?"), ("a", "Two?")]
    assert "taken" in found.problems[0].why


def test_what_no_column_can_hold_is_made_harmless(session: Session, case_id: str) -> None:
    listed = (Question("a\0b", "What is \ud800 this?", "nul\0"),)
    asked = read_asking(session, case_id, Asking(listed=listed)).questions[0]
    assert (asked.id, asked.text, asked.reference) == ("a b", "What is ? this?", "nul ")


def test_judgements_of_unknown_questions_are_told(session: Session, case_id: str) -> None:
    asking = Asking(typed="Why?", qrels=Attached("j.tsv", b"q1 0 d1 1\nq9 0 d1 1\n"))
    found = read_asking(session, case_id, asking)
    assert found.qrels == {"q1": {"d1": 1}}
    assert "q9" in found.problems[0].why
    assert found.problems[0].source == "j.tsv"


def test_questions_of_a_log_can_be_of_some_classes_alone(
    database: Database, settings: Settings
) -> None:
    rows = [
        record(1, reviewer_note="wrong fact", reference="24 months"),
        record(2, output="I cannot help with that."),
        record(3, output="I cannot help with that."),
    ]
    log = diagnosed_here(database, settings, as_lines(rows))
    with database.writing() as session:
        every = read_asking(session, log.case_id, Asking(log_id=log.id))
        labels = {"information"}
        some = read_asking(session, log.case_id, Asking(log_id=log.id, labels=tuple(labels)))
    assert [item.text for item in every.questions] == ["Question 1?", "Question 2?", "Question 3?"]
    assert every.records == {"r1": 1, "r2": 2, "r3": 3}
    assert len(some.questions) < len(every.questions)
    assert every.questions[0].reference == "24 months"


def test_a_log_that_is_not_read_or_not_there_is_said(
    database: Database, settings: Settings
) -> None:
    log = uploaded(database, settings, as_lines([record(1)]))
    with database.writing() as session:
        with pytest.raises(Invalid, match="diagnosed"):
            read_asking(session, log.case_id, Asking(log_id=log.id))
        with pytest.raises(Invalid, match="labels"):
            read_asking(session, log.case_id, Asking(log_id=log.id, labels=("nothing",)))
        with pytest.raises(NotFound):
            read_asking(session, log.case_id, Asking(log_id="unknown"))
