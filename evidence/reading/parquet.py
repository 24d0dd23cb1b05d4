"""Parquet, batch by batch; needs pyarrow (the extra ``parquet``)."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evidence.reading.shapes import LogUnreadable, Raw
from evidence.reading.values import plain
from evidence.records import Skipped

if TYPE_CHECKING:
    from pyarrow import RecordBatch
    from pyarrow.parquet import ParquetFile

BATCH_ROWS = 256
BUFFER_BYTES = 1 << 20
MAX_GROUP_BYTES = 4 << 30
"""Row groups that unpack to more are left out: honest writers keep them under 1 GB."""

NEEDED = "reading Parquet needs pyarrow, which the parquet extra brings: pip install"


def rows(path: Path, after: int = 0) -> Iterator[Raw]:
    """Every row after that number, by column, with its number from 1."""
    file = _opened(path)
    first = 1
    try:
        for group in range(file.num_row_groups):
            size = file.metadata.row_group(group)
            if first + size.num_rows - 1 > after:
                for number, row in _group(file, group, first):
                    if number > after:
                        yield number, row
            first += size.num_rows
    finally:
        file.close()


def columns_of(path: Path) -> list[str]:
    """The names of the columns. Raises LogUnreadable."""
    file = _opened(path)
    try:
        return [str(name) for name in file.schema_arrow.names]
    finally:
        file.close()


def _opened(path: Path) -> ParquetFile:
    if find_spec("pyarrow") is None:
        raise LogUnreadable(f'{path}: {NEEDED} "formfact[parquet]"')
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        # Without the buffer, and with reading ahead, a whole row group would be in memory.
        return ParquetFile(path, buffer_size=BUFFER_BYTES, pre_buffer=False)
    except (ArrowException, OSError, ValueError) as error:
        raise LogUnreadable(f"{path}: not a Parquet file that can be read: {error}") from error


def _group(file: ParquetFile, group: int, first: int) -> Iterator[Raw]:
    from pyarrow import ArrowException

    about = file.metadata.row_group(group)
    last = first + about.num_rows - 1
    if about.total_byte_size > MAX_GROUP_BYTES:
        yield first, Skipped(first, f"rows {first} to {last} unpack to more than 4 GB")
        return
    number = first
    try:
        for batch in file.iter_batches(BATCH_ROWS, row_groups=[group], use_threads=False):
            for row in _batch(batch, number):
                yield row
                number += 1
    except (ArrowException, OSError, ValueError) as error:
        yield number, Skipped(number, f"rows {number} to {last} cannot be read: {error}")


def _batch(batch: RecordBatch, first: int) -> Iterator[Raw]:
    try:
        found = [dict(row) for row in batch.to_pylist()]
    except (ValueError, OverflowError):  # text that is not UTF-8, a date outside the calendar
        for offset in range(batch.num_rows):
            yield first + offset, _alone(batch, offset, first + offset)
        return
    for offset, row in enumerate(found):
        yield first + offset, _plain(row, first + offset)


def _alone(batch: RecordBatch, offset: int, number: int) -> dict[str, Any] | Skipped:
    try:
        return _plain(batch.slice(offset, 1).to_pylist()[0], number)
    except (ValueError, OverflowError) as error:
        return Skipped(number, f"a cell cannot be read: {error}")


def _plain(row: dict[str, Any], number: int) -> dict[str, Any] | Skipped:
    try:
        return {name: plain(value) for name, value in row.items()}
    except ValueError as error:
        return Skipped(number, str(error))
