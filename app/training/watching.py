"""Watches a run at work: its process, its events, and the wish to stop."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from trainer.contract import PAUSE, Event, RunFolder

PROGRAM = (sys.executable, "-P", "-m", "trainer.run")
LOOK = 0.2
"""Seconds between two looks at the events."""


def watched(folder: RunFolder, told: Callable[[Event], None]) -> int:
    """Run the job to its end, handing on each event; the status of its process.

    The first Ctrl+C pauses after the step at hand, the second one ends the process at once.
    """
    process = subprocess.Popen(
        [*PROGRAM, str(folder.root)], stdin=subprocess.PIPE, start_new_session=True
    )
    reader = Reader(folder.events)
    asked = False
    try:
        while True:
            try:
                status = _ended(process)
                for event in reader.read():
                    told(event)
                if status is not None:
                    return status
            except KeyboardInterrupt:
                if asked:
                    raise
                asked = True
                _pause(process)
    finally:
        process.kill()
        process.wait()


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(timeout=LOOK)
    except subprocess.TimeoutExpired:
        return None


def _pause(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.write(f"{PAUSE}\n".encode())
            process.stdin.flush()


class Reader:
    """Reads the events that are added to a file from now on, whole lines at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.start = path.stat().st_size if path.exists() else 0

    def read(self) -> Iterator[Event]:
        """What was added since; a line that is no event is left out."""
        if not self.path.exists():
            return
        with self.path.open("rb") as file:
            file.seek(self.start)
            for line in file:
                if not line.endswith(b"\n"):
                    return
                self.start += len(line)
                with suppress(ValidationError):
                    yield Event.model_validate_json(line)
