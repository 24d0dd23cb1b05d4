"""The job: a process that reads a log, diagnoses its records and writes down what it finds.

Run as ``python -m app.diagnosing LOG_ID CLAIM`` by ``app.background``. Records are written a
thousand at a time, in one transaction with the place that was reached: whatever stops the process,
the next one goes on there, and nothing is lost or written twice.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import Update, bindparam, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app.background import FINISHED, FULL, STOPPED
from app.log_rows import Stored, storable, stored
from app.logs import file_of, without_path
from app.measuring import apply_to_case, summarised
from app.problems import is_full
from app.settings import Settings
from app.storage import Database, FailureLog, LogRecord, LogText, SkippedRow, utc_now
from evidence.pipeline import Found, Setup, cores, diagnose_all, profiled
from evidence.reading import LogUnreadable, Read, read_log
from evidence.reading.files import open_log
from evidence.records import Skipped

BATCH = 1_000
SECONDS = 2.0
"""A batch is written after this time even where it is not full: that is the job's heartbeat."""
ALONE = 2_000_000
"""A file of fewer bytes is diagnosed by this process alone: starting others would take longer."""
NICENESS = 10
COUNTED = 1 << 20


class GivenUp(Exception):
    """The log was cancelled, deleted or given to another process: nothing more may be written."""


@dataclass
class Batch:
    """What was found since the last time that something was written."""

    rows: list[Stored] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    seen: list[list[str]] = field(default_factory=list)
    """The signals of each row."""
    line: int = 0
    """The line that the last of them stands in."""

    def __len__(self) -> int:
        return len(self.rows) + len(self.skipped)

    def add(self, item: Found | Skipped, log_id: str) -> None:
        """Take a row."""
        if isinstance(item, Skipped):
            self.skipped.append(item)
            self.line = item.line
            return
        row, diagnosed = item
        self.rows.append(stored(row, diagnosed, log_id))
        self.seen.append([seen.signal for seen in diagnosed.signals])
        self.line = row.line


@dataclass
class Job:
    """One process's work on one log."""

    database: Database
    settings: Settings
    log_id: str
    claim: str
    size: int = BATCH
    """Rows that are written at once."""
    stopping: bool = False

    def run(self) -> int:
        """Diagnose the log from where it was left; how the process is to end."""
        try:
            log = self._begin()
            path = file_of(self.settings, log)
            setup = self._setup(log, path)
            for batch in self._batches(log, path, setup):
                self._write(batch)
                if self.stopping:
                    return STOPPED
            self._finish(setup.book)
        except GivenUp:
            return FINISHED
        except LogUnreadable as error:
            self._fail(without_path(str(error), file_of(self.settings, log)))
        except OperationalError as error:
            if not is_full(error):
                raise
            return FULL
        return FINISHED

    def _begin(self) -> FailureLog:
        worker = f"{socket.gethostname()}:{os.getpid()}"
        with self.database.writing() as session:
            self._must(session, self._mine().values(worker=worker, heartbeat_at=utc_now()))
            return session.get_one(FailureLog, self.log_id)

    def _setup(self, log: FailureLog, path: Path) -> Setup:
        """What is usual in the log is learned from its beginning, wherever this process goes on."""
        profile, _ = profiled(self._read(log, path, after=0))
        setup = Setup(rules=self.settings.rules_dir, log=profile)
        book = setup.book
        with self.database.writing() as session:
            known = {"rulebook_version": book.version, "rulebook_hash": book.hash}
            total = log.total or total_of(path, log.kind)
            self._must(session, self._mine().values(total=total, heartbeat_at=utc_now(), **known))
        return setup

    def _read(self, log: FailureLog, path: Path, after: int) -> Iterator[Read]:
        kind = log.kind or None
        return iter(read_log(path, mapping=log.mapping or None, kind=kind, after=after))

    def _batches(self, log: FailureLog, path: Path, setup: Setup) -> Iterator[Batch]:
        rows = self._read(log, path, after=log.position)
        workers = 1 if path.stat().st_size < ALONE else cores()
        return batches(diagnose_all(rows, setup, workers=workers), self.log_id, self.size)

    def _mine(self) -> Update:
        """A change of the log that is carried out only while this process may write."""
        return update(FailureLog).where(
            FailureLog.id == self.log_id,
            FailureLog.claim == self.claim,
            FailureLog.state == "running",
        )

    def _must(self, session: Session, change: Update) -> None:
        if session.execute(change).rowcount != 1:  # type: ignore[attr-defined]
            raise GivenUp

    def _write(self, batch: Batch) -> None:
        with self.database.writing() as session:
            self._must(session, self._mine().values(heartbeat_at=utc_now(), position=batch.line))
            log = session.get_one(FailureLog, self.log_id)
            write(session, log, batch)

    def _finish(self, book: Rulebook) -> None:
        """The summary, and what it establishes of the case, in one step with the log's end."""
        with self.database.reading() as session:
            log = session.get_one(FailureLog, self.log_id)
            summary = summarised(session, book, log)
        with self.database.writing() as session:
            done = {"state": "done", "finished_at": utc_now(), "summary": summary}
            self._must(session, self._mine().values(claim="", error="", **done))
            log = session.get_one(FailureLog, self.log_id)
            apply_to_case(session, book, log.case_id, log.id)

    def _fail(self, words: str) -> None:
        with self.database.writing() as session:
            ended = {"state": "failed", "finished_at": utc_now(), "error": storable(words)}
            session.execute(self._mine().values(claim="", **ended))


