"""Inference from the passages, by a model that the environment names."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from evidence.models import embedding_place
from evidence.signals._facts_models import ENTAILMENT_VARIABLE
from evidence.signals.entailment import NEEDS, detect
from tests.evidence.signals.comparing import answered, value

ASK, PASSAGE = "When is it open?", "The museum opens every morning at nine."

installed = pytest.mark.skipif(
    find_spec(NEEDS) is None,
    reason="the extra `embedding` is not installed",
)


def _small_model(folder: Path, labels: list[str]) -> str:
    """An untrained cross-encoder with these outcomes, written to a folder."""
    transformers: Any = importlib.import_module("transformers")
    words = transformers.AutoTokenizer.from_pretrained(embedding_place())
    shape = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        id2label=dict(enumerate(labels)),
        label2id={label: place for place, label in enumerate(labels)},
    )
    transformers.BertForSequenceClassification(shape).save_pretrained(folder)
    words.save_pretrained(folder)
    return str(folder)


def test_without_a_model_nothing_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENTAILMENT_VARIABLE, raising=False)

    assert value(detect, answered(ASK, "At nine.", None, PASSAGE)) is None


@installed
def test_a_configured_model_gives_one_of_three_outcomes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = _small_model(tmp_path, ["CONTRADICTION", "ENTAILMENT", "NEUTRAL"])
    monkeypatch.setenv(ENTAILMENT_VARIABLE, place)

    found = value(detect, answered(ASK, "At nine.", None, PASSAGE))

    assert found in {"entails", "neutral", "contradicts"}


@installed
def test_a_model_with_other_outcomes_measures_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(ENTAILMENT_VARIABLE, _small_model(tmp_path, ["good", "bad"]))

    assert value(detect, answered(ASK, "At nine.", None, PASSAGE)) is None


@installed
def test_a_model_that_is_not_there_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENTAILMENT_VARIABLE, "/no/such/model")

    assert value(detect, answered(ASK, "At nine.", None, PASSAGE)) is None
