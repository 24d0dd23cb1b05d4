"""BM25: passages that share the question's words, rare words counting most.

Okapi BM25 with the floor on the idf, as the rank-bm25 library works it out. The library itself
ranks small collections; on larger ones the same scores are worked out once and looked up. The
defaults k1 = 1.5 and b = 0.75 are the library's (and bm25s's); Lucene's k1 = 1.2 differs little.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Literal

from evidence.retrieval.retrievers._base import Progress, indexed_text
from evidence.retrieval.retrievers._weighing import Weighing
from evidence.retrieval.shapes import Hit, Passage, Ranking
from evidence.retrieval.tokens import Tokenizer

if TYPE_CHECKING:
    from evidence.retrieval.retrievers._library import Library
    from evidence.retrieval.retrievers._postings import Postings

NAME = "bm25"
NEEDS = "rank_bm25"
SMALL = 1_000
"""Passages up to which the library ranks; there it answers in about a millisecond."""

Engine = Literal["auto", "library", "fast"]


def make(
    *,
    k1: float = 1.5,
    b: float = 0.75,
    epsilon: float = 0.25,
    engine: Engine = "auto",
    stemmer: str = "english",
    stop_words: str = "english",
    identifiers: bool = True,
) -> Bm25:
    """A BM25 retriever.

    ``k1`` (above 0): how much repeating a word counts. ``b`` (0 to 1): how much long passages
    are held back. ``epsilon``: weight of words that more than half of the passages have, as a
    share of the mean. ``engine``: "library" is rank-bm25, "fast" has the same scores, "auto" goes
    by size. ``stemmer``, ``stop_words``, ``identifiers``: see `Tokenizer`.
    """
    if k1 <= 0 or not 0 <= b <= 1 or epsilon < 0:
        raise ValueError("BM25 needs k1 above 0, b from 0 to 1, and epsilon of at least 0")
    if engine not in {"auto", "library", "fast"}:
        raise ValueError(f"no BM25 engine {engine!r}; there are auto, library and fast")
    return Bm25(Weighing(k1, b, epsilon), engine, Tokenizer(stemmer, stop_words, identifiers))


class Bm25:
    """Ranks passages by the words that they share with the question."""

    name = NAME

    def __init__(self, weighing: Weighing, engine: Engine, tokenizer: Tokenizer) -> None:
        self.weighing = weighing
        self.engine = engine
        self.tokenizer = tokenizer
        self._used: Engine | None = None
        self._ids: list[str] = []
        self._scored: Library | Postings | None = None

    def describe(self) -> dict[str, Any]:
        """Parameters, engine, tokenizer and versions, as JSON."""
        return {
            "retriever": NAME,
            "formula": "Okapi BM25 of rank-bm25",
            "k1": self.weighing.k1,
            "b": self.weighing.b,
            "epsilon": self.weighing.epsilon,
            "engine": self._used or self.engine,
            "tokenizer": self.tokenizer.describe(),
            "versions": {name: version(name) for name in ("numpy", "rank-bm25", "scipy")},
        }

    def index(self, passages: Sequence[Passage], progress: Progress | None = None) -> None:
        """Count the words of these passages; a heading that the text lacks counts with it."""
        # Numbered by id, so that the first of equals is the one with the smaller id.
        ordered = sorted(passages, key=lambda passage: passage.id)
        texts = [indexed_text(passage) for passage in ordered]
        small = self.engine == "auto" and len(ordered) <= SMALL
        self._used = "library" if small or self.engine == "library" else "fast"
        self._scored = self._build(self._used, texts, progress)
        self._ids = [passage.id for passage in ordered]

    def _build(
        self, engine: Engine, texts: Sequence[str], progress: Progress | None
    ) -> Library | Postings:
        if engine == "library":
            from evidence.retrieval.retrievers._library import build as by_library

            return by_library(texts, self.tokenizer, self.weighing, progress)
        from evidence.retrieval.retrievers._postings import build

        return build(texts, self.tokenizer, self.weighing, progress)

    def search(self, questions: Sequence[str], k: int = 10) -> list[Ranking]:
        """The passages that share a word with each question, at most ``k``, best first."""
        return [self._ranking(self.tokenizer.tokens(question), k) for question in questions]

    def _ranking(self, tokens: Sequence[str], k: int) -> Ranking:
        if self._scored is None or not tokens:
            return []
        from evidence.retrieval.retrievers._weighing import best

        scores = self._scored.scores(tokens)
        found = best(scores, k).tolist()
        if len(found) < k:
            weightless = self._scored.weightless(tokens).tolist()
            found += [row for row in weightless if scores[row] == 0][: k - len(found)]
        return [Hit(self._ids[row], float(scores[row])) for row in found]
