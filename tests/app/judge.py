"""A language model for the tests: on loopback, and right about records as a test wants it to be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.evidence.judge.endpoint import Reply, Served, serving, verdict

WRONG = "the moon is made of cheese"
"""Words of outputs whose facts the model calls wrong."""
Changed = Callable[[str], Reply | None]


def open_record(number: int, *, wrong: bool = False) -> dict[str, Any]:
    """A failure record that carries nothing for the rules to tell by."""
    said = WRONG if wrong else "the moon is made of rock"
    return {
        "id": f"r{number}",
        "input": f"Number {number}: what is the moon made of?",
        "output": f"In answer {number}, {said}.",
    }


@contextmanager
def model(changed: Changed | None = None) -> Iterator[Served]:
    """A model that finds WRONG; ``changed`` answers otherwise where it gives a reply."""

    def answer(request: dict[str, Any], mark: str) -> Reply:
        asked = request["messages"][-1]["content"]
        other = changed(asked) if changed else None
        facts = "wrong" if WRONG in asked else "right"
        return other or Reply(verdict(mark, facts=facts, form="right", reason=f"It is {facts}."))

    with serving(answer) as served:
        yield served
