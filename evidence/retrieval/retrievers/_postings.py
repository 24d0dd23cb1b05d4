"""BM25 scores worked out once: for every term the passages that have it, with its weight there.

The weights are those of ``rank_bm25.BM25Okapi``, to the last bit, and a question adds them in the
library's order, so both rank alike. Kept as a SciPy sparse matrix would keep them (by term, 12
bytes for each pair of a term and a passage); only the rows of a question's terms are touched.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from evidence.retrieval.retrievers._base import Progress
from evidence.retrieval.retrievers._weighing import (
    LANES,
    Floats,
    Weighing,
    inverse_frequencies,
)
from evidence.retrieval.tokens import Analyse, Tokenizer, pieces

Ints = NDArray[np.int32]
BLOCK = 4_096
"""Passages that are tokenised between two words on the progress."""
SLICE = 1 << 22
"""Postings that are weighed at a time, which bounds the memory for intermediate results."""


@dataclass(frozen=True, slots=True)
class Postings:
    """Term number t is in passages ``rows[starts[t]:starts[t + 1]]`` with those weights."""

    terms: dict[str, int]
    starts: NDArray[np.int64]
    rows: Ints
    weights: Floats
    idf: Floats
    passages: int

    def scores(self, tokens: Sequence[str]) -> Floats:
        """The score of every passage for a question's terms; at least ``passages`` long."""
        found = [self.terms[token] for token in tokens if token in self.terms]
        parts = [slice(self.starts[term], self.starts[term + 1]) for term in found]
        if not parts:
            return np.zeros(self.passages)
        rows = np.concatenate([self.rows[part] for part in parts])
        weights = np.concatenate([self.weights[part] for part in parts])
        size = -(-self.passages // LANES) * LANES
        return np.bincount(rows, weights, minlength=size).astype(np.float64, copy=False)

    def weightless(self, tokens: Sequence[str]) -> Ints:
        """The passages that have a term of the question whose idf is exactly 0."""
        found = {self.terms[token] for token in tokens if token in self.terms}
        parts = [
            self.rows[self.starts[term] : self.starts[term + 1]]
            for term in found
            if self.idf[term] == 0.0
        ]
        return np.unique(np.concatenate(parts)) if parts else np.empty(0, np.int32)


class _Pieces(dict[str, int]):
    """Piece of text -> its number; a new one is analysed once and numbered."""

    def __init__(self, analyse: Analyse) -> None:
        super().__init__()
        self.analyse = analyse
        self.terms: dict[str, int] = {}
        self.term_ids = array("i")
        self.starts = array("q", [0])

    def __missing__(self, piece: str) -> int:
        terms = self.terms
        for term in self.analyse(piece):
            self.term_ids.append(terms.setdefault(term, len(terms)))
        self.starts.append(len(self.term_ids))
        self[piece] = number = len(self.starts) - 2
        return number

    def terms_of(self, numbers: Ints, ends: NDArray[np.int64]) -> tuple[Ints, NDArray[np.int64]]:
        """Pieces of a block by number, and where each passage ends in them -> the same in terms."""
        starts = np.frombuffer(self.starts, np.int64)
        counts = np.diff(starts)[numbers]
        term_ends = np.concatenate(([0], np.cumsum(counts)))
        shift = np.repeat(starts[numbers] - term_ends[:-1], counts)
        return _ints(self.term_ids)[shift + np.arange(len(shift))], term_ends[ends]


def build(
    texts: Sequence[str], tokenizer: Tokenizer, weighing: Weighing, progress: Progress | None
) -> Postings:
    """The postings of these texts; passages are numbered as they stand here."""
    known = _Pieces(tokenizer.analyser())
    parts, lengths = [], []
    for done, (part, ends) in _blocks(texts, known):
        parts.append(part)
        lengths.append(np.diff(ends, prepend=0))
        if progress:
            progress(done, len(texts))
    length = np.concatenate([np.empty(0, np.int64), *lengths])
    terms = known.terms
    del known
    rows, frequency, starts = _counted(parts, length, len(terms))
    idf = inverse_frequencies(np.diff(starts), len(length), weighing.epsilon)
    weights = _weights(rows, frequency, np.repeat(idf, np.diff(starts)), length, weighing)
    return Postings(terms, starts, rows, weights, idf, len(length))


def _blocks(
    texts: Sequence[str], known: _Pieces
) -> Iterator[tuple[int, tuple[Ints, NDArray[np.int64]]]]:
    number = known.__getitem__
    waiting, done = iter(texts), 0
    while block := list(islice(waiting, BLOCK)):
        ids: list[int] = []
        ends = []
        for text in block:
            ids += map(number, pieces(text))
            ends.append(len(ids))
        done += len(block)
        yield done, known.terms_of(np.array(ids, np.int32), np.array(ends, np.int64))


def _ints(values: array[int]) -> Ints:
    return np.frombuffer(values, np.int32) if values else np.empty(0, np.int32)


def _counted(
    parts: list[Ints], length: NDArray[np.int64], terms: int
) -> tuple[Ints, Ints, NDArray[np.int64]]:
    """From the terms of all passages, one after the other, to passages and counts by term.

    Returns the passage of every posting, how often the term stands there, and where each term's
    postings begin (and the last one's end). Takes ``parts`` out of their list to save memory.
    """
    rows, ends = _by_term(parts, length, terms)
    # The same passage twice in a row is a term that stands there twice.
    new = np.empty(len(rows), np.bool_)
    new[:1] = True
    np.not_equal(rows[1:], rows[:-1], out=new[1:])
    new[ends[:-1][ends[:-1] < len(rows)]] = True
    first = np.flatnonzero(new)
    frequency = np.diff(first, append=len(rows)).astype(np.int32)
    return rows[first], frequency, np.searchsorted(first, ends)


def _by_term(
    parts: list[Ints], length: NDArray[np.int64], terms: int
) -> tuple[Ints, NDArray[np.int64]]:
    """The passages of every term in order, and where each term begins (and the last one ends)."""
    flat = np.concatenate([np.empty(0, np.int32), *parts])
    parts.clear()
    ends = np.concatenate(([0], np.cumsum(length)))
    ones = np.ones(len(flat), np.int8)
    by_term = csr_matrix((ones, flat, ends), shape=(len(length), terms)).tocsc()
    return by_term.indices.astype(np.int32, copy=False), by_term.indptr.astype(np.int64)


def _weights(
    rows: Ints, frequency: Ints, idf: Floats, length: NDArray[np.int64], weighing: Weighing
) -> Floats:
    """Okapi BM25 of every posting, worked out into ``idf``, in the library's order of steps."""
    k1, b = weighing.k1, weighing.b
    mean = int(length.sum()) / max(len(length), 1)
    norm = k1 * (1 - b + b * length / mean) if mean else np.zeros(len(length))
    for start in range(0, len(rows), SLICE):
        part = slice(start, start + SLICE)
        times = frequency[part]
        idf[part] *= times * (k1 + 1) / (times + norm[rows[part]])
    return idf
