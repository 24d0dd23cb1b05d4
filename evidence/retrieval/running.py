"""One retriever at work on one collection: what it finds, how fast, and in how much memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.retrieval.retrievers._base import Retriever
from evidence.retrieval.shapes import Passage, Question, Ranking

DEPTH = 100
"""Passages that each search gives: deep enough to tell a near miss from a far one."""
BATCH = 64
"""Questions between two looks at whether to go on."""

Tell = Callable[[str, int, int], None]
"""Told what is being done, and how many of how many are; what it raises ends the work."""


class Cancelled(Exception):
    """The work was called off; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Watch:
    """Passes progress on, and ends the work where it is called off."""

    tell: Tell | None = None
    cancelled: Callable[[], bool] | None = None

    def at(self, stage: str, done: int, total: int) -> None:
        """Say where the work is; raises `Cancelled`."""
        if self.cancelled and self.cancelled():
            raise Cancelled(f"called off while at {stage}")
        if self.tell:
            self.tell(stage, done, total)


@dataclass(frozen=True, slots=True)
class Run:
    """What a retriever found for every question, and what that took."""

    rankings: dict[str, Ranking]
    """Question id -> hits."""
    index_seconds: float
    search_seconds: float
    index_mb: float | None
    """By how much the memory of the process grew; None where the system does not say."""

    def speed(self, price_per_hour: float | None = None) -> dict[str, Any]:
        """Seconds, questions a second, memory, and machine hours for a million questions."""
        each = self.search_seconds / max(len(self.rankings), 1)
        hours = each * 1e6 / 3600
        found = {
            "index_seconds": round(self.index_seconds, 4),
            "queries_per_second": round(1 / each, 1) if each else None,
            "index_mb": self.index_mb,
            "machine_hours_per_million_queries": round(hours, 3),
        }
        if price_per_hour is not None:
            found["cost_per_million_queries"] = round(hours * price_per_hour, 4)
        return found


def run(
    retriever: Retriever,
    passages: Sequence[Passage],
    questions: Sequence[Question],
    watch: Watch,
    depth: int = DEPTH,
) -> Run:
    """Index the passages, and search for every question; raises `Cancelled`."""
    stage = f"index {retriever.name}"
    watch.at(stage, 0, len(passages))
    before, started = resident_mb(), time.perf_counter()
    retriever.index(passages, lambda done, total: watch.at(stage, done, total))
    indexed, after = time.perf_counter(), resident_mb()
    rankings: dict[str, Ranking] = {}
    spent = 0.0
    for start in range(0, len(questions), BATCH):
        watch.at(f"search {retriever.name}", start, len(questions))
        batch = questions[start : start + BATCH]
        began = time.perf_counter()
        found = retriever.search([question.text for question in batch], depth)
        spent += time.perf_counter() - began
        rankings.update(zip((question.id for question in batch), found, strict=True))
    watch.at(f"search {retriever.name}", len(questions), len(questions))
    grown = None if before is None or after is None else round(max(0.0, after - before), 1)
    return Run(rankings, indexed - started, spent, grown)


def resident_mb() -> float | None:
    """Memory of this process in MB, where Linux says it."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return None
    import resource

    return pages * resource.getpagesize() / 1e6
