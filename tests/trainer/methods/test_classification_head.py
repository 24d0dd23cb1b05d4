from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.measured import chat, leave, make_encoder, make_run
from trainer.context import Run
from trainer.evaluate import evaluate
from trainer.export import export
from trainer.failures import RunFailure, Stopped
from trainer.methods.classification_head import fit, rehearse
from trainer.parity import parity

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
TOPICS = {
    "card_lost": ("card", "lost", "stolen", "missing"),
    "refund": ("refund", "money", "back", "return"),
    "top_up": ("top", "up", "add", "funds"),
}
FILLING = ("please", "my", "the", "help", "how", "do", "i", "now", "today", "can")


def rows(count: int, seed: int) -> list[dict[str, Any]]:
    dice = random.Random(seed)
    made = []
    for _ in range(count):
        label = dice.choice(sorted(TOPICS))
        words = [*dice.sample(TOPICS[label], 2), *dice.sample(FILLING, dice.randint(1, 6))]
        dice.shuffle(words)
        made.append(chat(" ".join(words), label))
    return made


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = [*FILLING, *(word for topic in TOPICS.values() for word in topic), "lost", "refund"]
    return make_encoder(tmp_path_factory.mktemp("encoder"), words)


def job(encoder: Path, root: Path, **params: Any) -> Run:
    known = {"epochs": 12, "batch_size": 8, "micro_batch_size": 8, "learning_rate": 1e-2, **params}
    spec = {"model": str(encoder), "method": "classification_head", "params": known}
    parts = {"train": rows(96, 1), "validation": rows(24, 2), "test": rows(40, 3)}
    return make_run(root, {**spec, "task": {"score": "choice"}}, parts)


@pytest.fixture(scope="module")
def trained(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, dict[str, Any]]:
    run = job(encoder, tmp_path_factory.mktemp("run"))
    result = fit(run)
    leave(run, "train", result)
    return run, result


def test_a_head_learns_labels_and_is_calibrated(trained: tuple[Run, dict[str, Any]]) -> None:
    run, result = trained
    assert result["labels"] == 3
    assert result["last_loss"] < result["first_loss"]
    calibration = result["calibration"]
    assert calibration["measured_on"] == "test"
    assert calibration["before"]["n"] == 40
    assert calibration["after"]["accuracy"] == calibration["before"]["accuracy"] > 0.8
    assert calibration["after"]["nll"] <= calibration["before"]["nll"] + 0.05
    names = {path.name for path in run.folder.adapter.iterdir()}
    assert {"adapter_config.json", "adapter_model.safetensors", "labels.json"} <= names
    assert not any(name.endswith((".bin", ".pt")) for name in names)


def test_it_is_compared_with_the_nearest_name_of_a_label(
    trained: tuple[Run, dict[str, Any]],
) -> None:
    run, _ = trained
    verdict = evaluate(run)
    score = verdict.comparisons[0]
    assert verdict.outcome == "helped"
    assert score.base < 0.8 < score.tuned
    assert "forgetting" not in {item.measure for item in verdict.comparisons}
    items = (run.folder.root / "evaluation" / "items.jsonl").read_text().splitlines()
    told = [json.loads(line) for line in items]
    assert {item["base"]["text"] for item in told} <= set(TOPICS)
    assert all(item["tuned"]["logprob"] <= 0 for item in told)


def test_it_is_exported_and_merged_probabilities_are_those_of_the_adapter(
    trained: tuple[Run, dict[str, Any]],
) -> None:
    from transformers import pipeline

    run, _ = trained
    exported = export(run)
    assert set(exported["serve"]) == {"peft", "transformers", "vllm"}
    found = parity(run)
    assert found is not None
    assert found.agrees, found.differences
    said = pipeline("text-classification", model=str(run.folder.merged), device="cpu")("card lost")
    assert said[0]["label"] == "card_lost"
    assert "calibration error" in (run.folder.merged / "README.md").read_text()


def test_a_head_whose_weights_differ_is_found(trained: tuple[Run, dict[str, Any]]) -> None:
    from safetensors.torch import load_file, save_file

    run, _ = trained
    export(run)
    path = run.folder.merged / "model.safetensors"
    tensors = load_file(path)
    tensors["classifier.bias"] += 1.0 * (1 + tensors["classifier.bias"].argsort())
    save_file(tensors, path, metadata={"format": "pt"})
    found = parity(run)
    assert found is not None
    assert "prompt 1, label" in found.differences[0]


def test_a_run_that_was_paused_ends_with_the_same_weights(
    encoder: Path, tmp_path: Path, trained: tuple[Run, dict[str, Any]]
) -> None:
    first = job(encoder, tmp_path)
    first.stop = lambda: "pause" if "metric:40" in first.journal.told else None
    with pytest.raises(Stopped):
        fit(first)
    assert not first.folder.adapter.exists()
    first.stop = lambda: None
    assert fit(first)["weights_hash"] == trained[1]["weights_hash"]


def test_all_weights_can_be_trained(encoder: Path, tmp_path: Path) -> None:
    run = job(encoder, tmp_path, adapter="full", epochs=1)
    result = fit(run)
    assert result["trained_parameters"] == result["parameters"]
    assert set(export(run)["serve"]) == {"transformers", "vllm"}
    assert evaluate(run).comparisons[0].n == 40


def test_a_rehearsal_leaves_nothing_and_says_what_it_took(encoder: Path, tmp_path: Path) -> None:
    run = job(encoder, tmp_path)
    found = rehearse(run, 2)
    assert found["seconds_per_step"] > 0
    assert found["measured_bytes"] >= 0
    assert not run.folder.checkpoints.exists()
    assert not run.folder.adapter.exists()


def test_texts_are_no_labels(encoder: Path, tmp_path: Path) -> None:
    run = make_run(
        tmp_path,
        {"model": str(encoder), "method": "classification_head"},
        {"train": [chat(f"question {place}", f"answer {place}") for place in range(9)]},
    )
    with pytest.raises(RunFailure, match="texts and no labels"):
        fit(run)


def test_one_label_is_not_enough(encoder: Path, tmp_path: Path) -> None:
    spec = {"model": str(encoder), "method": "classification_head"}
    run = make_run(tmp_path, spec, {"train": [chat("a", "x"), chat("b", "x")]})
    with pytest.raises(RunFailure, match="two labels"):
        fit(run)


def test_a_setting_that_is_none_is_named(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(RunFailure, match="rank"):
        fit(job(encoder, tmp_path, rank=0))
