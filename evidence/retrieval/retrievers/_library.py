"""BM25 by the rank-bm25 library: it looks at every passage for every word of a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evidence.retrieval.retrievers._base import Progress
from evidence.retrieval.retrievers._weighing import Floats, Weighing, inverse_frequencies
from evidence.retrieval.tokens import Tokenizer


@dataclass(frozen=True, slots=True)
class Library:
    """A collection that rank-bm25 has counted; None where no passage has a word."""

    okapi: Any

    def scores(self, tokens: Sequence[str]) -> Floats:
        """The score of every passage for a question's terms."""
        if self.okapi is None:
            return np.zeros(0)
        # With b = 1 a passage without a word is divided by its length, 0.
        with np.errstate(invalid="ignore"):
            scores = np.asarray(self.okapi.get_scores(tokens), np.float64)
        return np.where(np.isnan(scores), 0.0, scores)

    def weightless(self, tokens: Sequence[str]) -> NDArray[np.intp]:
        """The passages that have a term of the question whose idf is exactly 0."""
        if self.okapi is None:
            return np.empty(0, np.intp)
        terms = {token for token in tokens if self.okapi.idf.get(token) == 0}
        has = [not terms.isdisjoint(counts) for counts in self.okapi.doc_freqs]
        return np.flatnonzero(np.array(has, np.bool_))


def build(
    texts: Sequence[str], tokenizer: Tokenizer, weighing: Weighing, progress: Progress | None
) -> Library:
    """Count the terms of these texts."""
    from rank_bm25 import BM25Okapi

    counted = []
    for done, tokens in enumerate(tokenizer.tokens_of(texts), 1):
        counted.append(tokens)
        if progress:
            progress(done, len(texts))
    if not any(counted):
        return Library(None)
    okapi = BM25Okapi(counted, k1=weighing.k1, b=weighing.b, epsilon=weighing.epsilon)
    if okapi.average_idf <= 0:
        _replace_idf(okapi)
    return Library(okapi)


def _replace_idf(okapi: Any) -> None:
    """Where the library's idf would rank the best passage last, the other one."""
    counts = dict.fromkeys(okapi.idf, 0)
    for passage in okapi.doc_freqs:
        for term in passage:
            counts[term] += 1
    numbers = np.array(list(counts.values()), np.int64)
    values = inverse_frequencies(numbers, okapi.corpus_size, okapi.epsilon)
    okapi.idf = dict(zip(counts, values.tolist(), strict=True))