def batches(items: Iterable[Found | Skipped], log_id: str, size: int = BATCH) -> Iterator[Batch]:
    """Items in batches that end between lines, so that a line is never written in two."""
    batch, begun = Batch(), time.monotonic()
    for item in items:
        line = item.line if isinstance(item, Skipped) else item[0].line
        full = len(batch) >= size or time.monotonic() - begun > SECONDS
        if len(batch) and full and line != batch.line:
            yield batch
            batch, begun = Batch(), time.monotonic()
        batch.add(item, log_id)
    if len(batch):
        yield batch


def write(session: Session, log: FailureLog, batch: Batch) -> None:
    """Write a batch, and count it."""
    numbers = _number(session, log, batch)
    _count(log, batch)
    found = [row.found for row in batch.rows]
    if found:
        session.execute(insert(LogRecord), found)
        ids = _ids(session, log, numbers)
        texts = [{"id": ids[row.found["number"]], **row.text} for row in batch.rows]
        session.execute(insert(LogText), texts)
    if batch.skipped:
        rows = [
            {"log_id": log.id, "line": row.line, "why": storable(row.why)} for row in batch.skipped
        ]
        session.execute(insert(SkippedRow), rows)
    session.flush()


def _number(session: Session, log: FailureLog, batch: Batch) -> range:
    """Number the rows on from what is there, and fold those that repeat an earlier one."""
    first = log.records + log.duplicates + 1
    known = _known(session, log, {row.found["digest"] for row in batch.rows})
    here: dict[str, dict[str, Any]] = {}
    more = Counter[int]()
    for number, row in enumerate(batch.rows, first):
        found = row.found
        found["number"], digest = number, found["digest"]
        if digest in known:
            found["repeat_of"] = known[digest]
            more[known[digest]] += 1
        elif digest in here:
            found["repeat_of"] = here[digest]["number"]
            here[digest]["repeats"] += 1
        else:
            here[digest] = found
    _add_repeats(session, log, more)
    return range(first, first + len(batch.rows))


def _known(session: Session, log: FailureLog, digests: set[str]) -> dict[str, int]:
    """The numbers of earlier records with these contents."""
    wanted = select(LogRecord.digest, LogRecord.number).where(
        LogRecord.log_id == log.id,
        LogRecord.digest.in_(digests),
        LogRecord.repeat_of.is_(None),
    )
    return dict(session.execute(wanted).all())


def _add_repeats(session: Session, log: FailureLog, more: Counter[int]) -> None:
    if more:
        change = (
            update(LogRecord.__table__)  # type: ignore[arg-type]
            .where(LogRecord.log_id == log.id, LogRecord.number == bindparam("original"))
            .values(repeats=LogRecord.repeats + bindparam("added"))
        )
        pairs = [{"original": number, "added": count} for number, count in more.items()]
        session.connection().execute(change, pairs)


def _ids(session: Session, log: FailureLog, numbers: Sequence[int]) -> dict[int, int]:
    wanted = select(LogRecord.number, LogRecord.id).where(
        LogRecord.log_id == log.id, LogRecord.number.between(numbers[0], numbers[-1])
    )
    return dict(session.execute(wanted).all())


def _count(log: FailureLog, batch: Batch) -> None:
    firsts = [row.found["repeat_of"] is None for row in batch.rows]
    log.records += sum(firsts)
    log.duplicates += len(firsts) - sum(firsts)
    log.skipped += len(batch.skipped)
    seen = Counter(log.seen)
    for first, signals in zip(firsts, batch.seen, strict=True):
        if first:
            seen.update(signals)
    log.seen = dict(seen)


def total_of(path: Path, kind: str) -> int | None:
    """The last line (or row) of a file, quickly; None where that cannot be known beforehand."""
    if kind == "parquet":
        from pyarrow.parquet import read_metadata

        return int(read_metadata(path).num_rows)
    if kind not in ("jsonl", "csv"):
        return None
    lines, last = 0, b""
    with open_log(path) as file:
        while piece := file.read(COUNTED):
            lines, last = lines + piece.count(b"\n"), piece[-1:]
    return lines + (last not in (b"", b"\n"))


class Stoppable(Protocol):
    """A job that looks now and then whether it shall stop."""

    stopping: bool

    def run(self) -> int:
        """Work to the end, or until stopped; the exit status says which."""


def run_process(
    make: Callable[[Database, Settings, str, str], Stoppable], arguments: Sequence[str]
) -> int:
    """Be the process of one job, given its id and claim; it stops where the server tells it to."""
    os.nice(NICENESS)
    job_id, claim = arguments
    settings = Settings.from_environment()
    database = Database(settings.url)
    job = make(database, settings, job_id, claim)

    def stop(*_: object) -> None:
        job.stopping = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the server tells, when it is ready to
    try:
        return job.run()
    finally:
        database.close()


if __name__ == "__main__":
    sys.exit(run_process(Job, sys.argv[1:]))
