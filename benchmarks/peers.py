"""Other libraries that do what a retriever of ours does, and what is compared with them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Protocol

from evidence.retrieval.shapes import Passage, Ranking


class Subject(Protocol):
    """What is timed: indexing, then answering."""

    def index(self, passages: Sequence[Passage]) -> None:
        """Make the passages searchable."""
        ...

    def search(self, questions: Sequence[str]) -> Iterable[Ranking]:
        """The ten best for every question: a list, or lazily where it answers one by one."""
        ...


Peer = Callable[[], Subject]


def peers_of(retriever: str) -> dict[str, Peer]:
    """The peers in ``benchmarks.peers_<retriever>``, which has a function ``peers``."""
    name = f"benchmarks.peers_{retriever}"
    if not find_spec(name):
        return {}
    found: dict[str, Peer] = import_module(name).peers()
    return found
