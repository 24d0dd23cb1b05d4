"""Embeddings: passages that are near the question in meaning, whatever words they use.

Cosines of sentence embeddings (Reimers & Gurevych 2019), looked at one and all. The model is the
one that ``FORMFACT_EMBEDDING_MODEL`` names, else the packaged all-MiniLM-L6-v2. A model sees only
the beginning of a passage that is longer than its limit. Vectors are kept on disk, below
``FORMFACT_EMBEDDING_CACHE`` or the user's cache folder, and are used again for the same texts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any
from weakref import finalize

from evidence.models import EMBEDDING_VARIABLE, NoModel, embedding_place, fingerprint, shown
from evidence.retrieval.retrievers._base import Progress, indexed_text
from evidence.retrieval.shapes import Hit, Passage, Ranking

if TYPE_CHECKING:
    from evidence.retrieval.retrievers._encoding import Floats, Places
    from evidence.retrieval.retrievers._vector_store import Keys, VectorStore

NAME = "embedding"
NEEDS = "sentence_transformers"
CACHE_VARIABLE = "FORMFACT_EMBEDDING_CACHE"
"""Environment variable with the folder below which vectors are kept."""
WINDOW = 4_096
"""Texts that are sorted by length together, and written to disk together."""
QUESTIONS = 256
"""Questions whose cosines are held at once."""


def make(
    *,
    model: str = "",
    device: str | None = None,
    dtype: str = "float32",
    tokens: int | None = None,
    cache: str | Path | None = None,
) -> Embedding:
    """An embedding retriever; raises `NoModel` where none is configured and none is packaged.

    ``model``: a folder or name, '' for the configured one. ``device``: "cpu", "cuda", ...; None is
    what PyTorch prefers. ``dtype``: "float32", or "bfloat16", which is faster and changes the
    figures. ``tokens``: in one batch. ``cache``: a folder for vectors; '' keeps none.
    """
    place = model or embedding_place()
    if not place:
        raise NoModel(
            f"there is no embedding model: name one in {EMBEDDING_VARIABLE}, or install the"
            " extra `embedding`"
        )
    folder = _cache_folder() if cache is None else cache
    return Embedding(place, device, dtype, tokens, Path(folder) if folder else None)


class Embedding:
    """Ranks passages by the cosine of their embedding with the question's."""

    name = NAME

    def __init__(
        self, place: str, device: str | None, dtype: str, tokens: int | None, cache: Path | None
    ) -> None:
        self.place = place
        self.device = device
        self.dtype = dtype
        self.tokens = tokens
        self.cache = cache
        self._store: VectorStore | None = None
        self._blocks: list[tuple[int, Places, Places]] = []
        self._ids: list[str] = []

    @property
    def model(self) -> Any:
        """The model, loaded when it is first needed; raises `NoModel`."""
        from evidence.models import load_embedding

        return load_embedding(self.place, self.device, self.dtype)

    def describe(self) -> dict[str, Any]:
        """The model and how it runs, as JSON; loads it."""
        from evidence.retrieval.retrievers._encoding import dimensions

        libraries = ("numpy", "sentence-transformers", "torch", "transformers")
        return {
            "retriever": NAME,
            "model": shown(self.place),
            "model_hash": self._revision() or None,
            "dimensions": dimensions(self.model),
            "longest_passage_tokens": self.model.max_seq_length,
            "similarity": "cosine",
            "search": "exact",
            "device": str(self.model.device),
            "dtype": str(self.model.dtype).removeprefix("torch."),
            "batch_tokens": self._budget(),
            "versions": {name: version(name) for name in libraries},
        }

    def index(self, passages: Sequence[Passage], progress: Progress | None = None) -> None:
        """Embed these passages, but for those whose vectors are kept; blank ones are not found.

        Raises `NoModel`, and OSError where the disk has no room for the vectors. What is done
        before the work ends early is kept.
        """
        from evidence.retrieval.retrievers._vector_store import VectorStore, keys_of

        # Numbered by id, so that the first of equals is the one with the smaller id.
        ordered = sorted(passages, key=lambda passage: passage.id)
        ordered = [passage for passage in ordered if passage.text.strip()]
        store = VectorStore(self._folder())
        keys = keys_of(map(indexed_text, ordered))
        self._embed(ordered, keys, store, _Count(len(passages), progress))
        self._store, self._blocks = store, store.blocks(keys)
        self._ids = [passage.id for passage in ordered]

    def search(self, questions: Sequence[str], k: int = 10) -> list[Ranking]:
        """The ``k`` nearest passages of every question that is not blank, best first."""
        asked = [place for place, text in enumerate(questions) if text.strip()]
        rankings: list[Ranking] = [[] for _ in questions]
        for start in range(0, len(asked) if self._ids else 0, QUESTIONS):
            places = asked[start : start + QUESTIONS]
            found = self._nearest([questions[place] for place in places], k)
            for place, ranking in zip(places, found, strict=True):
                rankings[place] = ranking
        return rankings

    def _nearest(self, questions: Sequence[str], k: int) -> list[Ranking]:
        from evidence.retrieval.retrievers._encoding import encode_questions
        from evidence.retrieval.retrievers._nearest import nearest

        asked = encode_questions(self.model, questions, self._budget())
        rankings: list[Ranking] = [[] for _ in questions]
        store = self._store
        assert store is not None  # noqa: S101 - there are ids, so there is an index
        blocks = ((places, store.vectors(shard, rows)) for shard, rows, places in self._blocks)
        for row, place, cosine in zip(*nearest(asked, blocks, k), strict=True):
            rankings[row].append(Hit(self._ids[place], round(float(cosine), 6)))
        return rankings

    def _embed(
        self, passages: Sequence[Passage], keys: Keys, store: VectorStore, count: _Count
    ) -> None:
        from evidence.retrieval.retrievers._encoding import encode

        missing = store.missing(keys)
        count.rest(len(missing))
        for start in range(0, len(missing), WINDOW):
            chosen = missing[start : start + WINDOW]
            texts = [indexed_text(passages[place]) for place in chosen]
            window = _Window(store, keys[chosen], count)
            try:
                encode(self.model, texts, self._budget(), window.take)
            finally:
                window.keep()

    def _budget(self) -> int:
        from evidence.retrieval.retrievers._encoding import batch_tokens

        return self.tokens or batch_tokens(self.model)

    def _revision(self) -> str:
        """What tells this model from others of its name: a hash of its files, or its commit."""
        if found := fingerprint(self.place):
            return found
        config = getattr(getattr(self.model[0], "auto_model", None), "config", None)
        return str(getattr(config, "_commit_hash", None) or "")

    def _folder(self) -> Path:
        revision = self._revision()
        if self.cache is None or not revision:
            folder = mkdtemp(prefix="formfact-vectors-")
            finalize(self, rmtree, folder, ignore_errors=True)
            return Path(folder)
        # Whatever changes a vector by more than its last bits has a folder of its own.
        settings = f"{self.place}\0{revision}\0{self.model.max_seq_length}\0{self.dtype}"
        if fingerprint(self.place):
            settings = settings.partition("\0")[2]
        return self.cache / hashlib.blake2b(settings.encode(), digest_size=12).hexdigest()


