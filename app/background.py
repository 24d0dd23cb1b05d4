"""Work outside requests: a thread that starts a process for each log that waits, one at a time.

The queue is the table of logs itself. A log that is taken is ``running`` under a claim, a random
word that its process must show to write anything; where the process dies, the log goes back to the
queue under no claim, and goes on where it stopped. Asking a judge waits in a queue of its own, the
table of such runs, by the same rules: it takes long and little of this machine. So do probes of
retrieval, in the table of probes.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from app.clearing import clear_log, clear_retrieval
from app.settings import Settings, given, variable
from app.storage import Database, FailureLog, JudgeRun, Probe, utc_now
from app.storage.models import new_id

log = logging.getLogger("formfact.background")

POLL_SECONDS = 1.0
STOP_SECONDS = 20.0
"""How long a process may take to write down what it has when the server stops."""
MOST_TRIES = 3
"""How often a log is begun without getting any further before it counts as failed."""
HUNG = timedelta(minutes=15)
"""Without a sign of life for so long, a process counts as dead."""
FINISHED, STOPPED, FULL = 0, 75, 74
"""How ``app.diagnosing`` ends: nothing left to do, told to stop, no room on the disk."""


@dataclass(frozen=True)
class Queue:
    """A table whose rows wait for a process, and the module that a process runs."""

    table: Any
    """A model with the columns of a queue: ``FailureLog``, ``JudgeRun`` or ``Probe``."""
    module: str
    does: str
    """What a process does with a row, and where it stops, in words."""
    unit: str
    clear: Callable[[Database, Settings], object] | None = None
    """Clears a part of what was deleted away."""
    resumes: bool = True
    """Whether a process goes on where the one before it stopped, or begins again."""


LOGS = Queue(FailureLog, "app.diagnosing", "reads it", "line", clear_log)
JUDGEMENTS = Queue(JudgeRun, "app.asking", "asks the language model", "record")
PROBES = Queue(Probe, "app.probing", "measures retrievers", "step", clear_retrieval, resumes=False)
QUEUES = (LOGS, JUDGEMENTS, PROBES)


@dataclass
class Worker:
    """A process at work on a row of a queue, such as a log."""

    log_id: str
    claim: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End the process and those that it started."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


class Supervisor:
    """A thread that takes logs from the queue and minds the process that works on one."""

    def __init__(self, database: Database, settings: Settings, queue: Queue = LOGS) -> None:
        self.database, self.settings, self.queue = database, settings, queue
        self.worker: Worker | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="formfact-background", daemon=True)

    def start(self) -> None:
        """Begin to look after the queue."""
        self._thread.start()

    def stop(self) -> None:
        """Have the process write down what it has, and leave the rest for the next start."""
        self._over.set()
        self._thread.join()
        if self.worker is not None:
            self._end(self.worker)

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                self.turn()
            except (SQLAlchemyError, OSError) as error:
                log.warning("the queue of logs has to wait: %s", error)
            self._over.wait(POLL_SECONDS)

    def turn(self) -> None:
        """Look once at the process, at the queue, and at what is to be cleared away."""
        if self.worker is not None:
            self._mind(self.worker)
        if self.worker is None:
            self._take()
        if self.queue.clear is not None:
            self.queue.clear(self.database, self.settings)

    def _take(self) -> None:
        """Start a process for the log that waits longest, if there is one."""
        with self.database.reading() as session:
            if not waiting(session, self.queue):
                return
        with self.database.writing() as session:
            give_back_abandoned(session, self.queue)
            taken = take_next(session, self.queue)
        if taken is not None:
            self.worker = Worker(*taken, self._started(*taken))

    def _started(self, log_id: str, claim: str) -> subprocess.Popen[bytes]:
        # a group of its own: the terminal's Ctrl+C is for the server, which then tells the process
        command = [sys.executable, "-P", "-m", self.queue.module, log_id, claim]
        environment = os.environ | environment_of(self.settings)
        return subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, start_new_session=True
        )

    def _mind(self, worker: Worker) -> None:
        status = worker.process.poll()
        if status is not None:
            self._settle(worker, status)
        elif self._hangs(worker):
            worker.kill()

    def _settle(self, worker: Worker, status: int) -> None:
        worker.kill()  # what it started must not outlive it
        if status != FINISHED:
            with self.database.writing() as session:
                settle(session, worker.log_id, worker.claim, status, self.queue)
        self.worker = None

    def _hangs(self, worker: Worker) -> bool:
        with self.database.reading() as session:
            found = session.get(self.queue.table, worker.log_id)
            seen = found.heartbeat_at if found and found.claim == worker.claim else None
            return seen is not None and utc_now() - seen > HUNG

    def _end(self, worker: Worker) -> None:
        worker.process.terminate()
        try:
            status = worker.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            worker.kill()
            status = worker.process.wait()
        try:
            self._settle(worker, STOPPED if status < 0 else status)
        except SQLAlchemyError as error:
            log.warning("log %s goes on later: %s", worker.log_id, error)


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables that make a process read the same settings; it signs nothing."""
    return {
        variable(item): given(getattr(settings, item.name))
        for item in fields(settings)
        if getattr(settings, item.name) != item.default and item.name != "secret_key"
    }


