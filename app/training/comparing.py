"""Two runs side by side: what they were told differently, and what each came to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app.storage import TrainJob
from app.training.jobs import get_job


@dataclass(frozen=True, slots=True)
class Differing:
    """A place at which two runs differ: the path into the spec, or a measure, and both values."""

    name: str
    a: Any
    b: Any


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two runs, the older as ``a`` where the caller says nothing else."""

    a: TrainJob
    b: TrainJob
    told: tuple[Differing, ...]
    """What their specs say differently."""
    came: tuple[Differing, ...]
    """Their figures, measure by measure: of training, of memory, and of the verdict (tuned)."""
    same_weights: bool | None
    """Whether they trained to the very same weights; None where one has none."""


def compare_jobs(session: Session, a_id: str, b_id: str) -> RunComparison:
    """Compare two runs. Raises NotFound."""
    a, b = get_job(session, a_id), get_job(session, b_id)
    told, came = _differing(flat(a.spec), flat(b.spec)), _both(figures(a), figures(b))
    hashes = [(job.report or {}).get("weights_hash") for job in (a, b)]
    same = hashes[0] == hashes[1] if all(hashes) else None
    return RunComparison(a, b, tuple(told), tuple(came), same)


def flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """A tree as path -> leaf: ``data.train``."""
    found: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            found |= flat(item, f"{prefix}{key}.")
        else:
            found[prefix + key] = item
    return found


def figures(job: TrainJob) -> dict[str, float | int]:
    """The numbers that a run came to, by name."""
    report = job.report or {}
    found = {
        f"{part}.{name}": value
        for part in ("training", "memory")
        for name, value in report.get(part, {}).items()
    }
    for item in (job.verdict or {}).get("comparisons", ()):
        found[f"verdict.{item['measure']}"] = item["tuned"]
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }


def _differing(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Differing]:
    return (item for item in _both(a, b) if item.a != item.b)


def _both(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[Differing]:
    names = list(dict.fromkeys([*a, *b]))
    return (Differing(name, a.get(name), b.get(name)) for name in names)
