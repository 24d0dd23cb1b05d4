"""Diagnosing a log's file from beginning to end, as the command line and the demo do it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from advisor_rules.rulebook import Rulebook
from app.labelled_file import LabelledFile
from evidence.diagnose import Diagnosed
from evidence.pipeline import Found, Setup, cores, diagnose_all, profiled
from evidence.reading import Read, Row, read_log
from evidence.reading.duplicates import Folder
from evidence.records import Skipped
from evidence.summary import Tally
from evidence.when import moment_of

SMALL = 4_000_000
"""Bytes below which a log is done in one process."""
MOST_SKIPPED = 1_000
"""Bad rows that a summary names; all of them are counted."""


class Reviewer(Protocol):
    """Who looks at records again once they are diagnosed, such as a judge."""

    @property
    def people(self) -> Mapping[str, str]:
        """Id -> class of the records that people labelled."""
        ...

    def review(self, found: Iterator[Found | Skipped]) -> Iterator[Found | Skipped]:
        """The same rows in the same order, some of them diagnosed otherwise."""
        ...

    def count(self, item: Diagnosed) -> None:
        """Take note of a record, in the end; repeats are left out."""
        ...

    def report(self) -> dict[str, Any]:
        """What the summary says of it, by name."""
        ...

    def description(self) -> dict[str, Any]:
        """What has to be the same for a stopped run to go on."""
        ...


def start(
    log: Path,
    rules: tuple[Path, ...] = (),
    mapping: Mapping[str, str] | None = None,
    slow: tuple[str, ...] = (),
    workers: int | None = None,
) -> LogRun:
    """A run over a log with a team's own rule folders; processes as many as there are cores.

    A small log is done in this process: starting others takes longer than diagnosing it.
    """
    small = log.stat().st_size < SMALL
    return LogRun(log, Setup(rules, slow), workers or (1 if small else cores()), mapping)


def diagnose_file(log: Path, book: Rulebook, out: Path) -> dict[str, Any]:
    """Diagnose a log from beginning to end into ``out``; its summary, with the seconds it took."""
    started, run = time.perf_counter(), start(log)
    with LabelledFile(out, run.description(book)) as file:
        for item in run.items():
            file.add(item)
        file.finish()
    return {**run.summary(book), "seconds": round(time.perf_counter() - started, 3)}


@dataclass
class LogRun:
    """One run over a log, and what it has counted so far."""

    log: Path
    setup: Setup
    workers: int
    mapping: Mapping[str, str] | None = None
    reviewer: Reviewer | None = None

    def __post_init__(self) -> None:
        self.tally = Tally()
        self.skipped: list[Skipped] = []
        self.skipped_rows = 0
        self.warnings: list[str] = []
        self._repeats: set[int] = set()
        """Lines read ahead whose record repeats an earlier one."""

    @property
    def done(self) -> int:
        """Rows behind us."""
        return self.tally.records + self.tally.repeats + self.skipped_rows

    def description(self, book: Rulebook) -> dict[str, Any]:
        """What makes two runs the same: one can go on where the other stopped."""
        size = self.log.stat().st_size
        return {
            "log": str(self.log.resolve()),
            "bytes": size,
            "rulebook": book.hash,
            "mapping": dict(self.mapping or {}),
            "slow": list(self.setup.slow),
            **(self.reviewer.description() if self.reviewer else {}),
        }

    def items(self, earlier: Iterable[Diagnosed] = ()) -> Iterator[Diagnosed]:
        """Every record diagnosed, in order; ``earlier`` are the first ones, from a stopped run.

        Raises LogUnreadable where the file as a whole cannot be read.
        """
        with Folder() as folder:
            profile, rows = profiled(self._rows(folder))
            setup = replace(self.setup, log=profile)
            fresh = diagnose_all(rows, setup, workers=self.workers)
            if self.reviewer:
                fresh = self.reviewer.review(fresh)
            for found in chain(_again(rows, earlier), fresh):
                if isinstance(found, Skipped):
                    self._skip(found)
                else:
                    yield self._counted(*found)

    def rows(self) -> Iterator[Read]:
        """The rows alone, with ids told apart as in the run; nothing is diagnosed or counted."""
        with Folder() as folder:
            yield from replace(self)._rows(folder)

    def _rows(self, folder: Folder) -> Iterator[Read]:
        """The rows with ids told apart, and a note of those that repeat earlier ones."""
        for row in read_log(self.log, mapping=self.mapping):
            if isinstance(row, Skipped):
                yield row
                continue
            folded = folder.fold(row)
            if folded.repeat_of is not None:
                self._repeats.add(row.line)
            if folded.warning and len(self.warnings) < MOST_SKIPPED:
                self.warnings.append(f"line {row.line}: {folded.warning}")
            yield Row(row.line, folded.record)

    def _skip(self, row: Skipped) -> None:
        self.skipped_rows += 1
        if len(self.skipped) < MOST_SKIPPED:
            self.skipped.append(row)

    def _counted(self, row: Row, diagnosed: Diagnosed) -> Diagnosed:
        repeat, moment = row.line in self._repeats, moment_of(row.record)
        self._repeats.discard(row.line)
        day = moment.date() if moment else None
        people = self.reviewer.people if self.reviewer else {}
        self.tally.add(diagnosed, repeat=repeat, by_person=diagnosed.id in people, day=day)
        if self.reviewer and not repeat:
            self.reviewer.count(diagnosed)
        return diagnosed

    def summary(self, book: Rulebook) -> dict[str, Any]:
        """What was counted, as JSON has it, with the rows that could not be read."""
        skipped = [{"line": item.line, "why": item.why} for item in self.skipped]
        counted = self.tally.summary(book)
        more = {"skipped_rows": self.skipped_rows, "warnings": self.warnings}
        reviewed = self.reviewer.report() if self.reviewer else {}
        return {**counted, "skipped": skipped, **more, **reviewed}


def _again(rows: Iterator[Read], earlier: Iterable[Diagnosed]) -> Iterator[Found | Skipped]:
    """The rows that a stopped run had diagnosed already, each with what was found."""
    for diagnosed in earlier:
        for row in rows:
            if isinstance(row, Row):
                yield row, diagnosed
                break
            yield row
