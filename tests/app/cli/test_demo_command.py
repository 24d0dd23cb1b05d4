from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from advisor_rules import default_rulebook
from app.demo.case import FAILURES, measured_facts
from app.demo.documents import standard_library_documents
from evidence.reading.whole import read_whole
from evidence.summary import summarise

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact


def test_demo_writes_the_report_in_every_form(process: Formfact, tmp_path: Path) -> None:
    done = process("demo", "--out", tmp_path / "deep" / "demo")
    assert done.status == 0, done.err
    folder = tmp_path / "deep" / "demo"
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
    assert done.out.endswith(f"Report: {folder / 'report.html'}\n")


def test_demo_needs_retrieval_and_measures_what_fails(process: Formfact, tmp_path: Path) -> None:
    process("demo", "--out", tmp_path)
    advice = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert advice["step"] == "rag_bm25"
    assert advice["diagnosis"]["class"] in ("information", "both")
    measured = {name for name, fact in advice["facts"].items() if fact["origin"] == "measured"}
    assert {"corpus_tokens", "failures_reviewed", "information_share"} <= measured
    assert all(advice["facts"][name]["evidence"] for name in measured)


def test_two_runs_write_the_same(process: Formfact, tmp_path: Path) -> None:
    for name in ("one", "two"):
        process("demo", "--out", tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_notes_are_counted() -> None:
    log, book = read_whole(FAILURES), default_rulebook()
    facts = measured_facts(summarise([], book), log.records, standard_library_documents(), book)
    noted = sum(record.reviewer_note is not None for record in log.records)
    assert facts["failures_reviewed"].value == noted
    assert f"{noted} of {len(log.records)}" in facts["failures_reviewed"].evidence
