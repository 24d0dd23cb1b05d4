from __future__ import annotations

import json
import resource
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from tests.trainer.toy import (
    STEPS,
    disturbed,
    kill,
    leave,
    make_base,
    make_job,
    say,
    skip,
    start,
    steps_told,
    worked,
)
from trainer.attended import ORPHANED, Orders
from trainer.contract import CANCELLED, FAILED, FINISHED, PAUSED, Failure, RunFolder
from trainer.events import read_events
from trainer.run import work
from trainer.weights import weights_hash

KILLED = -9


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_base(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def undisturbed(base: Path, tmp_path_factory: pytest.TempPathFactory) -> RunFolder:
    """A run that nobody interrupted, without a dry run."""
    folder = make_job(tmp_path_factory.mktemp("undisturbed") / "job", base)
    skip(folder, "dry_run")
    assert worked(folder) == FINISHED, folder.log.read_text(encoding="utf-8")
    return folder


def failure_of(folder: RunFolder) -> Failure:
    return Failure.model_validate_json(folder.failure.read_text(encoding="utf-8"))


def test_weights_do_not_depend_on_what_happened_to_the_run(
    undisturbed: RunFolder, base: Path, tmp_path: Path
) -> None:
    folder = make_job(tmp_path / "job", base)
    assert disturbed(folder, 2, kill) == KILLED
    assert disturbed(folder, 5, say("pause")) == PAUSED
    paused_at = steps_told(folder)
    assert (folder.checkpoints / f"checkpoint-{paused_at}" / "complete.json").exists()
    assert disturbed(folder, 10, kill) == KILLED
    assert disturbed(folder, 14, leave) == ORPHANED
    assert worked(folder) == FINISHED, folder.log.read_text(encoding="utf-8")
    assert weights_hash(folder.adapter) == weights_hash(undisturbed.adapter)


def test_every_step_is_told_once_with_its_figures(undisturbed: RunFolder) -> None:
    events = list(read_events(undisturbed.events))
    assert max(Counter(event.key for event in events).values()) == 1
    steps = [event for event in events if event.kind == "metric"]
    assert [event.step for event in steps] == list(range(1, STEPS + 1))
    assert steps[-1].data["total_steps"] == STEPS
    assert steps[-1].data["loss"] < steps[0].data["loss"]
    assert {event.step for event in events if event.kind == "validation"} == {4, 8, 12, 16, STEPS}
    assert {event.step for event in events if event.kind == "sample"} == {4, 8, 12, 16, STEPS}


def test_old_checkpoints_are_removed(undisturbed: RunFolder) -> None:
    names = {path.name for path in undisturbed.checkpoints.iterdir()}
    assert names == {"checkpoint-16", f"checkpoint-{STEPS}"}


def test_the_adapter_holds_no_pickle(undisturbed: RunFolder) -> None:
    names = {path.name for path in undisturbed.adapter.iterdir()}
    assert "adapter_model.safetensors" in names
    assert not any(name.endswith((".bin", ".pt", ".pkl", ".pth")) for name in names)


def test_the_result_says_what_was_trained(undisturbed: RunFolder) -> None:
    text = (undisturbed.stages / "train.json").read_text(encoding="utf-8")
    result = json.loads(text)["result"]
    assert result["steps"] == STEPS
    assert result["weights_hash"] == weights_hash(undisturbed.adapter)
    assert 0 < result["trained_parameters"] < result["parameters"]


def test_cancelling_stops_within_a_step_without_a_checkpoint(base: Path, tmp_path: Path) -> None:
    folder = make_job(tmp_path / "job", base, {"checkpoint_steps": 100, "epochs": 100})
    skip(folder, "dry_run")
    assert disturbed(folder, 2, say("cancel")) == CANCELLED
    assert not list(folder.checkpoints.glob("*/complete.json"))
    assert not folder.failure.exists()


def test_a_folder_has_one_runner(base: Path, tmp_path: Path) -> None:
    folder = make_job(tmp_path / "job", base, {"epochs": 100})
    skip(folder, "dry_run")
    with start(folder) as first:
        try:
            while not folder.events.exists():
                assert first.poll() is None
            assert worked(folder) == PAUSED
        finally:
            first.kill()


def test_a_loss_that_is_no_number_ends_the_run(base: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    for path in base.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"] = torch.full_like(weights["model.norm.weight"], torch.nan)
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    folder = make_job(tmp_path / "job", broken)
    skip(folder, "dry_run")
    assert worked(folder) == FAILED
    assert failure_of(folder).code == "diverged"
    assert "learning rate" in failure_of(folder).words


def test_a_full_disk_is_said_and_the_run_goes_on_once_there_is_room(
    undisturbed: RunFolder, base: Path, tmp_path: Path
) -> None:
    folder = make_job(tmp_path / "job", base)
    skip(folder, "dry_run")
    small = 40_000  # bytes of a file: less than an optimizer's state

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (small, small))

    assert worked(folder, preexec_fn=limit) == FAILED
    assert failure_of(folder).code == "disk_full"
    assert worked(folder) == FINISHED
    assert not folder.failure.exists()
    assert weights_hash(folder.adapter) == weights_hash(undisturbed.adapter)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"model": "nowhere/at all"}, "bad_data"),
        ({"method": "magic"}, "bad_data"),
        ({"data": {"train": "input/nothing.jsonl"}}, "bad_data"),
        ({"colour": "green"}, "bad_spec"),
        ({"device": "mps"}, "bad_spec"),
    ],
)
def test_what_cannot_be_trained_is_said_in_words(
    base: Path, tmp_path: Path, change: dict[str, Any], code: str
) -> None:
    folder = make_job(tmp_path / "job", base, **change)
    assert work(folder, Orders(), "prepare") == FAILED
    assert failure_of(folder).code == code
    assert len(failure_of(folder).words) > 20
