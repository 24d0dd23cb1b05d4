"""The process of a job, as its worker holds it: started, told, killed, its events read.

It is told by words on its standard input. When the worker dies, however that happens, the input
closes, and the process ends by itself: no job goes on without a worker that holds its lease.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field

from app.training.events import Tail
from app.training.queue import Taken
from trainer.contract import CANCEL, PAUSE, Event, RunFolder

PYTHON = (sys.executable, "-P", "-m")
SECRET = ("FORMFACT_SECRET_KEY", "FORMFACT_JUDGE_KEY", "FORMFACT_DATABASE_URL")
"""Variables that a process which trains has no use for."""
DEVICES = "CUDA_VISIBLE_DEVICES"
HARD_SECONDS = 60.0
"""How long a process may take to obey before it is killed: it loses what follows its checkpoint."""


@dataclass(frozen=True, slots=True)
class Programs:
    """What is started for a job; its folder follows as the last word."""

    run: tuple[str, ...] = (*PYTHON, "trainer.run")
    check: tuple[str, ...] = (*PYTHON, "trainer.preflight")
    device: tuple[str, ...] = (*PYTHON, "trainer.device")


@dataclass
class Child:
    """A process at work on a job, and what is known of it."""

    taken: Taken
    run: RunFolder
    process: subprocess.Popen[bytes]
    tail: Tail
    slot: int | None = None
    """Which of the worker's devices it has."""
    renewed: float = field(default_factory=time.monotonic)
    """When the lease was last prolonged."""
    told: str = ""
    told_at: float = 0.0
    stopping: bool = False
    """Whether the worker itself had it stop."""
    unwritten: list[Event] = field(default_factory=list)
    """Events that were read and could not be written yet."""

    def tell(self, word: str) -> None:
        """Send a word, once; a process that is gone hears nothing."""
        if self.told == word or (self.told == CANCEL and word == PAUSE):
            return
        self.told, self.told_at = word, time.monotonic()
        with suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.write(f"{word}\n".encode())
                self.process.stdin.flush()

    def overdue(self) -> bool:
        """Whether it was told something long ago and goes on all the same."""
        return bool(self.told) and time.monotonic() - self.told_at > HARD_SECONDS

    def end(self) -> None:
        """Kill it for a reason that is no fault of the job."""
        self.stopping = True
        self.kill()

    def kill(self) -> None:
        """End the process and those that it started, at once."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)

    def new_events(self) -> list[Event]:
        """What is still to be written down, with what was told since."""
        self.unwritten += self.tail.read()
        return self.unwritten


def start(taken: Taken, run: RunFolder, programs: Programs, slot: int | None = None) -> Child:
    """Start the process of a job: its training, or the preflight of its data. Raises OSError."""
    run.failure.unlink(missing_ok=True)
    program = programs.check if taken.state == "checking" else programs.run
    with run.log.open("ab") as log:
        process = subprocess.Popen(
            [*program, str(run.root)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(slot),
            # a group of its own: the terminal's Ctrl+C is for the worker, which then tells it
            start_new_session=True,
        )
    return Child(taken, run, process, Tail(run.events), slot)


def environment(slot: int | None = None) -> dict[str, str]:
    """The variables of a job's process: this one's, without what it has no use for.

    With a slot, it sees one CUDA device alone: that one of those which the worker may use.
    """
    found = {name: value for name, value in os.environ.items() if name not in SECRET}
    if slot is not None:
        visible = [name for name in found.get(DEVICES, "").split(",") if name]
        found[DEVICES] = visible[slot % len(visible)] if visible else str(slot)
    return found
