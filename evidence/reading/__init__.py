"""Logs of failures, read row by row: JSON Lines, JSON, CSV and Parquet of any size."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from evidence.reading.shapes import LogUnreadable, Preview, Read, Row
from evidence.records import FailureRecord, read_failures

__all__ = ["LogUnreadable", "Preview", "Read", "Row", "preview_log", "read_log"]


def read_log(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    kind: str | None = None,
    after: int = 0,
) -> Iterator[Read]:
    """Every row of a log in order, streaming; a bad row is a Skipped and the rest is kept.

    ``mapping`` is column -> field of the failure record, guessed from names where not given.
    ``kind`` is guessed from ending and content where not given. ``after`` passes over rows up to
    that line number, to resume. Raises LogUnreadable where the file as a whole cannot be read.
    """
    try:
        result = read_failures(path)
    except OSError as error:
        raise LogUnreadable(f"{path}: {error.strerror}") from error
    names = [record.id for record in result.records]
    rows: list[Read] = [Row(number, item) for number, item in enumerate(result.records, 1)]
    rows += [*result.skipped, *result.duplicates] if names else result.skipped
    return (row for row in sorted(rows, key=lambda row: row.line) if row.line > after)


def preview_log(path: Path, *, mapping: Mapping[str, str] | None = None, limit: int = 5) -> Preview:
    """The kind, the columns, what they are taken for, and the first ``limit`` rows of a log."""
    records = [row.record for row in read_log(path, mapping=mapping) if isinstance(row, Row)]
    fields = tuple(FailureRecord.model_fields)
    rows = tuple(
        {name: str(getattr(record, name))[:200] for name in fields} for record in records[:limit]
    )
    return Preview("jsonl", fields, {name: name for name in fields}, (), (), rows)
