from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from advisor_rules import default_rulebook
from app.demo.case import FAILURES, measured_facts, read_answers
from app.demo.documents import standard_library_documents
from evidence.reading.whole import read_whole

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact


def test_demo_writes_the_report_in_every_form(process: Formfact, tmp_path: Path) -> None:
    done = process("demo", "--out", tmp_path / "deep" / "demo")
    assert done.status == 0, done.err
    folder = tmp_path / "deep" / "demo"
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.md", "report.json"}
    advice = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert done.out.startswith(default_rulebook().steps[advice["step"]].verdict)
    assert done.out.endswith(f"Report: {folder / 'report.html'}\n")


def test_demo_needs_retrieval_and_measures_two_facts(process: Formfact, tmp_path: Path) -> None:
    process("demo", "--out", tmp_path)
    advice = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert advice["step"] == "rag_bm25"
    assert advice["diagnosis"]["class"] in ("information", "both")
    measured = {name for name, fact in advice["facts"].items() if fact["origin"] == "measured"}
    assert {"corpus_tokens", "failures_reviewed"} <= measured
    assert all(advice["facts"][name]["evidence"] for name in measured)


def test_two_runs_write_the_same(process: Formfact, tmp_path: Path) -> None:
    for name in ("one", "two"):
        process("demo", "--out", tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_measured_facts_are_counted_and_not_answered_as_well() -> None:
    log = read_whole(FAILURES)
    facts = measured_facts(log.records, standard_library_documents())
    noted = sum(record.reviewer_note is not None for record in log.records)
    assert facts["failures_reviewed"].value == noted
    assert f"{noted} of {len(log.records)}" in facts["failures_reviewed"].evidence
    assert not facts.keys() & read_answers().facts.keys()
