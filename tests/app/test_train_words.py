from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import train_words as words
from trainer.contract import STAGES, STATES, Event, Failure, Verdict
from trainer.verdict import _HEADLINES

plain = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
NAMES = st.sampled_from(
    ["loss", "text", "stage", "seconds", "total", "done", "predicted_bytes", "to", "reason"]
)
KINDS = [*get_args(Event.model_fields["kind"].annotation), "state", "of later versions"]


def test_every_state_stage_outcome_and_failure_has_words() -> None:
    assert set(words.STATES) == set(STATES)
    assert set(words.STAGES) == set(STAGES)
    assert set(words.OUTCOMES) == set(get_args(Verdict.model_fields["outcome"].annotation))
    assert set(words.FAILURES) == set(get_args(Failure.model_fields["code"].annotation))


@given(st.sampled_from(KINDS), st.dictionaries(NAMES, plain), st.none() | st.just(3))
def test_any_event_can_be_said(kind: str, data: dict[str, Any], step: int | None) -> None:
    assert words.event_words(kind, data, step)


@pytest.mark.parametrize(
    ("kind", "data", "said"),
    [
        ("metric", {"loss": 0.51234}, "Step 7: training loss 0.5123"),
        ("validation", {"loss": None}, "Step 7: validation loss not known"),
        ("checkpoint", {}, "Step 7: a checkpoint was kept"),
    ],
)
def test_events_of_a_step_name_it(kind: str, data: dict[str, Any], said: str) -> None:
    assert words.event_words(kind, data, 7) == said


def test_changes_of_state_say_why() -> None:
    told = words.event_words("state", {"from": "failed", "to": "queued", "reason": "mended"}, None)

    assert told == "Waiting for a worker: mended"


@pytest.mark.parametrize("outcome", words.OUTCOMES)
def test_a_verdict_does_not_repeat_its_headline(outcome: Any) -> None:
    verdict = {"outcome": outcome, "because": f"{_HEADLINES[outcome]} On 80 items it won."}
    because = words.because_words(verdict)

    assert not because.startswith(words.OUTCOMES[outcome])
    assert because.endswith("On 80 items it won.")
    assert because[0].isupper()


def test_values_read_well() -> None:
    values = [None, "", True, 12345, 2e-5, [1, "a"], "text"]

    assert [words.value_words(value) for value in values] == [
        "none", "none", "yes", "12,345", "2e-5", "1, a", "text",
    ]  # fmt: skip


def test_figures_of_runs_have_names() -> None:
    assert words.figure_title("training.tokens_per_second") == "Training, tokens per second"
    assert words.figure_title("memory.peak_bytes") == "Memory, peak"
    assert words.figure_title("verdict.score") == "Right answers, tuned model"
