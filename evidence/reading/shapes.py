"""What reading a log gives: records with their places, rows left out, and a preview."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evidence.records import FailureRecord, Skipped


class LogUnreadable(ValueError):
    """The file as a whole cannot be read: each of ``problems`` says what, where, and what to do."""

    def __init__(self, *problems: str) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


@dataclass(frozen=True, slots=True)
class Row:
    """A record, and the line or row number (1-based) in the file that it begins at."""

    line: int
    record: FailureRecord


Read = Row | Skipped
Raw = tuple[int, dict[str, Any] | Skipped]
"""A row as it stands in the file, by column, with its number."""


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a log, to confirm before it is read whole."""

    kind: str
    """How the file is read: "jsonl", "json", "csv" or "parquet"."""
    columns: tuple[str, ...]
    """The columns seen; a path into nested objects has dots ("metadata.score")."""
    mapping: dict[str, str]
    """Column -> field of the failure record, as given or guessed."""
    unmapped: tuple[str, ...]
    """Columns that go into the metadata under their own name."""
    missing: tuple[str, ...]
    """Fields without which there is no record ("input", "output") that no column gives."""
    rows: tuple[dict[str, str], ...]
    """The first rows, by column, with values shortened for showing."""
