"""Hybrid: the rankings of two or more retrievers fused into one, by ranks or by fitted scores.

By ranks it is reciprocal rank fusion: score(d) = sum of 1 / (60 + rank of d), over the rankings
that have d (Cormack, Clarke & Buettcher 2009, who set 60). By scores it is min-max fusion: every
ranking's scores are stretched to 0..1, and added (Fox & Shaw 1994, CombSUM). The mean of raw scores
is not offered: BM25 has no upper end and a cosine does, so that BM25 alone would decide.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from evidence.retrieval.retrievers._base import Progress, Retriever, ranked, retriever_modules
from evidence.retrieval.shapes import Passage, Ranking

NAME = "hybrid"
NEEDS = "sentence_transformers"
CONSTANT = 60
DEPTH = 100
"""Hits of each ranking that are fused, however many are asked for."""

Fusion = Literal["ranks", "scores"]


def make(
    *,
    of: Sequence[str | Retriever] = ("bm25", "embedding"),
    fusion: Fusion = "ranks",
    constant: int = CONSTANT,
    depth: int = DEPTH,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Hybrid:
    """A retriever that fuses others.

    ``of``: their names, or retrievers. ``fusion``: "ranks" is reciprocal rank fusion with the
    ``constant``, "scores" is min-max fusion. ``settings``: name -> what its ``make`` is given.
    """
    if fusion not in {"ranks", "scores"}:
        raise ValueError(f"no fusion {fusion!r}; there are ranks and scores")
    if len(of) < 2 or constant < 0 or depth < 1:
        raise ValueError("fusion needs two retrievers, a constant of at least 0, and some depth")
    given = settings or {}
    parts = [
        retriever_modules()[one].make(**given.get(one, {})) if isinstance(one, str) else one
        for one in of
    ]
    return Hybrid(parts, fusion, constant, depth)


class Hybrid:
    """Ranks passages by what several retrievers make of them."""

    name = NAME

    def __init__(
        self, parts: Sequence[Retriever], fusion: Fusion, constant: int, depth: int
    ) -> None:
        self.parts = parts
        self.fusion = fusion
        self.constant = constant
        self.depth = depth

    def describe(self) -> dict[str, Any]:
        """How it fuses, and the settings of what it fuses, as JSON."""
        by_ranks = {"constant": self.constant} if self.fusion == "ranks" else {}
        return {
            "retriever": NAME,
            "fusion": "reciprocal ranks" if self.fusion == "ranks" else "min-max scores",
            **by_ranks,
            "depth": self.depth,
            "of": [part.describe() for part in self.parts],
        }

    def index(self, passages: Sequence[Passage], progress: Progress | None = None) -> None:
        """Index the passages with every part; the progress is that of all of them together."""
        total = len(passages)
        for number, part in enumerate(self.parts):
            part.index(passages, _share(progress, number, len(self.parts)))
        if progress:
            progress(total, total)

    def search(self, questions: Sequence[str], k: int = 10) -> list[Ranking]:
        """The fused rankings; a question that no part finds anything for has an empty one."""
        found = zip(*(part.search(questions, self.depth) for part in self.parts), strict=True)
        return [ranked(self._fused(rankings), k) for rankings in found]

    def _fused(self, rankings: Iterable[Ranking]) -> dict[str, float]:
        if self.fusion == "ranks":
            return reciprocal_ranks(rankings, self.constant)
        return min_max(rankings)


def reciprocal_ranks(rankings: Iterable[Ranking], constant: int = CONSTANT) -> dict[str, float]:
    """Passage -> sum of 1 / (constant + its rank, from 1) over the rankings that have it.

    Hits of one score share the rank of the first of them, so that equal passages stay equal.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        rank = 0
        last = None
        for place, hit in enumerate(ranking, 1):
            rank, last = (rank if hit.score == last else place), hit.score
            scores[hit.passage] = scores.get(hit.passage, 0.0) + 1 / (constant + rank)
    return scores


def min_max(rankings: Iterable[Ranking]) -> dict[str, float]:
    """Passage -> sum of its scores, each stretched so that a ranking's go from 0 to 1.

    A ranking whose scores are all equal gives 1 to each of its hits.
    """
    scores: dict[str, float] = {}
    for ranking in rankings:
        low = min((hit.score for hit in ranking), default=0.0)
        width = max((hit.score for hit in ranking), default=0.0) - low
        for hit in ranking:
            fitted = (hit.score - low) / width if width > 0 else 1.0
            scores[hit.passage] = scores.get(hit.passage, 0.0) + fitted
    return scores


def _share(progress: Progress | None, number: int, parts: int) -> Progress | None:
    """Progress of one of several parts, as progress of the whole."""
    if progress is None:
        return None
    tell = progress
    return lambda done, total: tell((number * total + done) // parts, total)
