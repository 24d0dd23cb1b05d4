"""Vectors on disk by the hash of their text, in NumPy's own format, never pickled.

A folder holds the vectors of one model in shards: ``NAME.vectors.npy`` (float32, a row each), read
by mapping it into memory, and ``NAME.keys.npy`` with the keys of its rows. A shard is written once,
its keys last, under a name of its own: what was begun and not finished does no harm, and several
processes may write at once. No text is kept.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evidence.retrieval.retrievers._encoding import Floats, Places

Keys = NDArray[np.bytes_]
_KEY = np.dtype("S32")
_VECTORS, _KEYS = ".vectors.npy", ".keys.npy"


def keys_of(texts: Iterable[str]) -> Keys:
    """A key for every text: 128 bits of its BLAKE2b hash, in hexadecimal digits."""
    digests = (
        hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        for text in texts
    )
    return np.array(list(digests), _KEY)


class VectorStore:
    """The vectors of one model in a folder, which is made where it is missing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._shards: list[Floats] = []
        self._keys: list[Keys] = []
        for path in sorted(folder.glob(f"*{_KEYS}")):
            self._read(path.name.removesuffix(_KEYS))

    def missing(self, keys: Keys) -> Places:
        """Where in ``keys`` those stand that have no vector, each once, in their order."""
        _, first = np.unique(keys, return_index=True)
        shards, _ = self._find(keys[first])
        return np.sort(first[shards < 0])

    def add(self, keys: Keys, vectors: Floats) -> None:
        """Write one shard; OSError where there is no room for it."""
        if not len(keys):
            return
        name = uuid.uuid4().hex
        self._write(name + _VECTORS, np.ascontiguousarray(vectors, np.float32))
        self._write(name + _KEYS, keys)
        self._read(name)

    def blocks(self, keys: Keys) -> list[tuple[int, Places, Places]]:
        """Where the vectors of all these keys lie: shard, rows in it, and the places in ``keys``.

        A shard comes at most once. KeyError where a key has no vector.
        """
        shards, rows = self._find(keys)
        if len(keys) and shards.min() < 0:
            raise KeyError("a text has no vector")
        order = np.lexsort((rows, shards))
        used, starts = np.unique(shards[order], return_index=True)
        parts = np.split(order, starts[1:])
        return [
            (int(shard), rows[part], part)
            for shard, part in zip(used, parts, strict=bool(len(used)))
        ]

    def vectors(self, shard: int, rows: Places) -> Floats:
        """Rows of a shard, in ascending order; without a copy where they lie side by side."""
        whole = self._shards[shard]
        first, last = int(rows[0]), int(rows[-1])
        if last - first + 1 == len(rows) and np.array_equal(rows, np.arange(first, last + 1)):
            return whole[first : last + 1]
        return whole[rows]

    def _find(self, keys: Keys) -> tuple[Places, Places]:
        """Shard and row of every key; -1 where there is none."""
        sizes = [len(known) for known in self._keys]
        shards = np.full(len(keys), -1, np.intp)
        rows = np.zeros(len(keys), np.intp)
        if not sum(sizes) or not len(keys):
            return shards, rows
        known = np.concatenate(self._keys)
        order = np.argsort(known, kind="stable")
        at = order[np.minimum(np.searchsorted(known, keys, sorter=order), len(known) - 1)]
        there = known[at] == keys
        starts = np.cumsum([0, *sizes[:-1]])
        holder = np.searchsorted(starts, at, "right") - 1
        shards[there] = holder[there]
        rows[there] = (at - starts[holder])[there]
        return shards, rows

    def _read(self, name: str) -> None:
        try:
            keys = np.load(self.folder / (name + _KEYS), allow_pickle=False)
            vectors = np.load(self.folder / (name + _VECTORS), mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return
        fits = keys.dtype == _KEY and vectors.dtype == np.float32 and vectors.ndim == 2
        if fits and keys.shape == vectors.shape[:1] and self._agrees(vectors):
            self._keys.append(keys)
            self._shards.append(vectors)

    def _agrees(self, vectors: Floats) -> bool:
        return not self._shards or self._shards[0].shape[1] == vectors.shape[1]

    def _write(self, name: str, array: NDArray[np.generic]) -> None:
        part = self.folder / f"{name}.part"
        try:
            with part.open("wb") as file:
                np.save(file, array, allow_pickle=False)
            part.replace(self.folder / name)
        finally:
            part.unlink(missing_ok=True)
