"""Public data sets: what is known of them is found, and little else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from trainer.contract import Data, PreflightReport, Task, TrainSpec
from trainer.dataset.checking import report
from trainer.dataset.parts import given

DATA = Path(__file__).resolve().parents[4] / "shared" / "data" / "finetune"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the public data sets are not here")


def checked(name: str, score: str) -> PreflightReport:
    task = json.loads((DATA / name / "task.json").read_text(encoding="utf-8"))
    spec = TrainSpec(
        model="none",
        data=Data(train="train.jsonl", test="test.jsonl"),
        task=Task(system=task["system"], score=score),  # type: ignore[arg-type]
    )
    return report(spec, given(spec, DATA / name), None, None)


def test_bookings_copy_their_values_so_hardly_a_fact_is_new() -> None:
    made = checked("restaurant8k_json", "json")
    assert not made.blocked
    facts = [item for item in made.findings if item.check == "facts"]
    assert sum(item.count for item in facts) <= 3
    assert {"duplicates", "personal"} <= {item.check for item in made.findings}
    assert not [item for item in made.findings if item.check in ("secrets", "roles", "form")]


def test_annotations_of_people_disagree_in_places() -> None:
    made = checked("nlupp_json", "json")
    assert not made.blocked
    (odd,) = (item for item in made.findings if item.check == "contradictions")
    assert odd.count == 12
