"""A process that somebody attends to: it is told to stop in words, and ends when they are gone."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from trainer.contract import CANCEL, PAUSE, PAUSED
from trainer.failures import Stop

ORPHANED = 77
"""How the process ends when whoever launched it is gone."""
PATIENCE = 5.0
"""Seconds to wait for the runner before, which ends once it sees that its parent is gone."""


class Orders:
    """What was said on standard input so far; it ends the process when that closes."""

    def __init__(self) -> None:
        self._told: Stop | None = None

    def told(self) -> Stop | None:
        """Whether to stop, and how; cancelling outweighs pausing."""
        return self._told

    def attend(self, spoken: IO[bytes]) -> None:
        """Begin to listen, in a thread of its own; a signal to end counts as pausing."""
        threading.Thread(target=self._listen, args=(spoken,), daemon=True).start()
        signal.signal(signal.SIGTERM, lambda *_: self.take(PAUSE))
        signal.signal(signal.SIGINT, lambda *_: self.take(PAUSE))

    def take(self, word: str) -> None:
        """Heed a word; others than the two are nobody's order."""
        if word == CANCEL:
            self._told = "cancel"
        elif word == PAUSE and self._told is None:
            self._told = "pause"

    def _listen(self, spoken: IO[bytes]) -> None:
        # unbuffered: a thread that waits inside a buffer would hinder the end of the interpreter
        raw = os.fdopen(spoken.fileno(), "rb", buffering=0, closefd=False)
        for line in raw:
            self.take(line.decode("ascii", errors="replace").strip())
        os._exit(ORPHANED)  # at once: another runner may be about to start


@contextmanager
def alone(path: Path, patience: float = PATIENCE) -> Iterator[None]:
    """Hold a run's lock; where another process keeps holding it, leave as if paused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as lock:
        if not _locked(lock, patience):
            print("Another process is at work in this folder.", file=sys.stderr)
            sys.exit(PAUSED)
        yield


def _locked(lock: IO[str], patience: float) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.1)
        else:
            return True
