"""Hits ordered anew by a small cross-encoder that is made here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from evidence.models import RERANK_VARIABLE, NoModel
from evidence.retrieval.retrievers.bm25 import make as bm25
from evidence.retrieval.retrievers.rerank import NEEDS, make
from evidence.retrieval.shapes import Passage
from tests.evidence.retrieval.small_models import cross_encoder

QUESTION = "When does the museum open?"
TEXTS = {
    "d1": "When does the museum open? Ask the museum when it does open.",
    "d2": "The museum opens every morning at nine.",
    "d3": "A museum holds old things.",
    "d4": "Open the museum.",
}

installed = pytest.mark.skipif(
    find_spec(NEEDS) is None, reason="the extra `embedding` is not installed"
)


def passages() -> list[Passage]:
    return [Passage(name, name, 0, len(text), text) for name, text in TEXTS.items()]


def test_without_a_model_it_is_said_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(RERANK_VARIABLE, raising=False)
    with pytest.raises(NoModel, match=RERANK_VARIABLE):
        make()


@installed
def test_the_answer_comes_first_that_word_search_had_behind(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(RERANK_VARIABLE, cross_encoder(tmp_path, QUESTION, TEXTS["d2"]))
    before = bm25()
    retriever = make(of=before)
    retriever.index(passages())
    assert before.search([QUESTION])[0][0].passage != "d2"
    assert retriever.search([QUESTION])[0][0].passage == "d2"
    assert retriever.describe()["of"]["retriever"] == "bm25"


@installed
def test_hits_beyond_the_first_follow_in_their_order(tmp_path: Path) -> None:
    before = bm25()
    retriever = make(of=before, model=cross_encoder(tmp_path, QUESTION, TEXTS["d2"]), first=2)
    retriever.index(passages())
    found = [hit.passage for hit in retriever.search([QUESTION])[0]]
    as_before = [hit.passage for hit in before.search([QUESTION])[0]]
    assert set(found[:2]) == set(as_before[:2])
    assert found[2:] == as_before[2:]


@installed
def test_a_model_with_several_outcomes_is_refused(tmp_path: Path) -> None:
    retriever = make(model=cross_encoder(tmp_path, QUESTION, TEXTS["d2"], outcomes=3))
    retriever.index(passages())
    with pytest.raises(NoModel, match="3 outcomes"):
        retriever.search([QUESTION])


@installed
def test_a_folder_that_is_no_model_is_named(tmp_path: Path) -> None:
    retriever = make(model=str(tmp_path))
    retriever.index(passages())
    with pytest.raises(NoModel, match=tmp_path.name):
        retriever.search([QUESTION])