# --- the queue --------------------------------------------------------------------------------


def waiting(session: Session, queue: Queue = LOGS) -> bool:
    """Whether some log is queued, or was left by a process that is gone."""
    busy = queue.table.state.in_(("queued", "running"))
    logs = session.scalars(select(queue.table).where(busy))
    return any(item.state == "queued" or is_abandoned(item) for item in logs)


def take_next(session: Session, queue: Queue = LOGS) -> tuple[str, str] | None:
    """Take the log that waits longest; its id and the new claim."""
    table = queue.table
    wanted = (
        select(table)
        .where(table.state == "queued")
        .order_by(table.queued_at, table.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    found = session.scalar(wanted)
    if found is None:
        return None
    now = utc_now()
    found.state, found.claim, found.tries = "running", new_id(), found.tries + 1
    found.started_at, found.heartbeat_at, found.finished_at = now, now, None
    found.resumed_at, found.worker = found.position, f"{socket.gethostname()}:{os.getpid()}"
    session.flush()
    return found.id, found.claim


def settle(session: Session, log_id: str, claim: str, status: int, queue: Queue = LOGS) -> None:
    """Put a log whose process ended before its time back into the queue, or give it up."""
    table = queue.table
    wanted = select(table).where(table.id == log_id, table.claim == claim, table.state == "running")
    found = session.scalar(wanted.with_for_update())
    if found is None:
        return
    further = queue.resumes and found.position > found.resumed_at
    if status == STOPPED or further:
        found.tries = 0  # it was told to, or it got further: that is no fault of the log
    found.claim = ""
    if found.tries < MOST_TRIES:
        found.state = "queued"
    else:
        found.state, found.finished_at = "failed", utc_now()
        found.error = words_for(status, found.position, queue)


def words_for(status: int, position: int, queue: Queue = LOGS) -> str:
    """Why a log was given up, for whoever may know what to do about it."""
    after = f"after {queue.unit} {position:,}" if position else "at the beginning"
    if not queue.resumes:
        after = "before it was done"
    if status == FULL:
        return f"The disk is full: it stopped {after}. Make room, then try again."
    killed = -status if status < 0 else 0
    why = f"was ended by signal {killed}" if killed else f"ended with status {status}"
    hint = ", perhaps because memory ran out" if killed == signal.SIGKILL else ""
    return f"The process that {queue.does} {why}{hint}, {MOST_TRIES} times {after}."


def give_back_abandoned(session: Session, queue: Queue = LOGS) -> None:
    """Put logs whose process is gone, with the server that started it, back into the queue."""
    for found in session.scalars(select(queue.table).where(queue.table.state == "running")):
        if is_abandoned(found):
            settle(session, found.id, found.claim, -signal.SIGKILL, queue)


def is_abandoned(found: FailureLog | JudgeRun | Probe) -> bool:
    """Whether the process that runs a log is gone: surely here, elsewhere by its silence."""
    if found.state != "running":
        return False
    silent = found.heartbeat_at is None or utc_now() - found.heartbeat_at > HUNG
    host, _, number = found.worker.rpartition(":")
    here = host == socket.gethostname() and number.isdecimal()
    return silent or (here and not _is_alive(int(number)))


def _is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
