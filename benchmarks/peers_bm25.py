"""BM25 by other libraries, on the same tokens as ours, to stand next to it.

``rank_bm25`` is what ours has to equal in scores. ``bm25s`` is measured where it is installed
(it is no part of the project), with its defaults, and with numba where that is installed too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.peers import Peer
from evidence.retrieval.retrievers._weighing import best
from evidence.retrieval.shapes import Hit, Passage, Ranking
from evidence.retrieval.tokens import Tokenizer

K = 10


class RankBm25:
    """The rank-bm25 library as its documentation shows it."""

    def index(self, passages: Sequence[Passage]) -> None:
        """Tokenise and count."""
        from rank_bm25 import BM25Okapi

        ordered = sorted(passages, key=lambda passage: passage.id)
        self.ids = [passage.id for passage in ordered]
        self.okapi = BM25Okapi(list(Tokenizer().tokens_of(map(_text, ordered))))

    def search(self, questions: Sequence[str]) -> Iterator[Ranking]:
        """Score every passage for every question."""
        for tokens in Tokenizer().tokens_of(questions):
            scores = self.okapi.get_scores(tokens)
            yield [Hit(self.ids[row], float(scores[row])) for row in best(scores, K).tolist()]


class Bm25s:
    """bm25s with its own defaults (Lucene's formula, k1 1.5, b 0.75), one thread."""

    def __init__(self, backend: str) -> None:
        self.library: Any = import_module("bm25s")
        self.backend = backend
        if backend == "numba":  # compiling is no part of what is timed
            self.index([Passage(str(n), str(n), 0, 9, f"bread salt w{n}") for n in range(30)])
            self.search(["bread"])

    def index(self, passages: Sequence[Passage]) -> None:
        """Tokenise and work out all scores."""
        ordered = sorted(passages, key=lambda passage: passage.id)
        self.ids = [passage.id for passage in ordered]
        self.model = self.library.BM25(k1=1.5, b=0.75, backend=self.backend)
        tokens = list(Tokenizer().tokens_of(map(_text, ordered)))
        self.model.index(tokens, show_progress=False)

    def search(self, questions: Sequence[str]) -> list[Ranking]:
        """All questions at once, as it is fastest."""
        asked = [tokens or ["?"] for tokens in Tokenizer().tokens_of(questions)]
        k = min(K, len(self.ids))
        rows, scores = self.model.retrieve(asked, k=k, show_progress=False, n_threads=1)
        found = zip(rows.tolist(), np.asarray(scores).tolist(), strict=True)
        return [
            [Hit(self.ids[row], score) for row, score in zip(*each, strict=True) if score > 0]
            for each in found
        ]


def peers() -> dict[str, Peer]:
    """Those that are installed, by name."""
    found: dict[str, Peer] = {"rank_bm25": RankBm25}
    if find_spec("bm25s"):
        found["bm25s"] = lambda: Bm25s("numpy")
        if find_spec("numba"):
            found["bm25s_numba"] = lambda: Bm25s("numba")
    return found


def _text(passage: Passage) -> str:
    heading = passage.heading
    return f"{heading}\n{passage.text}" if heading and heading not in passage.text else passage.text
