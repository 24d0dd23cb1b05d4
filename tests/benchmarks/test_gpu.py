from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gpu, gpu_jobs, gpu_memory
from benchmarks.ratios import interval
from benchmarks.training_material import full_rows, labelled_rows, mixed_rows, write_rows


def test_rows_have_mixed_lengths_up_to_the_longest() -> None:
    lengths = [
        sum(len(turn["content"]) for turn in row["messages"]) for row in mixed_rows(200, 512)
    ]
    assert max(lengths) <= 512
    assert min(lengths) < 80
    assert len(set(lengths)) > 50


def test_full_rows_are_longer_than_what_they_are_cut_to() -> None:
    # the marks of turns come on top
    assert all(len(row["messages"][1]["content"]) >= 127 for row in full_rows(3, 128))


def test_labelled_rows_name_their_label_in_the_question() -> None:
    rows = labelled_rows(10, 5)
    assert {row["messages"][1]["content"] for row in rows} == {f"kind {n}" for n in range(5)}


def test_nearness_of_predictions_is_told_over_the_cases_that_ran() -> None:
    rows: list[dict[str, Any]] = [{"ratio": 1.05}, {"ratio": 0.85}, {"failed": "out of memory"}]
    found = gpu_memory.summary(rows)
    assert (found["cases"], found["ran"]) == (3, 2)
    assert (found["within_10_percent"], found["within_20_percent"]) == (1, 2)


def test_ratios_compare_the_best_of_each_turn() -> None:
    def rates(*values: float) -> list[dict[str, float]]:
        return [{"tokens_per_second": value} for value in values]

    found = {
        "ours": rates(200, 300),
        "trl_defaults": rates(100, 100),
        "trl_packing_bfd": rates(200, 200),
    }
    ratios = gpu.ratios(found)
    assert ratios["ours_to_trl_defaults"]["value"] == pytest.approx(6**0.5, abs=1e-3)
    assert ratios["ours_to_trl_best"]["value"] == pytest.approx(1.5**0.5, abs=1e-3)
    assert ratios["ours_keeping_to_trl_best_keeping"] is None


def test_an_interval_of_equal_ratios_is_a_point() -> None:
    assert interval([2.0, 2.0, 2.0]) == {"value": 2.0, "low": 2.0, "high": 2.0, "rounds": 3}


def test_a_line_that_is_not_whole_yet_is_no_event(tmp_path: Path) -> None:
    write_rows(tmp_path / "events.jsonl", [{"kind": "metric", "key": "metric:1", "step": 1}])
    with (tmp_path / "events.jsonl").open("a") as file:
        file.write('{"kind": "met')
    assert [event["key"] for event in gpu_jobs.events(tmp_path)] == ["metric:1"]


def test_a_job_is_prepared_with_its_spec_and_rows(tmp_path: Path) -> None:
    folder = gpu_jobs.prepare(tmp_path / "job", "sft", tmp_path / "model", 12)
    spec = json.loads((folder / "spec.json").read_text())
    assert len((folder / spec["data"]["train"]).read_text().splitlines()) == 12


def test_the_kept_result_of_a_gpu_is_near_its_predictions() -> None:
    for path in gpu.RESULTS.glob("gpu-2*.json"):
        found = json.loads(path.read_text())
        assert found["machine"]["device"]
        assert found["memory"]["summary"]["within_20_percent"] == len(gpu_memory.CASES)
        assert all(job["finished"] and job["same_weights"] for job in found["jobs"])
