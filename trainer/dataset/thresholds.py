"""The numbers that data is held against, with their sources."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("thresholds.yaml")


@dataclass(frozen=True, slots=True)
class Number:
    """A threshold of the rulebook."""

    id: str
    value: float
    sources: tuple[str, ...]


def number(name: str) -> Number:
    """The threshold of this id."""
    found = _file()["numbers"][name]
    return Number(name, found["value"], tuple(found["sources"]))


def examples_for(method: str) -> dict[str, Number]:
    """Severity -> the number of examples below which it applies; empty for other methods."""
    return {severity: number(name) for severity, name in _file()["methods"].get(method, {}).items()}


@cache
def _file() -> dict[str, Any]:
    import yaml

    read: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return read
