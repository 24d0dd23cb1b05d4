"""A probe hands over the retriever to begin with."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.app.cli.conftest import Formfact


@pytest.fixture
def files(tmp_path: Path) -> list[str | Path]:
    """Arguments that name twenty documents, each with a question."""
    rows = [{"id": f"d{n}", "text": f"Pump {n} lasts {n + 3} winters."} for n in range(20)]
    asked = [{"id": f"q{n}", "text": f"How long does pump {n} last?"} for n in range(20)]
    for name, content in (("documents", rows), ("questions", asked)):
        text = "".join(json.dumps(row) + "\n" for row in content)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    judged = "".join(f"q{n}\td{n}\t1\n" for n in range(20))
    (tmp_path / "qrels.tsv").write_text(f"query-id\tcorpus-id\tscore\n{judged}", encoding="utf-8")
    return [
        *("--documents", tmp_path / "documents.jsonl", "--retrievers", "bm25"),
        *("--questions", tmp_path / "questions.jsonl", "--qrels", tmp_path / "qrels.tsv"),
    ]


def test_a_probe_writes_a_starter(
    formfact: Formfact, files: list[str | Path], tmp_path: Path
) -> None:
    path = tmp_path / "search.zip"
    done = formfact("probe", *files, "--starter", path, "--json")

    assert done.status == 0, done.err
    assert json.loads(done.out)["questions"] == 20
    assert f"Written to {path}: bm25" in done.err
    with zipfile.ZipFile(path) as file:
        made = json.loads(file.read("search-starter/settings.json"))
        assert made["retriever"] == "bm25"
        assert file.read("search-starter/documents.jsonl").count(b"\n") == 20


def test_a_starter_needs_a_folder_that_exists(
    formfact: Formfact, files: list[str | Path], tmp_path: Path
) -> None:
    done = formfact("probe", *files, "--starter", tmp_path / "nowhere" / "search.zip")

    assert (done.status, done.out) == (2, "")
    assert "--starter: there is no folder" in done.err


def test_a_search_of_the_team_s_own_has_no_starter(
    formfact: Formfact, files: list[str | Path], tmp_path: Path
) -> None:
    run, path = tmp_path / "ours.trec", tmp_path / "search.zip"
    run.write_text("".join(f"q{n} Q0 d{n} 1 1.0 ours\n" for n in range(20)), encoding="utf-8")
    questions = files[files.index("--questions") + 1]
    (tmp_path / "documents.jsonl").write_text(
        "".join(json.dumps({"id": f"d{n}", "text": f"Liquid {n}"}) + "\n" for n in range(20)),
        encoding="utf-8",
    )
    text = "".join(
        json.dumps({"id": f"q{n}", "text": f"Which {chr(97 + n) * 3}?"}) + "\n" for n in range(20)
    )
    Path(questions).write_text(text, encoding="utf-8")
    done = formfact("probe", *files, "--run", run, "--starter", path)

    assert done.status == 2
    assert "no starter for run_file: there is one for bm25, embedding, hybrid" in done.err
    assert not path.exists()
