from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.probe_inputs import Unusable, read_inputs


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "a.txt").write_text("The warranty lasts three years.", encoding="utf-8")
    (folder / "copy.txt").write_text("The warranty lasts three years.", encoding="utf-8")
    return folder


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    path = tmp_path / "questions.txt"
    path.write_text("How long is the warranty?\nWho made it?\n", encoding="utf-8")
    return path


def judged(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "qrels.txt"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def test_copies_of_a_document_take_over_its_judgements(
    tmp_path: Path, documents: Path, questions: Path
) -> None:
    found = read_inputs(documents, questions, judged(tmp_path, "q1 0 copy.txt 1"))

    assert [item.id for item in found.documents] == ["a.txt"]
    assert found.repeats == 1
    assert found.qrels == {"q1": {"a.txt": 1}}


def test_passages_may_be_judged(tmp_path: Path, documents: Path, questions: Path) -> None:
    found = read_inputs(documents, questions, judged(tmp_path, "q1 0 a.txt#0-31 1"))

    assert found.qrels == {"q1": {"a.txt#0-31": 1}}


def test_judgements_of_other_documents_are_told_and_left_out(
    tmp_path: Path, documents: Path, questions: Path
) -> None:
    qrels = judged(tmp_path, "q1 0 a.txt 1", "q1 0 gone.txt 1", "q9 0 a.txt 1")

    found = read_inputs(documents, questions, qrels)

    assert found.qrels == {"q1": {"a.txt": 1}}
    assert len(found.problems) == 2


def test_without_judgements_there_are_none(documents: Path, questions: Path) -> None:
    assert read_inputs(documents, questions).qrels is None


def test_questions_come_from_the_log_where_no_file_is_named(
    tmp_path: Path, documents: Path
) -> None:
    log = tmp_path / "log.jsonl"
    record = {"id": "r1", "input": "How long?", "output": "Five.", "reference": "three years"}
    log.write_text(json.dumps(record) + "\n", encoding="utf-8")

    found = read_inputs(documents, log=log)

    assert [(item.id, item.reference) for item in found.questions] == [("r1", "three years")]
    assert found.records["r1"].output == "Five."


def test_what_cannot_be_used_is_said_with_its_place(
    tmp_path: Path, documents: Path, questions: Path
) -> None:
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"id": 1}\n', encoding="utf-8")

    with pytest.raises(Unusable, match=r"bad\.jsonl: no question could be read \(line 1: "):
        read_inputs(documents, bad)
    with pytest.raises(Unusable, match="no judgement fits"):
        read_inputs(documents, questions, judged(tmp_path, "q1 0 gone.txt 1"))
