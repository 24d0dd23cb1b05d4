"""What a check sees of a job's data: the rows as they were given, counted and compared once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from trainer.contract import TrainSpec
from trainer.dataset.labels import chooses, label_counts
from trainer.dataset.measures import HEADS, Measures
from trainer.dataset.parts import PARTS
from trainer.dataset.rows import Loaded, Row
from trainer.dataset.similar import clusters
from trainer.dataset.split import TRAIN


@dataclass(frozen=True)
class View:
    """The data of one job before it is split; numbers of rows are those of the files."""

    spec: TrainSpec
    files: Mapping[str, Loaded]
    measures: Mapping[str, Measures] = field(default_factory=dict)
    """By file; empty where there is no tokenizer."""
    control: tuple[str, ...] = ()
    """Tokens of the model that steer it and that no text should hold."""
    longest: int | None = None
    """Tokens beyond which a row is cut off."""

    @property
    def train(self) -> tuple[Row, ...]:
        """The rows that are given to train on."""
        return self.rows(TRAIN)

    @property
    def classifies(self) -> bool:
        """Whether the method learns a label for a text."""
        return self.spec.method in HEADS

    def rows(self, part: str) -> tuple[Row, ...]:
        """The rows of a file, none where it was not given."""
        return self.files[part].rows if part in self.files else ()

    @cached_property
    def labels(self) -> dict[str, int]:
        """Targets that repeat, the most frequent first, with how often."""
        return dict(label_counts(self.train).most_common())

    @cached_property
    def chooses(self) -> bool:
        """Whether nearly all targets are such labels."""
        return chooses(self.train)

    @cached_property
    def alike(self) -> dict[str, list[int]]:
        """By file, the number of the cluster of near-duplicate questions of each row."""
        sizes = {part: len(self.rows(part)) for part in PARTS}
        numbers = iter(clusters([row.question for part in PARTS for row in self.rows(part)]))
        return {part: [next(numbers) for _ in range(size)] for part, size in sizes.items()}
