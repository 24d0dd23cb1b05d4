"""Texts to vectors by a sentence-transformers model, in batches of about equal length.

A batch is as long as its longest text, so texts are sorted by their tokens, and a batch holds so
many that their tokens stay within a budget. What comes out is what the library's own ``encode``
gives, up to the last bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

CPU_TOKENS = 1_024
"""Tokens in a batch on a processor: what they turn into stays near its caches (own measurement)."""
GPU_TOKENS = 32_768
_ONE_AT_A_TIME = Lock()
"""The tokenizers that models bring may not be used by two threads at once."""


def batch_tokens(model: Any) -> int:
    """The budget of a batch where the model runs."""
    return CPU_TOKENS if model.device.type == "cpu" else GPU_TOKENS


def encode(
    model: Any,
    texts: Sequence[str],
    tokens: int,
    done: Callable[[Places, Floats], None] | None = None,
) -> Floats:
    """Vectors of length 1, a row for each text; ``done`` is told of every batch's rows."""
    found = np.zeros((len(texts), dimensions(model)), np.float32)
    for places in batches(lengths(model, texts), tokens):
        found[places] = _encoded(model.encode_document, [texts[place] for place in places])
        if done:
            done(places, found)
    return found


def encode_questions(model: Any, texts: Sequence[str], tokens: int) -> Floats:
    """The same for questions, which some models treat in another way."""
    found = np.zeros((len(texts), dimensions(model)), np.float32)
    for places in batches(lengths(model, texts), tokens):
        found[places] = _encoded(model.encode_query, [texts[place] for place in places])
    return found


def dimensions(model: Any) -> int:
    """How many numbers a vector of the model has."""
    return int(model.get_embedding_dimension())


def lengths(model: Any, texts: Sequence[str]) -> NDArray[np.int64]:
    """Tokens that the model sees of each text; a quarter of its characters where it has none."""
    longest = model.max_seq_length
    if not texts or not callable(model.tokenizer):
        return np.array([1 + len(text) // 4 for text in texts], np.int64)
    cut: dict[str, Any] = {"truncation": True, "max_length": longest} if longest else {}
    with _ONE_AT_A_TIME:
        found = model.tokenizer(list(texts), return_attention_mask=False, **cut)["input_ids"]
    return np.array([len(ids) for ids in found], np.int64)


def batches(sizes: NDArray[np.int64], tokens: int) -> Iterator[Places]:
    """Places of the texts of each batch, the longest first; one alone may go over ``tokens``."""
    order = np.argsort(-sizes, kind="stable")
    start = 0
    while start < len(order):
        # The first is the longest, and all of its batch are filled up to it.
        end = start + max(1, tokens // max(int(sizes[order[start]]), 1))
        yield order[start:end]
        start = end


def _encoded(encoding: Callable[..., Any], texts: list[str]) -> Floats:
    with _ONE_AT_A_TIME:
        found = encoding(
            texts, batch_size=len(texts), normalize_embeddings=True, show_progress_bar=False
        )
    return np.asarray(found, np.float32)
