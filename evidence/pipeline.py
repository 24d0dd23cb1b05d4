"""Diagnosing a whole log: in order, in bounded memory, on several processes where there are cores.

Ray Data maps the same ``diagnose_chunk`` over logs larger than one machine (``evidence.on_ray``).
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

from advisor_rules.load import default_rulebook, load_rulebook
from advisor_rules.rulebook import Rulebook
from evidence.diagnose import Diagnosed, diagnose_record
from evidence.log_profile import LogProfile, profile_of
from evidence.reading import Read, Row
from evidence.records import FailureRecord, Skipped
from evidence.signals import Observation
from evidence.signals._base import chosen

CHUNK = 200
"""Records handed to a process at once: enough to hide the cost of handing over."""
IN_FLIGHT = 3
"""Chunks waiting or running for each process; what bounds memory."""
PROFILED = 2_000
"""Records at the start of a log from which is learned what is usual in it."""
BROKEN = "detector_failed"
"""Signal of a record on which a detector broke: reported, and the rest of the log goes on."""

Found = tuple[Row, Diagnosed]
Chunk = list[Read]


@dataclass(frozen=True, slots=True)
class Setup:
    """What every process needs to know; small, and the same on every machine."""

    rules: tuple[Path, ...] = ()
    """A team's own rule folders."""
    slow: tuple[str, ...] = ()
    """Detectors that load a model and shall run."""
    log: LogProfile | None = None
    """What is usual in the log."""

    @property
    def book(self) -> Rulebook:
        """The rulebook, loaded once in each process."""
        return _book(self.rules)


@lru_cache(maxsize=2)
def _book(rules: tuple[Path, ...]) -> Rulebook:
    return load_rulebook(*rules) if rules else default_rulebook()


def cores() -> int:
    """The processes worth starting here: as many as this process may use cores."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def profiled(rows: Iterable[Read]) -> tuple[LogProfile, Iterator[Read]]:
    """What is usual in the first PROFILED rows, and all rows again."""
    rows = iter(rows)
    first = list(islice(rows, PROFILED))
    profile = profile_of([row.record for row in first if isinstance(row, Row)])
    return profile, chain(first, rows)


def diagnose_all(
    rows: Iterable[Read], setup: Setup, *, workers: int = 1
) -> Iterator[Found | Skipped]:
    """Every row diagnosed, in order; rows that could not be read pass through.

    With more than one worker the records are spread over that many processes; the results are the
    same. ``rows`` is read only as far ahead as the processes need.
    """
    chunks = _chunked(rows)
    results = _inline(chunks, setup) if workers <= 1 else _spread(chunks, setup, workers)
    for chunk, found in results:
        diagnosed = iter(found)
        for row in chunk:
            yield (row, next(diagnosed)) if isinstance(row, Row) else row


def _chunked(rows: Iterable[Read]) -> Iterator[Chunk]:
    rows = iter(rows)
    while chunk := list(islice(rows, CHUNK)):
        yield chunk


def _inline(chunks: Iterable[Chunk], setup: Setup) -> Iterator[tuple[Chunk, list[Diagnosed]]]:
    for chunk in chunks:
        yield chunk, diagnose_chunk(_records(chunk), setup)


def _spread(
    chunks: Iterable[Chunk], setup: Setup, workers: int
) -> Iterator[tuple[Chunk, list[Diagnosed]]]:
    """The same on several processes, with a bounded number of chunks in flight."""
    chunks = iter(chunks)
    # started afresh: a fork would copy threads and connections of whoever calls
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_prepare, initargs=(setup,))
    waiting: deque[tuple[Chunk, Future[list[Diagnosed]]]] = deque()
    try:
        for chunk in chunks:
            waiting.append((chunk, pool.submit(_in_process, _records(chunk))))
            if len(waiting) >= workers * IN_FLIGHT:
                done, future = waiting.popleft()
                yield done, future.result()
        while waiting:
            done, future = waiting.popleft()
            yield done, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def _records(chunk: Chunk) -> list[FailureRecord]:
    return [row.record for row in chunk if isinstance(row, Row)]


def diagnose_chunk(records: Iterable[FailureRecord], setup: Setup) -> list[Diagnosed]:
    """Each record diagnosed; one on which a detector breaks stays uncertain and says so."""
    return [_diagnosed(record, setup) for record in records]


def _diagnosed(record: FailureRecord, setup: Setup) -> Diagnosed:
    try:
        return diagnose_record(record, setup.book, log=setup.log, slow=setup.slow)
    except Exception as error:  # the rest of the log goes on, and the record says what happened
        seen = Observation(BROKEN, True, f"{type(error).__name__} while looking at this record")
        return Diagnosed(record.id, "uncertain", "", "weak", (seen,), ())


_setup = Setup()


def _prepare(setup: Setup) -> None:
    """Give a process what it needs, and load the rulebook before the first chunk comes."""
    global _setup  # noqa: PLW0603 - a process of the pool has one setup for its whole life
    _setup = setup
    _ = setup.book
    chosen(setup.slow)
    gc.freeze()  # what is loaded stays: it need not be looked through again and again
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Leave when the process that hands out work is gone, however it ended; nobody else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _in_process(records: list[FailureRecord]) -> list[Diagnosed]:
    return diagnose_chunk(records, _setup)
