"""What a trainer of Transformers needs to be killed at any moment and go on as if it was not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer

from trainer import checkpoints
from trainer.order import EpochOrder


class Resumable(Trainer):
    """Mixed in before a trainer: own order of rows, and checkpoints that are whole or absent.

    Transformers draws the order of rows from the global random state, which a resumed run has
    only after the rows were drawn; here seed and epoch alone decide. Model, optimizer, scheduler,
    random state and step are written by Transformers itself.
    """

    group_rows = 1
    """How many rows of like length stand together; 0: all rows in the order given."""
    kept_with: Callable[[], dict[str, Any]] = staticmethod(dict)
    """Gives what is kept with each checkpoint."""

    def _get_train_sampler(self, train_dataset: Any = None) -> torch.utils.data.Sampler[int]:
        rows: Any = self.train_dataset if train_dataset is None else train_dataset
        if self.group_rows == 0:
            return torch.utils.data.SequentialSampler(rows)
        return EpochOrder(row_lengths(rows), self.args.seed, self.group_rows)

    def evaluate(self, *given: Any, **more: Any) -> dict[str, float]:
        """Evaluate without drawing from the random state that training goes on with."""
        with torch.random.fork_rng():
            return super().evaluate(*given, **more)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        root = Path(str(self.args.output_dir))
        folder = root / f"checkpoint-{self.state.global_step}"
        if checkpoints.is_whole(folder):
            return
        Trainer._save_checkpoint(self, model, trial)  # type: ignore[no-untyped-call,unused-ignore]
        checkpoints.complete(folder, self.kept_with())
        checkpoints.prune(root)


def row_lengths(rows: Any) -> list[int]:
    """Tokens of each row of a dataset with ``input_ids``."""
    import pyarrow.compute

    column = rows.with_format("arrow")[:].column("input_ids")
    return [int(n) for n in pyarrow.compute.list_value_length(column).to_pylist()]
