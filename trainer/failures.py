"""How a run ends before its end: with a reason in plain words, or because it was told to stop."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "disk_full",
    "out_of_memory",
    "diverged",
    "missing_model",
    "bad_data",
    "bad_spec",
    "missing_package",
    "crashed",
]
Stop = Literal["pause", "cancel"]


class RunFailure(Exception):
    """A run cannot go on; ``words`` say what happened and what to do."""

    def __init__(self, code: Code, words: str) -> None:
        self.code, self.words = code, words
        super().__init__(words)


class Stopped(Exception):
    """Whoever launched the run told it to stop; a paused one has left its checkpoint."""

    def __init__(self, how: Stop) -> None:
        self.how = how
        super().__init__(how)
