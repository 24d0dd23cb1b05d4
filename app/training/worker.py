"""The worker: takes jobs from the queue, starts a process for each, and minds it to its end."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from advisor_rules.rulebook import Rulebook
from app.settings import Settings
from app.storage import Database
from app.storage.models import new_id
from app.training import folders, outcomes, presence, queue
from app.training.child import Child, Programs, environment, start
from app.training.clearing import clear_deleted
from app.training.ending import Ending, ending_of
from app.training.queue import Taken
from trainer.contract import CANCEL, FAILED, PAUSE, Failure

log = logging.getLogger("formfact.training")

TICK_SECONDS = 0.2
LOOK_SECONDS = 1.0
"""How often a worker with a free slot looks for jobs; it looks at once when one has ended."""
BEAT_SECONDS = 15.0
CLEAR_SECONDS = 30.0
OUTCOME_SECONDS = 5.0
"""How often a worker looks for verdicts that are not written to their case yet."""
SKIP_SECONDS = 5.0
"""How long a job is left alone in whose folder a process is still at work."""
CHECKS = 1
"""Preflights at a time, beside the jobs: they need no device."""
NOT_HERE = (
    "The folder of the job is not on the worker's machine. Several machines have to share the "
    "data folder; then try the job again."
)


class Worker:
    """Runs jobs, as many at once as it has slots, until it is told to stop."""

    def __init__(
        self, database: Database, settings: Settings, programs: Programs | None = None
    ) -> None:
        self.id, self.database, self.settings = new_id(), database, settings
        self.programs = programs or Programs()
        self.lease = timedelta(seconds=settings.train_lease_seconds)
        self.children: list[Child] = []
        self.device: dict[str, Any] | None = None
        self._over, self._ended = threading.Event(), threading.Event()
        self._due: dict[str, float] = {}
        self._skipped: dict[str, float] = {}
        self._book: Rulebook | None = None
        self._hopeless: set[str] = set()
        self._probe: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Work until `stop` is called; then have every job leave a checkpoint, and give it back."""
        sign = presence.Presence(self.settings, self.id)
        try:
            with self.database.writing() as session:
                presence.register(session, self.id, self.settings.train_slots)
            self._probe = _probe(self.programs)
            threading.Thread(target=self._keep_fence, daemon=True).start()
            while not self._over.is_set():
                self._guarded(self.turn)
                self._over.wait(TICK_SECONDS)
            self._wind_up()
        finally:
            self.close()
            sign.end()

    def stop(self) -> None:
        """Have `run` end in good order; called again, it ends without waiting for checkpoints."""
        if self._over.is_set():
            for child in self.children:
                child.kill()
        self._over.set()

    def turn(self) -> None:
        """Look once at every process, at the queue, and at what others left behind."""
        self._mind_all()
        if self._is_due("beat", min(BEAT_SECONDS, self.lease.total_seconds() / 4)):
            self._beat()
        if self._is_due("lost", LOOK_SECONDS):
            self._take_up_lost()
        if self._is_due("look", LOOK_SECONDS):
            self._take()
        if self._is_due("outcomes", OUTCOME_SECONDS):
            self._write_outcomes()
        if self._is_due("clear", CLEAR_SECONDS):
            clear_deleted(self.database, self.settings)
            with self.database.writing() as session:
                presence.forget(session, self.settings)

    def fence(self) -> None:
        """End the processes whose lease is over: others may have their jobs by now."""
        for child in list(self.children):
            if time.monotonic() - child.renewed > self.lease.total_seconds():
                child.end()

    def _keep_fence(self) -> None:
        # in a thread of its own: a database that does not answer may hold the other one up
        while not self._ended.wait(LOOK_SECONDS):
            self.fence()

    def _guarded(self, act: Callable[[], None]) -> bool:
        try:
            act()
        except (SQLAlchemyError, OSError) as error:
            log.warning("the queue of training jobs has to wait: %s", error)
            return False
        return True

    def _is_due(self, what: str, every: float) -> bool:
        now = time.monotonic()
        if now < self._due.get(what, 0.0):
            return False
        self._due[what] = now + every
        return True

    # --- taking ---------------------------------------------------------------------------------

    def _take(self) -> None:
        with self.database.reading() as session:
            if not queue.anything_waits(session):
                return
        busy = [child.taken.state for child in self.children]
        now = time.monotonic()
        if busy.count("checking") < CHECKS:
            with self.database.writing() as session:
                taken = queue.take_check(session, self.id, self.lease)
            self._begin(taken, now)
        while self._running() < self.settings.train_slots:
            now = time.monotonic()
            skip = [job_id for job_id, until in self._skipped.items() if until > now]
            with self.database.writing() as session:
                taken = queue.take_next(session, self.id, self.lease, skip)
            if taken is None:
                return
            self._begin(taken, now)

    def _running(self) -> int:
        return sum(child.taken.state == "running" for child in self.children)

    def _begin(self, taken: Taken | None, since: float) -> None:
        """Start the process of a job whose lease began at this time at the earliest."""
        if taken is None:
            return
        run = folders.folder_of(self.settings, taken.job_id)
        if not run.spec.exists():
            lacking = Failure(code="bad_data", words=NOT_HERE)
            with self.database.writing() as session:
                queue.settle(session, taken, Ending(FAILED, 0, failure=lacking))
        elif folders.is_locked(run.lock):
            self._skipped[taken.job_id] = time.monotonic() + SKIP_SECONDS
            with self.database.writing() as session:
                queue.give_back(session, taken, "a process is still at work in its folder")
        else:
            with self.database.writing() as session:
                mine = queue.note_start(session, taken, folders.reached(run))
            if mine:
                child = start(taken, run, self.programs, self._free_slot())
                child.renewed = since
                self.children.append(child)

    def _free_slot(self) -> int | None:
        """Which of several devices a job gets; None where there is one alone, or none is needed."""
        slots = self.settings.train_slots
        taken = {child.slot for child in self.children}
        return (
            next((slot for slot in range(slots) if slot not in taken), None) if slots > 1 else None
        )

    def _take_up_lost(self) -> None:
        with self.database.reading() as session:
            if not queue.anything_lost(
                session, lambda worker: presence.gone(session, self.settings, worker)
            ):
                return
        with self.database.writing() as session:
            queue.take_up_lost(
                session,
                self.settings,
                lambda worker: presence.gone(session, self.settings, worker),
            )

    # --- minding --------------------------------------------------------------------------------

    def _mind_all(self) -> None:
        with self.database.reading() as session:
            wanted = queue.wishes(session, [child.taken for child in self.children])
        for child in list(self.children):
            self._guarded(lambda child=child: self._mind(child, wanted))  # type: ignore[misc]

    def _mind(self, child: Child, wanted: dict[str, Any]) -> None:
        if child.process.poll() is not None:
            self._settle(child)
            return
        wish = wanted.get(child.taken.claim)
        if wish is None:  # it was given to another worker, or ended: nothing of it counts any more
            child.kill()
        elif wish:
            child.tell(CANCEL if wish == "cancel" else PAUSE)
        if child.overdue():
            child.end()
        self._renew(child)

    def _renew(self, child: Child) -> None:
        seconds = self.lease.total_seconds()
        events = child.new_events()
        if not events and time.monotonic() - child.renewed < seconds / 4:
            return
        before = time.monotonic()
        with self.database.writing() as session:
            kept = queue.renew(session, child.taken, self.lease, events)
        child.unwritten = []
        if kept is None:
            child.kill()
        else:
            child.renewed = before

    def _settle(self, child: Child) -> None:
        """Write down how a process ended, with all that it told; where that fails, again later."""
        child.kill()  # what it started must not outlive it
        while child.tail.behind():
            self._renew(child)
        stopped = child.stopping or self._over.is_set()
        ending = ending_of(child.run, child.process.returncode, told_to_stop=stopped)
        with self.database.writing() as session:
            queue.settle(session, child.taken, ending, child.new_events())
        self._let_go(child)
        self._due["look"] = self._due["outcomes"] = 0.0

    def _write_outcomes(self) -> None:
        """Write verdicts to their cases; one that cannot be is left to the next worker."""
        with self.database.reading() as session:
            waiting = [job for job in outcomes.pending(session) if job not in self._hopeless]
        for job_id in waiting:
            try:
                self._book = self._book or outcomes.rulebook(self.settings)
                with self.database.writing() as session:
                    outcomes.write_outcome(session, self._book, job_id)
            except (SQLAlchemyError, OSError):
                raise
            except Exception:  # whatever is wrong with it, training goes on
                log.exception("the outcome of job %s cannot be written to its case", job_id)
                self._hopeless.add(job_id)

    def _let_go(self, child: Child) -> None:
        if child.process.stdin is not None:
            with suppress(OSError):
                child.process.stdin.close()
        self.children.remove(child)

    def _beat(self) -> None:
        if self._probe is not None and self._probe.poll() is not None:
            self.device, self._probe = _device(self._probe), None
        with self.database.writing() as session:
            presence.beat(session, self.id, self.device)

    # --- stopping -------------------------------------------------------------------------------

    def _wind_up(self) -> None:
        """Have the processes leave a checkpoint, and give their jobs back."""
        for child in self.children:
            child.stopping = True
            if child.taken.state == "running":
                child.tell(PAUSE)
            else:
                child.kill()
        while self.children and self._guarded(self._mind_all):
            time.sleep(TICK_SECONDS)
        self._guarded(self._sign_off)

    def _sign_off(self) -> None:
        with self.database.writing() as session:
            presence.sign_off(session, self.id)

    def close(self) -> None:
        """End every process at once: their jobs go on with another worker."""
        self._ended.set()
        for child in list(self.children):
            child.kill()
            child.process.wait()
            self._let_go(child)
        if self._probe is not None:
            self._probe.kill()
            self._probe.communicate()


