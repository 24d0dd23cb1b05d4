from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.cli.train_case import ask_gate, tell_case
from tests.app.training.test_outcomes import FAILED, UNSURE
from trainer.contract import RunReport, Verdict

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact


@pytest.fixture(autouse=True)
def own_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORMFACT_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("FORMFACT_DATABASE_URL", raising=False)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text("{model: nowhere, data: {train: rows.jsonl}}")
    return path


def new_case(formfact: Formfact) -> str:
    return formfact("case", "new", "Tickets").out.strip()


def report(verdict: Verdict) -> RunReport:
    return RunReport(
        outcome="succeeded",
        method="sft",
        model="m",
        data_hash="d",
        weights_hash="w",
        verdict=verdict,
    )


def test_training_for_a_case_asks_its_advice_first(formfact: Formfact, spec: Path) -> None:
    done = formfact("train", spec, "--case", new_case(formfact))
    assert done.status == 2
    assert "unadvised" in done.err
    assert "--override-reason" in done.err
    missing = formfact("train", spec, "--case", "nothere")
    assert missing.status == 2
    assert "no case" in missing.err


def test_a_reason_opens_the_gate(formfact: Formfact) -> None:
    ask_gate(new_case(formfact), "we want to know")


def test_the_verdict_of_a_run_by_hand_is_written_to_its_case_once(formfact: Formfact) -> None:
    case_id = new_case(formfact)
    said = tell_case(case_id, report(FAILED), "Training run 'spec.yaml'")
    assert "finetuned_before" in said
    facts = json.loads(formfact("case", "export", case_id).out)["facts"]
    assert facts["finetuned_before"]["value"] == "did_not_help"
    assert facts["tuned_gain"]["origin"] == "measured"
    for verdict in (FAILED, UNSURE):
        again = tell_case(case_id, report(verdict), "Training run 'spec.yaml'")
        assert again == "The case: nothing new is established."
