"""The order of rows: a pure function of seed and epoch, so that it needs no keeping."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch.utils.data

Rows = npt.NDArray[np.int64]
GROUPS = 50
"""Batches that are sorted by length together, as Transformers' LengthGroupedSampler has it."""


class EpochOrder(torch.utils.data.Sampler[int]):
    """Shuffles rows anew for every epoch; with ``group`` over 1, rows of one length together."""

    def __init__(self, lengths: Sequence[int], seed: int, group: int = 1) -> None:
        self.lengths, self.seed, self.group = lengths, seed, group
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; Accelerate does, also when a run is resumed."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        random = np.random.default_rng([self.seed, self.epoch])
        order = random.permutation(len(self.lengths))
        return iter((self._grouped(order, random) if self.group > 1 else order).tolist())

    def _grouped(self, order: Rows, random: np.random.Generator) -> Rows:
        """Batches of like length in random order; the short rest of them last."""
        lengths = np.asarray(self.lengths)
        wide = self.group * GROUPS
        parts = [order[place : place + wide] for place in range(0, len(order), wide)]
        ranked = [part[np.argsort(-lengths[part], kind="stable")] for part in parts]
        joined = np.concatenate(ranked)
        whole = len(joined) // self.group
        batches = joined[: whole * self.group].reshape(whole, self.group)
        return np.concatenate([batches[random.permutation(whole)].ravel(), joined[batches.size :]])
