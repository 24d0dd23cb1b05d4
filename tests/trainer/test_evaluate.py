from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.measured import QUESTIONS, chat, make_run
from tests.trainer.serving.tiny import make_adapter, make_model
from trainer.context import Run
from trainer.contract import Comparison, Verdict
from trainer.evaluate import evaluate, items_of, task_of
from trainer.failures import Stopped

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning")
SPEC: dict[str, Any] = {
    "task": {"score": "regex", "pattern": "(?s).*e.*", "format_only": True},
    "evaluation": {"max_new_tokens": 8, "batch_size": 3},
}


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base"))


def tuned(base: Path, root: Path, **more: Any) -> Run:
    """A run whose adapter is there."""
    rows = [chat(text, "blue", id=f"q{place}") for place, text in enumerate(QUESTIONS)]
    guard = [chat(QUESTIONS[0], "It is blue.", expect="answer"), chat("Harm?", "", expect="refuse")]
    parts = {"train": rows, "test": rows, "regression": rows[:2], "safety": guard}
    run = make_run(root, {"model": str(base), **SPEC, **more}, parts)
    make_adapter(base, run.folder.adapter, 1)
    return run


def by_measure(verdict: Verdict) -> dict[str, Comparison]:
    return {item.measure: item for item in verdict.comparisons}


@pytest.fixture(scope="module")
def judged(base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Verdict]:
    run = tuned(base, tmp_path_factory.mktemp("run"))
    return run, evaluate(run)


def test_both_models_are_compared_on_every_part(judged: tuple[Run, Verdict]) -> None:
    found = by_measure(judged[1])
    assert list(found) == ["score", "format", "regression", "safety", "forgetting"]
    assert found["score"].n == 4
    assert found["regression"].n == 2
    assert found["safety"].base == found["safety"].tuned == 0.5
    assert found["forgetting"].base != found["forgetting"].tuned
    assert judged[1].outcome in ("helped", "did_not_help", "harmed", "cannot_tell")


def test_every_item_is_kept_with_both_answers(judged: tuple[Run, Verdict]) -> None:
    run, verdict = judged
    text = (run.folder.root / "evaluation" / "items.jsonl").read_text()
    items = [json.loads(line) for line in text.splitlines()]
    assert [item["part"] for item in items] == ["test"] * 4 + ["regression"] * 2 + ["safety"] * 2
    assert items[1]["id"] == "q1"
    assert items[1]["question"] == QUESTIONS[1]
    test = [item for item in items if item["part"] == "test"]
    assert sum(item["tuned"]["right"] for item in test) == 4 * by_measure(verdict)["score"].tuned
    assert all(item["base"]["logprob"] < 0 for item in test)
    assert any(item["base"]["text"] != item["tuned"]["text"] for item in test)


def test_what_was_said_is_not_asked_again(judged: tuple[Run, Verdict]) -> None:
    run, verdict = judged
    gone = run.spec.model_copy(update={"model": "no/such-model"})
    again = Run(gone, run.folder, run.device, run.journal)
    assert evaluate(again) == verdict


def test_a_run_that_is_told_to_stop_stops_between_batches(base: Path, tmp_path: Path) -> None:
    run = tuned(base, tmp_path)
    run.stop = lambda: "cancel"
    with pytest.raises(Stopped):
        evaluate(run)
    assert not (run.folder.root / "evaluation" / "base.json").exists()


def test_no_more_is_asked_than_the_spec_allows_and_always_the_same(
    base: Path, tmp_path: Path
) -> None:
    run = tuned(base, tmp_path, evaluation={"most_items": 2})
    items = items_of(run)
    assert [item.part for item in items] == ["test"] * 2 + ["regression"] * 2 + ["safety"] * 2
    assert items == items_of(run)


def test_choices_that_nobody_named_are_those_trained_on(base: Path, tmp_path: Path) -> None:
    run = tuned(base, tmp_path, task={"score": "choice"})
    assert task_of(run).choices == ("blue",)


def test_without_held_out_items_it_cannot_be_told(base: Path, tmp_path: Path) -> None:
    run = tuned(base, tmp_path, evaluation={"forgetting": False})
    for name in ("test", "regression", "safety"):
        (run.folder.data / f"{name}.jsonl").unlink()
    assert evaluate(run).outcome == "cannot_tell"
