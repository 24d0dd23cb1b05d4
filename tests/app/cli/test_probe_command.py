from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evidence.retrieval.retrievers._base import retriever_modules
from tests.app.cli.conftest import Formfact

THINGS = ["pump", "valve", "hose", "boiler", "tap", "filter", "meter", "switch", "cable", "lamp"]


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for n, thing in enumerate(THINGS * 3):
        text = f"# {thing.title()} {n}\n\nThe {thing} {n} has a warranty of {n + 3} winters.\n"
        (folder / f"{n}.md").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    asked = [
        {"id": f"q{n}", "text": f"warranty of {thing} {n}?", "reference": f"{n + 3} winters"}
        for n, thing in enumerate(THINGS * 3)
    ]
    return lines(tmp_path / "questions.jsonl", asked)


@pytest.fixture
def qrels(tmp_path: Path) -> Path:
    path = tmp_path / "qrels.tsv"
    rows = "".join(f"q{n}\t{n}.md\t1\n" for n in range(30))
    path.write_text(f"query-id\tcorpus-id\tscore\n{rows}", encoding="utf-8")
    return path


def test_the_verdict_comes_first_in_words(
    formfact: Formfact, documents: Path, questions: Path, qrels: Path
) -> None:
    done = formfact(
        *("probe", "--documents", documents, "--questions", questions, "--qrels", qrels),
        *("--retrievers", "bm25"),
    )

    assert done.status == 0, done.err
    assert done.out.startswith("Verdict: put all documents into the prompt")
    assert "1.000 [1.000, 1.000]" in done.out
    assert "0 questions of 30 fail with bm25" in done.out


def test_json_has_the_shape_that_others_rely_on(
    formfact: Formfact, documents: Path, questions: Path, qrels: Path
) -> None:
    arguments = ("probe", "--documents", documents, "--questions", questions, "--qrels", qrels)
    found = json.loads(formfact(*arguments, "--retrievers", "bm25", "--json").out)

    assert (found["documents"], found["passages"], found["questions"]) == (30, 30, 30)
    assert found["retrievers"]["bm25"]["ndcg@10"]["value"] == 1
    assert found["comparisons"] == []
    assert {"retriever", "because"} <= set(found["verdict"])
    assert set(found["rulebook"]) == {"version", "hash"}
    assert "per_question" not in found
    detailed = json.loads(formfact(*arguments, "--retrievers", "bm25", "--json", "--details").out)
    assert len(detailed["per_question"]) == 30


def test_without_judgements_relevance_is_guessed_and_said_to_be(
    formfact: Formfact, documents: Path, questions: Path
) -> None:
    done = formfact(
        *("probe", "--documents", documents, "--questions", questions), *("--retrievers", "bm25")
    )

    assert done.status == 0, done.err
    assert "Relevance is weak" in done.out


def test_a_run_of_the_search_in_use_joins_the_comparison(
    formfact: Formfact, tmp_path: Path, documents: Path, questions: Path, qrels: Path
) -> None:
    run = tmp_path / "own.run"
    hits = "".join(f"q{n} Q0 {(n + 1) % 30}.md 1 9.5 own\n" for n in range(30))
    run.write_text(hits, encoding="utf-8")

    done = formfact(
        *("probe", "--documents", documents, "--questions", questions, "--qrels", qrels),
        *("--retrievers", "bm25", "--run", run, "--json"),
    )

    found = json.loads(done.out)
    assert found["in_use"] == "run_file"
    [pair] = found["comparisons"]
    assert (pair["a"], pair["b"], pair["difference"]) == ("run_file", "bm25", -1)


def test_questions_come_from_a_log_with_what_was_in_the_prompt(
    formfact: Formfact, tmp_path: Path, documents: Path
) -> None:
    records = [
        {
            "id": f"r{n}",
            "input": f"warranty of {thing} {n}?",
            "output": "No idea.",
            "reference": f"{n + 3} winters",
            "context": [f"The {thing} {n} has a warranty of {n + 3} winters."],
        }
        for n, thing in enumerate(THINGS)
    ]
    log = lines(tmp_path / "log.jsonl", records)

    done = formfact(
        *("probe", "--documents", documents, "--log", log), *("--retrievers", "bm25", "--json")
    )

    reasons = json.loads(done.out)["misses"]["bm25"]["reasons"]
    assert reasons["found_and_ignored"]["count"] == 10


def test_a_file_that_cannot_be_read_is_told_and_the_others_are_kept(
    formfact: Formfact, documents: Path, questions: Path, qrels: Path
) -> None:
    (documents / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")

    done = formfact(
        *("probe", "--documents", documents, "--questions", questions, "--qrels", qrels),
        *("--retrievers", "bm25", "--json"),
    )

    found = json.loads(done.out)
    assert found["documents"] == 30
    assert [item["source"] for item in found["problems"]] == ["broken.pdf"]
    assert "broken.pdf" in done.err


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("no_questions", "no question could be read"),
        ("no_relevance", "no question has anything relevant"),
        ("empty_folder", "no document could be read"),
        ("foreign_qrels", "no judgement fits"),
        ("no_file", "--questions: name a file"),
    ],
)
def test_bad_input_is_one_line_and_exit_two(
    formfact: Formfact, tmp_path: Path, documents: Path, questions: Path, change: str, why: str
) -> None:
    arguments = ["--documents", documents, "--questions", questions]
    if change == "no_questions":
        questions.write_text("", encoding="utf-8")
    elif change == "no_relevance":
        lines(questions, [{"id": "q", "text": "Why?"}])
    elif change == "empty_folder":
        (tmp_path / "empty").mkdir()
        arguments[1] = tmp_path / "empty"
    elif change == "foreign_qrels":
        (tmp_path / "qrels.txt").write_text("q1 0 other 1\n", encoding="utf-8")
        arguments += ["--qrels", tmp_path / "qrels.txt"]
    else:
        del arguments[2:]

    done = formfact("probe", *arguments)

    assert done.status == 2
    assert done.out == ""
    assert len(done.err.strip().splitlines()) == 1
    assert why in done.err


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--retrievers", "bm25,oracle", "--retrievers oracle: there is"),
        ("--retrievers", "endpoint", "give its --endpoint URL"),
        ("--retrievers", ",", "name at least one"),
        ("--endpoint", "ftp://here", "needs an http(s) address"),
        ("--overlap", "500", "has to be below"),
    ],
)
def test_an_option_that_cannot_be_followed_is_named(
    formfact: Formfact, documents: Path, questions: Path, option: str, value: str, why: str
) -> None:
    done = formfact("probe", "--documents", documents, "--questions", questions, option, value)

    assert done.status == 2
    assert why in done.err


@pytest.mark.skipif(
    retriever_modules()["embedding"].available, reason="embeddings are installed here"
)
def test_a_retriever_that_is_not_installed_is_named_with_what_brings_it(
    formfact: Formfact, documents: Path, questions: Path
) -> None:
    arguments = ("probe", "--documents", documents, "--questions", questions)
    named = formfact(*arguments, "--retrievers", "bm25,embedding")
    usual = formfact(*arguments)

    assert named.status == 2
    assert 'pip install "formfact[embedding]"' in named.err
    assert usual.status == 0
    assert "embedding" in usual.err


def test_a_run_that_is_none_is_refused_with_its_line(
    formfact: Formfact, tmp_path: Path, documents: Path, questions: Path
) -> None:
    run = tmp_path / "own.run"
    run.write_text("not a run\n", encoding="utf-8")

    done = formfact("probe", "--documents", documents, "--questions", questions, "--run", run)

    assert done.status == 2
    assert "line 1" in done.err