class _Count:
    """Tells how many passages have their vectors."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self.total = total
        self.done = total
        self.progress = progress

    def rest(self, missing: int) -> None:
        """So many are still to be embedded."""
        self.done = self.total - missing
        self.add(0)

    def add(self, more: int) -> None:
        """So many more are."""
        self.done += more
        if self.progress:
            self.progress(self.done, self.total)


class _Window:
    """Texts that are embedded together: what is done of them goes to disk, come what may."""

    def __init__(self, store: VectorStore, keys: Keys, count: _Count) -> None:
        self.store = store
        self.keys = keys
        self.count = count
        self._done: list[int] = []
        self._vectors: Floats | None = None

    def take(self, places: Places, vectors: Floats) -> None:
        """These rows of the vectors are there."""
        self._vectors = vectors
        self._done += places.tolist()
        self.count.add(len(places))

    def keep(self) -> None:
        """Write what is there, in the order of the texts."""
        if self._vectors is not None:
            done = sorted(self._done)
            self.store.add(self.keys[done], self._vectors[done])


def _cache_folder() -> Path:
    """Where vectors are kept: as configured, else in the user's cache folder."""
    if given := os.environ.get(CACHE_VARIABLE, ""):
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME", "") or Path.home() / ".cache"
    return Path(base) / "formfact" / "embeddings"
