"""Rerank: a cross-encoder reads the question with each of the first hits, and orders them anew.

The model is the one that ``FORMFACT_RERANK_MODEL`` names; there is none without it. A cross-encoder
takes a model's run for every hit of every question, and can make a ranking worse: measure it like
the rest. What it gives is its raw score, without the sigmoid that makes high ones equal.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from threading import Lock
from typing import Any

from evidence.models import (
    RERANK_VARIABLE,
    NoModel,
    fingerprint,
    load_cross_encoder,
    shown,
)
from evidence.retrieval.retrievers._base import (
    Progress,
    Retriever,
    indexed_text,
    ranked,
    retriever_modules,
)
from evidence.retrieval.shapes import Hit, Passage, Ranking

NAME = "rerank"
NEEDS = "sentence_transformers"
FIRST = 50
"""Hits that are ordered anew."""
BATCH = 16
"""Pairs that the model reads at once; the library sorts them by length."""


def make(
    *,
    of: str | Retriever = "bm25",
    model: str = "",
    first: int = FIRST,
    device: str | None = None,
) -> Rerank:
    """Another retriever's hits, reranked; raises `NoModel` where no model is configured.

    ``of``: its name, or the retriever. ``model``: a folder or name of a cross-encoder with one
    outcome, '' for the configured one. ``first``: how many hits are ordered anew.
    """
    place = model or os.environ.get(RERANK_VARIABLE, "")
    if not place:
        raise NoModel(
            f"no model reranks: name a cross-encoder, by a folder or its name, in {RERANK_VARIABLE}"
        )
    if first < 1:
        raise ValueError("at least one hit must be reranked")
    before = retriever_modules()[of].make() if isinstance(of, str) else of
    return Rerank(before, place, first, device)


class Rerank:
    """Orders the first hits of a retriever by a model that reads them with the question."""

    name = NAME

    def __init__(self, before: Retriever, place: str, first: int, device: str | None) -> None:
        self.before = before
        self.place = place
        self.first = first
        self.device = device
        self._texts: dict[str, str] = {}
        self._one_at_a_time = Lock()

    @property
    def model(self) -> Any:
        """The model, loaded when it is first needed; raises `NoModel`."""
        return load_cross_encoder(self.place, self.device)

    def describe(self) -> dict[str, Any]:
        """The model, how many hits it orders, and what found them, as JSON; loads the model."""
        return {
            "retriever": NAME,
            "model": shown(self.place),
            "model_hash": fingerprint(self.place) or None,
            "first": self.first,
            "longest_pair_tokens": getattr(self.model, "max_seq_length", None),
            "device": str(self.model.device),
            "of": self.before.describe(),
            "versions": {name: version(name) for name in ("sentence-transformers", "torch")},
        }

    def index(self, passages: Sequence[Passage], progress: Progress | None = None) -> None:
        """Index the passages with the retriever whose hits are reranked."""
        self.before.index(passages, progress)
        self._texts = {passage.id: indexed_text(passage) for passage in passages}

    def search(self, questions: Sequence[str], k: int = 10) -> list[Ranking]:
        """The first hits ordered by the model; further ones follow as they were found.

        These have scores below the lowest that the model gave: one less for each place.
        """
        found = self.before.search(questions, max(k, self.first))
        pairs = [
            (question, self._texts[hit.passage])
            for question, ranking in zip(questions, found, strict=True)
            for hit in ranking[: self.first]
        ]
        scores = iter(self._scores(pairs))
        return [self._ranking(ranking, scores)[: max(k, 0)] for ranking in found]

    def _ranking(self, found: Ranking, scores: Any) -> Ranking:
        head, tail = found[: self.first], found[self.first :]
        ordered = ranked({hit.passage: next(scores) for hit in head}, self.first)
        lowest = ordered[-1].score if ordered else 0.0
        return ordered + [Hit(hit.passage, lowest - place) for place, hit in enumerate(tail, 1)]

    def _scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        if not pairs:
            return []
        # The model's tokenizer may not be used by two threads at once.
        with self._one_at_a_time:
            found = self.model.predict(
                pairs, batch_size=BATCH, activation_fn=_as_it_is, show_progress_bar=False
            )
        return [round(float(score), 6) for score in found]


def _as_it_is(score: Any) -> Any:
    return score
