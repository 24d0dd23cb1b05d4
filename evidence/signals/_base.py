"""What a detector is, what it returns, and how all of them are found and run."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Literal, NamedTuple

from advisor_rules.model import Value
from evidence.view import RecordView

Place = Literal["output", "context", "reference", "reviewer_note", "input"]


class Span(NamedTuple):
    """A piece of one of the record's texts: characters ``start`` up to, not including, ``end``."""

    start: int
    end: int
    where: Place = "output"


class Observation(NamedTuple):
    """What a detector saw: a signal, its value, in words why, and where in the texts.

    A tuple, for each record has some twenty of them that are made and handed between processes,
    and tuples cost a quarter of what other objects do.
    """

    signal: str
    value: Value
    detail: str = ""
    """One line in plain words, at most a few dozen of them; may quote the record."""
    spans: tuple[Span, ...] = ()


Detect = Callable[[RecordView], Iterable[Observation]]


@dataclass(frozen=True, slots=True)
class Detector:
    """A module of this folder that observes signals."""

    name: str
    signals: tuple[str, ...]
    detect: Detect
    about: str
    needs: str
    """The package without which nothing is measured; '' where none is needed."""
    slow: bool

    @property
    def available(self) -> bool:
        """Whether what it needs is installed."""
        return not self.needs or find_spec(self.needs) is not None


@lru_cache(maxsize=1)
def detectors() -> tuple[Detector, ...]:
    """Every detector of the folder, by name."""
    folder = Path(__file__).parent
    names = sorted(item.name for item in iter_modules([str(folder)]))
    return tuple(_detector(name) for name in names if not name.startswith("_"))


def _detector(name: str) -> Detector:
    module = import_module(f"evidence.signals.{name}")
    return Detector(
        name=name,
        signals=tuple(module.SIGNALS),
        detect=module.detect,
        about=inspect.getdoc(module) or "",
        needs=getattr(module, "NEEDS", ""),
        slow=getattr(module, "SLOW", False),
    )


@lru_cache(maxsize=4)
def chosen(slow: tuple[str, ...] = ()) -> tuple[Detector, ...]:
    """The detectors that run: all quick ones, and those slow ones that are named."""
    return tuple(
        item for item in detectors() if item.available and (not item.slow or item.name in slow)
    )


def observe(view: RecordView, slow: tuple[str, ...] = ()) -> Iterator[Observation]:
    """Everything that the detectors see on a record."""
    for detector in chosen(slow):
        yield from detector.detect(view)
