"""The worker that the server brings along: a process of its own, tied to the server's life."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from app.background import environment_of
from app.settings import Settings

COMMAND = (sys.executable, "-P", "-m", "app.training.worker")
NEEDED = ("torch", "transformers", "peft", "trl")
STOP_SECONDS = 75.0
"""A little longer than a worker waits for its jobs."""


def can_train() -> bool:
    """Whether training is installed here."""
    return all(find_spec(name) is not None for name in NEEDED)


@contextmanager
def embedded_worker(settings: Settings, command: tuple[str, ...] = COMMAND) -> Iterator[None]:
    """A worker for as long as the server runs, where the settings want one and training is there.

    It holds nothing of the server but the end of a pipe: when the server is gone, however that
    happened, the pipe closes, and the worker has its jobs leave a checkpoint and ends.
    """
    if not settings.train_worker or not can_train():
        yield
        return
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        env=os.environ | environment_of(settings),
        # a group of its own: the terminal's Ctrl+C is for the server, which then tells the worker
        start_new_session=True,
    )
    try:
        yield
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()  # its jobs notice at once, and go on from their checkpoints elsewhere
        process.wait()
