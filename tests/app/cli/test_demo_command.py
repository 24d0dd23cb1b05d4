from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from advisor_rules import default_rulebook
from app.demo.case import measured_facts, records
from app.demo.documents import standard_library_documents
from app.demo.retrieval import installed, probe_docstrings
from evidence.summary import summarise

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact

STEPS = {True: "rag_embedding", False: "rag_bm25"}
"""Whether search by meaning could be measured -> the step that the bundled case comes to."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("deep") / "demo"


def test_demo_writes_the_report_in_every_form(process: Formfact, folder: Path) -> None:
    done = process("demo", "--out", folder)
    assert done.status == 0, done.err
    assert {path.name for path in folder.iterdir()} == {
        "labelled.jsonl",
        "report.html",
        "report.json",
        "report.md",
    }
    advice = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert default_rulebook().steps[advice["step"]].verdict in done.out
    assert done.out.startswith("Of ")
    assert advice["failure_log"]["records"] == 48
    assert advice["probe"]["documents"] > 2500
    assert list(advice["probe"]["retrievers"]) == installed()
    assert done.out.endswith(f"Report: {folder / 'report.html'}\n")


def test_demo_needs_the_retrieval_that_was_measured_best(process: Formfact, folder: Path) -> None:
    if not folder.exists():
        process("demo", "--out", folder)
    advice = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert advice["step"] == STEPS["embedding" in installed()]
    assert advice["diagnosis"]["class"] in ("information", "both")
    measured = {name for name, fact in advice["facts"].items() if fact["origin"] == "measured"}
    assert {"answers_in_documents", "corpus_tokens", "failures_reviewed"} <= measured
    assert {"information_share", "question_wording"} <= measured
    assert all(advice["facts"][name]["evidence"] for name in measured)


def test_two_runs_write_the_same(process: Formfact, folder: Path, tmp_path: Path) -> None:
    for path in (folder, tmp_path):
        if not (path / "report.json").exists():
            process("demo", "--out", path)
    for path in folder.iterdir():
        assert path.read_bytes() == (tmp_path / path.name).read_bytes()


def test_notes_are_counted_and_every_question_has_its_docstring() -> None:
    book, logged = default_rulebook(), records()
    limits = book.limits(book.latest())
    probed = probe_docstrings(standard_library_documents(), logged, ["bm25"], limits)
    facts = measured_facts(summarise([], book), probed, book)
    noted = sum(record.reviewer_note is not None for record in logged)
    assert facts["failures_reviewed"].value == noted
    assert f"{noted} of {len(logged)}" in facts["failures_reviewed"].evidence
    assert probed["relevance"]["measured"] == len(logged)
    assert probed["relevance"]["kind"] == "judged"
