"""A small log at once: its records, what was left out, and what repeats."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidence.reading import Row, read_log
from evidence.reading.duplicates import Folder
from evidence.records import FailureRecord, Skipped


@dataclass(frozen=True, slots=True)
class Whole:
    """What a log holds. ``repeats`` are rows with the content of an earlier one; left out."""

    records: list[FailureRecord] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    repeats: list[Skipped] = field(default_factory=list)
    warnings: list[Skipped] = field(default_factory=list)
    """Rows that are kept, and what a person should know about them."""


def read_whole(path: Path, *, mapping: Mapping[str, str] | None = None) -> Whole:
    """Read a log that fits in memory. Raises LogUnreadable where it cannot be read."""
    whole = Whole()
    with Folder() as folder:
        for item in read_log(path, mapping=mapping):
            if isinstance(item, Skipped):
                whole.skipped.append(item)
            else:
                _add(whole, item, folder)
    return whole


def _add(whole: Whole, row: Row, folder: Folder) -> None:
    folded = folder.fold(row)
    if folded.repeat_of is not None:
        whole.repeats.append(Skipped(row.line, f"says the same as {folded.repeat_of!r}"))
        return
    whole.records.append(folded.record)
    if folded.warning:
        whole.warnings.append(Skipped(row.line, folded.warning))
