"""Questions and judgements: all that is wrong at once with its line, the rest kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.records import FailureRecord, Message
from evidence.retrieval.questions import (
    questions_of_records,
    read_qrels,
    read_questions,
    typed_questions,
)
from evidence.retrieval.shapes import Question


def written(folder: Path, name: str, text: str) -> Path:
    (path := folder / name).write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.jsonl", '{"id": "a", "text": "Who?"}\n{"_id": "b", "query": "When?"}\n'),
        ("q.json", '[{"id": "a", "question": "Who?"}, {"id": "b", "text": "When?"}]'),
        ("q.csv", "id,question\na,Who?\nb,When?\n"),
        ("q.tsv", "_id\tquery\na\tWho?\nb\tWhen?\n"),
    ],
)
def test_questions_are_read_under_the_names_they_go_by(
    tmp_path: Path, name: str, text: str
) -> None:
    found = read_questions(written(tmp_path, name, text))

    assert found.questions == (Question("a", "Who?"), Question("b", "When?"))
    assert found.problems == ()


def test_a_text_has_a_question_a_line(tmp_path: Path) -> None:
    found = read_questions(written(tmp_path, "q.txt", "Who?\n\n When? \n"))

    assert found == typed_questions("Who?\n\n When? ")
    assert found.questions == (Question("q1", "Who?"), Question("q3", "When?"))


def test_the_answer_kind_and_group_come_along(tmp_path: Path) -> None:
    row = '{"id": 7, "text": "Who?", "answer": ["Ada", "A."], "kind": "person", "group": "g"}'

    found = read_questions(written(tmp_path, "q.jsonl", row))

    assert found.questions == (Question("7", "Who?", "Ada", "person", "g"),)


def test_all_that_is_wrong_with_questions_is_said_with_its_line(tmp_path: Path) -> None:
    text = '{"id": "a", "text": "Who?"}\n{broken\n{"id": "a", "text": "Else?"}\n{"id": "c"}\n[1]\n'

    found = read_questions(written(tmp_path, "q.jsonl", text))

    assert [one.id for one in found.questions] == ["a"]
    assert [one.line for one in found.problems] == [2, 3, 4, 5]
    assert "taken by an earlier question" in found.problems[1].why
    assert "no question" in found.problems[2].why


@pytest.mark.parametrize("name", ["q.txt", "q.jsonl", "q.csv", "q.json"])
def test_a_file_without_questions_is_a_problem(tmp_path: Path, name: str) -> None:
    assert read_questions(written(tmp_path, name, "\n")).problems
    assert read_questions(tmp_path / f"no-{name}").problems[0].why.startswith("cannot be opened")


def test_a_table_in_another_encoding_is_read_and_said(tmp_path: Path) -> None:
    (path := tmp_path / "q.csv").write_bytes("id;question\na;Größe der Tür?\n".encode("utf-16"))

    found = read_questions(path)

    assert found.questions == (Question("a", "Größe der Tür?"),)


def test_of_a_log_the_last_words_of_the_user_are_the_question() -> None:
    chat = [
        Message(role="system", content="Be kind."),
        Message(role="user", content="Hello"),
        Message(role="assistant", content="Hi"),
        Message(role="user", content=[{"type": "text", "text": "Who  wrote it?"}]),
    ]
    records = [
        FailureRecord(id="r1", input=chat, output="Bob", reference="Ada"),
        FailureRecord(id="r2", input="who wrote it?", output="Eve", reference="Ada"),
        FailureRecord(id="r3", input="  ", output="x"),
    ]

    assert questions_of_records(records) == [Question("r1", "Who wrote it?", "Ada", "log")]


@pytest.mark.parametrize(
    "text",
    [
        "query-id\tcorpus-id\tscore\na\td1\t1\na\td2\t0\nb\td1\t2\n",
        "a\td1\t1\na\td2\t0\nb\td1\t2\n",
        "a 0 d1 1\na 0 d2 0\nb 0 d1 2\n",
        "a\t0\td1\t1\r\na\t0\td2\t0\r\nb\t0\td1\t2\r\n",
    ],
)
def test_judgements_are_read_from_trec_and_beir(tmp_path: Path, text: str) -> None:
    found = read_qrels(written(tmp_path, "q.tsv", text))

    assert found.qrels == {"a": {"d1": 1, "d2": 0}, "b": {"d1": 2}}
    assert found.problems == ()
    assert not found.weak


def test_all_that_is_wrong_with_judgements_is_said_at_once(tmp_path: Path) -> None:
    text = "a 0 d1 1\na d1\na 0 d2 high\nx 0 d1 1\na 0 d9 1\ny 0 d8 1\na 0 d1 2\n"

    found = read_qrels(written(tmp_path, "q.txt", text), questions=["a"], documents=["d1", "d2"])

    assert found.qrels == {"a": {"d1": 2}}
    assert [(one.line, one.why) for one in found.problems] == [
        (2, "2 columns; 3 (BEIR) or 4 (TREC) are needed"),
        (3, "the grade is 'high', and has to be a whole number"),
        (7, "'a' and 'd1' have two grades: the higher is kept"),
        (4, "2 questions are not there: x (line 4), y (line 6)"),
        (5, "2 documents are not there: d9 (line 5), d8 (line 6)"),
    ]


def test_a_document_that_was_folded_hands_its_grade_over(tmp_path: Path) -> None:
    path = written(tmp_path, "q.tsv", "a\tcopy\t1\n")

    assert read_qrels(path, documents=["d1"], same={"copy": "d1"}).qrels == {"a": {"d1": 1}}


def test_a_file_without_judgements_is_a_problem(tmp_path: Path) -> None:
    path = written(tmp_path, "q.tsv", "query-id\tcorpus-id\tscore\n")

    assert [one.why for one in read_qrels(path).problems] == ["holds no judgements"]
