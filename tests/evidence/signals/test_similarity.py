"""Likeness in meaning, by the packaged model."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from evidence.models import EMBEDDING_VARIABLE, embedding_place
from evidence.signals.similarity import NEEDS, detect
from tests.evidence.signals.comparing import answered, marked, values

installed = pytest.mark.skipif(
    find_spec(NEEDS) is None,
    reason="the extra `embedding` is not installed",
)


@pytest.fixture(autouse=True)
def _packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EMBEDDING_VARIABLE, raising=False)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def test_the_configured_model_goes_before_the_packaged_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EMBEDDING_VARIABLE, "/models/ours")

    assert embedding_place() == "/models/ours"


@installed
def test_a_rewording_is_nearer_than_something_else() -> None:
    reference = "The museum opens every morning at nine."
    near = answered("When is it open?", "The museum opens daily at 9 in the morning.", reference)
    far = answered("When is it open?", "Whales sing to each other.", reference)

    assert values(detect, near)["similar_to_reference"] == "near"
    assert values(detect, far)["similar_to_reference"] == "far"


@installed
def test_the_nearest_sentence_of_the_passage_is_marked() -> None:
    passage = "Whales sing to each other. The museum opens at nine."
    view = answered("When is it open?", "It opens at nine, the museum.", None, passage)

    assert marked(detect, view) == ["The museum opens at nine."]


@installed
def test_a_model_that_is_not_there_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(EMBEDDING_VARIABLE, "/no/such/model")

    assert values(detect, answered("When?", "At nine.", "At ten.")) == {}
