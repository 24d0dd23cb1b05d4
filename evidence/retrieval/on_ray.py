"""Collections larger than one machine: passages embedded over Ray Data.

It needs the extras ``ray`` and ``embedding``. Rows in, rows out: each comes back with its vector,
so that they go to a search engine of your own, which then joins the comparison through the
retriever ``endpoint``. Order is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from evidence.models import EMBEDDING_VARIABLE, NoModel, embedding_place, load_embedding

if TYPE_CHECKING:
    from ray.data import Dataset

BATCH = 512
"""Texts handed to a worker at once; they are sorted by length among themselves."""


@dataclass(frozen=True, slots=True)
class EmbedSetup:
    """Which model embeds, and how; every machine must be able to load it."""

    model: str = ""
    """A folder or name; '' for the configured one, or the packaged one."""
    device: str | None = None
    """Such as "cpu" or "cuda"; None leaves it to PyTorch."""
    dtype: str = "float32"
    tokens: int | None = None
    """Tokens in one run of the model; None is what suits the device."""


def embed_dataset(
    dataset: Dataset,
    setup: EmbedSetup | None = None,
    *,
    workers: int | None = None,
    gpus: float = 0,
) -> Dataset:
    """The data set (column ``text``) with a column ``vector``: float32, of length 1.

    Further columns stay as they are. ``workers`` bounds the processes at work at once, over all
    machines; ``gpus`` is what each of them takes. Raises `NoModel` where none is configured.
    """
    setup = setup or EmbedSetup()
    place = setup.model or embedding_place()
    if not place:
        raise NoModel(f"there is no embedding model: name one in {EMBEDDING_VARIABLE}")
    import ray.data

    ray.data.DataContext.get_current().execution_options.preserve_order = True
    return dataset.map_batches(
        Embed,
        fn_constructor_args=(place, setup),
        batch_size=BATCH,
        batch_format="numpy",
        num_gpus=gpus,
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers)
        if workers
        else ray.data.ActorPoolStrategy(),
    )


class Embed:
    """A worker's part: it holds the model, so that it is loaded once."""

    def __init__(self, place: str, setup: EmbedSetup) -> None:
        from evidence.retrieval.retrievers._encoding import batch_tokens

        self.model = load_embedding(place, setup.device, setup.dtype)
        self.tokens = setup.tokens or batch_tokens(self.model)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """The batch with its vectors: (n, d)."""
        from evidence.retrieval.retrievers._encoding import encode

        texts = [str(text) for text in batch["text"]]
        return {**batch, "vector": encode(self.model, texts, self.tokens)}
