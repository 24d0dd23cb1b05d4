"""What a retriever is, and how all of them are found."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Protocol, cast

from evidence.retrieval.shapes import Hit, Passage, Ranking

Progress = Callable[[int, int], None]
"""Told how many of how many are done; what it raises ends the work, which is how one cancels."""


class Retriever(Protocol):
    """Finds passages for questions; may be searched from several threads once it is indexed."""

    name: str

    def describe(self) -> dict[str, Any]:
        """The settings that make the result reproducible, as JSON: parameters, models, versions."""
        ...

    def index(self, passages: Sequence[Passage], progress: Progress | None = None) -> None:
        """Make these passages, and no others, searchable."""
        ...

    def search(self, questions: Sequence[str], k: int = 10) -> list[Ranking]:
        """At most ``k`` hits for every question, best first; ties by passage id, ascending."""
        ...


@dataclass(frozen=True, slots=True)
class RetrieverModule:
    """A module of this folder: it has ``NAME``, ``NEEDS`` and ``make(**settings)``."""

    name: str
    needs: str
    """The package without which it does not run; '' where none is needed."""
    about: str
    make: Callable[..., Retriever]

    @property
    def available(self) -> bool:
        """Whether what it needs is installed."""
        return not self.needs or find_spec(self.needs) is not None


@lru_cache(maxsize=1)
def retriever_modules() -> dict[str, RetrieverModule]:
    """Every retriever of the folder by its name, in alphabetical order."""
    folder = Path(__file__).parent
    names = sorted(item.name for item in iter_modules([str(folder)]))
    found = (_module(name) for name in names if not name.startswith("_"))
    return {item.name: item for item in found}


def _module(name: str) -> RetrieverModule:
    module = import_module(f"evidence.retrieval.retrievers.{name}")
    make = cast("Callable[..., Retriever]", module.make)
    return RetrieverModule(module.NAME, module.NEEDS, inspect.getdoc(module) or "", make)


def ranked(scores: dict[str, float], k: int) -> Ranking:
    """The best ``k`` of passage id -> score, highest first; ties by passage id, ascending."""
    best = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [Hit(passage, score) for passage, score in best[: max(k, 0)]]


def indexed_text(passage: Passage) -> str:
    """What is searched of a passage: its text, below its heading where the text lacks that."""
    if not passage.heading or passage.heading in passage.text:
        return passage.text
    return f"{passage.heading}\n{passage.text}"
