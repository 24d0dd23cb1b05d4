"""How far a probe is: its stages, and what each takes of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WHOLE = 1_000
"""Steps into which the work as a whole is divided."""
READ, CUT, KEEP = "read the documents", "cut documents into passages", "write down what was found"
WEIGHTS = {"bm25": 4, "endpoint": 10, "embedding": 60, "hybrid": 15, "rerank": 120}
"""How long each retriever takes, as against others: only for telling how far the work is."""


@dataclass
class Track:
    """How far the work is: the stages in their order, with what each takes of the whole."""

    weights: dict[str, int]
    stage: str = ""
    position: int = 0

    @classmethod
    def of(cls, retrievers: Sequence[str]) -> Track:
        """The stages of a probe with these retrievers."""
        weights = {READ: 5, CUT: 1}
        for name in retrievers:
            weight = WEIGHTS.get(name.partition(":")[0], 10)
            weights |= {f"index {name}": weight, f"search {name}": max(1, weight // 3)}
        weights |= {f"look at what {name} misses": 1 for name in retrievers}
        return cls(weights | {KEEP: 3})

    def at(self, stage: str, done: int, total: int) -> None:
        """The work is at ``done`` of ``total`` in a stage."""
        before = 0
        for name, weight in self.weights.items():
            if name == stage:
                share = weight * done / total if total else 0
                whole = WHOLE * (before + share) / sum(self.weights.values())
                self.position = max(self.position, int(whole))
            before += weight
        self.stage = f"{stage}: {done:,} of {total:,}" if total > 1 else stage
