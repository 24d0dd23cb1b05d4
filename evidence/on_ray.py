"""Logs larger than one machine: the same diagnosis, mapped over Ray Data (extra ``ray``).

Lines in, lines out: a row of the data set holds one failure record as JSON in ``text``, and comes
back with the line that ``formfact diagnose --out`` would write for it. Order is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from evidence.lines import line_of
from evidence.pipeline import Setup, diagnose_chunk, profiled
from evidence.reading import read_log
from evidence.records import FailureRecord, complaint

if TYPE_CHECKING:
    from ray.data import Dataset

BATCH = 500
"""Records handed to a worker at once."""


def setup_for(log: Path, setup: Setup | None = None) -> Setup:
    """The setup with what is usual in the log: learned here, from its first records."""
    from dataclasses import replace

    profile, _ = profiled(read_log(log))
    return replace(setup or Setup(), log=profile)


def diagnose_dataset(dataset: Dataset, setup: Setup, *, workers: int | None = None) -> Dataset:
    """The data set (column ``text``: one JSON failure record a row) with each record diagnosed.

    A row that is no failure record comes back as ``{"skipped": why}``. ``workers`` bounds the
    processes at work at once, over all machines.
    """
    import ray.data

    ray.data.DataContext.get_current().execution_options.preserve_order = True
    return dataset.map_batches(
        Diagnose,
        fn_constructor_args=(setup,),
        batch_size=BATCH,
        batch_format="numpy",
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=workers)
        if workers
        else ray.data.ActorPoolStrategy(),
    )


class Diagnose:
    """A worker's part: it holds the setup, so that the rulebook is loaded once."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """One line for each line of the batch."""
        return {"text": list(self._lines(batch["text"]))}

    def _lines(self, texts: Any) -> Iterator[str]:
        for text in texts:
            try:
                record = FailureRecord.model_validate_json(str(text))
            except ValidationError as error:
                yield json.dumps({"skipped": complaint(error)})
                continue
            (found,) = diagnose_chunk([record], self.setup)
            yield json.dumps(line_of(found), ensure_ascii=False)