def _probe(programs: Programs) -> subprocess.Popen[bytes] | None:
    """Ask in a process of its own what this machine trains on: that loads torch."""
    with suppress(OSError):
        return subprocess.Popen(
            programs.device,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(),
        )
    return None


def _device(probe: subprocess.Popen[bytes]) -> dict[str, Any]:
    said = probe.communicate()[0].decode(errors="replace").strip().splitlines()
    with suppress(ValueError):
        found = json.loads(said[-1]) if said else None
        if probe.returncode == 0 and isinstance(found, dict):
            return found
    return {"name": "unknown"}


# --- the process --------------------------------------------------------------------------------


def work(settings: Settings, *, programs: Programs | None = None, tied: bool = False) -> None:
    """Be a worker until told to stop by a signal; ``tied``: until standard input closes, too."""
    database = Database(settings.url)
    try:
        database.upgrade()
        worker = Worker(database, settings, programs)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        if tied:
            threading.Thread(target=_wait_for_end, args=[worker], daemon=True).start()
        worker.run()
    finally:
        database.close()


def _wait_for_end(worker: Worker) -> None:
    """Stop the worker when whoever started it is gone."""
    with suppress(OSError):
        while os.read(sys.stdin.fileno(), 4096):
            pass
    worker.stop()


if __name__ == "__main__":
    os.nice(5)  # pages that people wait for go first
    work(Settings.from_environment(), tied=True)
