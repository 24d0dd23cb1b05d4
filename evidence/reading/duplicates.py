"""Rows that say the same are folded, and ids that are used twice are told apart; nothing is lost.

Two records are the same where everything but id and metadata is. What was seen is kept in a small
database on disk, 16 bytes of digest, the id and the line a record, so memory is bounded however
long the log is. A row that is given again, as when work is resumed, is not its own repeat.
"""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from evidence.reading.shapes import Row
from evidence.records import FailureRecord

CACHE_KB = 64_000
OWN = {"id", "metadata"}
"""What two records that are folded may differ in."""

_TABLES = """
CREATE TABLE IF NOT EXISTS seen (
    digest BLOB PRIMARY KEY, line INTEGER NOT NULL, id TEXT NOT NULL, given TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (id TEXT PRIMARY KEY, next INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS repeats (line INTEGER PRIMARY KEY, first TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Folded:
    """What became of a row: kept, perhaps under a new id, or folded into an earlier one."""

    record: FailureRecord
    repeat_of: str | None = None
    """The id of the earlier record with the same content; then this one need not be looked at."""
    warning: str | None = None
    """What a person should know: the id was taken, so the record has another one."""


class Folder:
    """Folds the rows of one log, given in order.

    ``path`` is where what was seen is kept from one run to the next; without it, in a temporary
    file that goes when the folder is closed. Used by one thread at a time.
    """

    def __init__(self, path: Path | None = None) -> None:
        # The empty name is SQLite's for a temporary file; autocommit is off inside a run.
        self._database = sqlite3.connect(
            path or "", isolation_level=None, check_same_thread=False, cached_statements=32
        )
        self._database.executescript(_TABLES)
        self._database.execute(f"PRAGMA cache_size = -{CACHE_KB}")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("BEGIN")

    def fold(self, row: Row) -> Folded:
        """What becomes of a row."""
        digest = content_digest(row.record)
        found = self._database.execute(
            "SELECT line, id, given FROM seen WHERE digest = ?", (digest,)
        ).fetchone()
        if found is None:
            return self._kept(row, digest)
        line, name, given = found
        if line == row.line:
            return _named(row.record, name, given)
        self._database.execute("INSERT OR IGNORE INTO repeats VALUES (?, ?)", (row.line, name))
        return Folded(row.record, repeat_of=name)

    def counts(self) -> dict[str, int]:
        """Id of a record -> how many later rows repeat it, for those that are repeated."""
        rows = self._database.execute(
            "SELECT first, count(*) FROM repeats GROUP BY first ORDER BY min(line)"
        )
        return dict(rows.fetchall())

    @property
    def repeats(self) -> int:
        """How many rows were folded."""
        (number,) = self._database.execute("SELECT count(*) FROM repeats").fetchone()
        return int(number)

    def save(self) -> None:
        """Make what was seen so far outlast a crash; call it where the work itself is saved."""
        self._database.execute("COMMIT")
        self._database.execute("BEGIN")

    def close(self) -> None:
        """Save and close."""
        self._database.execute("COMMIT")
        self._database.close()

    def __enter__(self) -> Folder:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _kept(self, row: Row, digest: bytes) -> Folded:
        given = row.record.id
        name = self._free(given)
        self._database.execute(
            "INSERT INTO seen VALUES (?, ?, ?, ?)", (digest, row.line, name, given)
        )
        return _named(row.record, name, given)

    def _free(self, given: str) -> str:
        """The id, or where it is taken the first free one of ``id#2``, ``id#3``, ..."""
        if self._take(given):
            return given
        number = self._next(given)
        while not self._take(f"{given}#{number}"):
            number += 1
        self._database.execute("UPDATE used SET next = ? WHERE id = ?", (number + 1, given))
        return f"{given}#{number}"

    def _take(self, name: str) -> bool:
        done = self._database.execute("INSERT OR IGNORE INTO used VALUES (?, 2)", (name,))
        return done.rowcount == 1

    def _next(self, name: str) -> int:
        (number,) = self._database.execute("SELECT next FROM used WHERE id = ?", (name,)).fetchone()
        return int(number)


def _named(record: FailureRecord, name: str, given: str) -> Folded:
    if name == given:
        return Folded(record)
    warning = (
        f"id {given[:80]!r} is used by an earlier record with other content: now {name[:90]!r}"
    )
    return Folded(record.model_copy(update={"id": name}), warning=warning)


def content_digest(record: FailureRecord) -> bytes:
    """16 bytes that are the same where everything but id and metadata is the same."""
    content = record.model_dump_json(exclude=OWN)
    return hashlib.blake2b(content.encode(), digest_size=16).digest()
