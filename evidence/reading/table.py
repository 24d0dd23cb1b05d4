"""CSV and TSV: the delimiter is found out, and a quote that is never closed costs one row."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from evidence.reading.files import BOM, lines
from evidence.reading.shapes import LogUnreadable, Raw
from evidence.records import MAX_LINE_BYTES, Skipped

DELIMITERS = (",", "\t", ";", "|")
UNCLOSED = "a quote is opened and not closed"

_BYTE = re.compile("[\udc80-\udcff]")


class _Unclosed(Exception):
    """A quote that opens in the row is closed nowhere within what one row may hold."""


class _TooLong(Exception):
    """A line is longer than may be held."""


class _Lines:
    """Lines for ``csv.reader``, which can be given again when the row that took them is broken."""

    def __init__(self, path: Path) -> None:
        self._source = lines(path)
        self._again: deque[tuple[int, bytes | Skipped]] = deque()
        self._taken: list[tuple[int, bytes | Skipped]] = []
        self._size = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        item = self._again.popleft() if self._again else next(self._source, None)
        if item is None:
            if self._taken:
                raise _Unclosed
            raise StopIteration
        self._taken.append(item)
        line = item[1]
        if isinstance(line, Skipped):
            raise _TooLong
        self._size += len(line)
        if self._size > MAX_LINE_BYTES:
            raise _Unclosed
        return line.removeprefix(BOM).decode("utf-8", "surrogateescape")

    @property
    def several(self) -> bool:
        """Whether the present row goes over more than one line."""
        return len(self._taken) > 1

    @property
    def first(self) -> int:
        """The line that the present row begins at."""
        return self._taken[0][0] if self._taken else 0

    def begin(self) -> None:
        """Forget the lines of the row before."""
        self._taken, self._size = [], 0

    @property
    def bad_line(self) -> Skipped | None:
        """What stands for the row's first line, where that was too long."""
        first = self._taken[0][1]
        return first if isinstance(first, Skipped) else None

    def give_back(self) -> None:
        """Give all lines but the row's first again."""
        self._again.extendleft(reversed(self._taken[1:]))
        self._taken = []


def cells(path: Path, delimiter: str, width: int = 0) -> Iterator[tuple[int, list[str] | Skipped]]:
    """The cells of every row that is not empty, with the line that it begins at.

    A row that goes over several lines and has not ``width`` cells is taken for a quote that was
    never closed: its first line alone is left out.
    """
    csv.field_size_limit(MAX_LINE_BYTES)
    source = _Lines(path)
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        source.begin()
        row = _next_row(reader, source)
        if row is None:
            return
        if isinstance(row, list) and width and source.several and _is_ragged(row, width):
            row = Skipped(source.first, UNCLOSED)
        if isinstance(row, Skipped):
            source.give_back()
            # What a reader has half read stays in it: another one goes on.
            reader = csv.reader(source, delimiter=delimiter, strict=True)
            yield row.line, row
        elif any(row):
            yield source.first, row


def _next_row(reader: Iterator[list[str]], source: _Lines) -> list[str] | Skipped | None:
    try:
        row = next(reader, None)
    except _Unclosed:
        return Skipped(source.first, UNCLOSED)
    except _TooLong:
        return source.bad_line or Skipped(source.first, UNCLOSED)
    except csv.Error as error:
        return Skipped(source.first, f"not a row of a table: {error}")
    if row is not None and any(not cell.isascii() and _BYTE.search(cell) for cell in row):
        return Skipped(source.first, "not UTF-8 text")
    return row


def _is_ragged(row: list[str], width: int) -> bool:
    return len(row) < width or any(row[width:])


def delimiter_of(path: Path) -> str:
    """The delimiter that cuts the first row into the most cells; a comma where none does."""
    if {".tsv", ".tab"} & {suffix.lower() for suffix in path.suffixes}:
        return "\t"
    found = {}
    for delimiter in DELIMITERS:
        first = next(islice(cells(path, delimiter), 1), (0, []))[1]
        found[delimiter] = len(first) if isinstance(first, list) else 0
    return max(DELIMITERS, key=lambda delimiter: found[delimiter])


def columns_of(path: Path) -> list[str]:
    """The names of the columns, each once; empty for an empty file. Raises LogUnreadable."""
    first = next(islice(cells(path, delimiter_of(path)), 1), None)
    if first is None:
        return []
    if isinstance(first[1], Skipped):
        raise LogUnreadable(f"{path}, line {first[0]}: no row of column names, {first[1].why}")
    return _unique(first[1])


def _unique(names: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    unique = []
    for number, given in enumerate(names, 1):
        name = given.strip() or f"column {number}"
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return unique


def rows(path: Path, after: int = 0) -> Iterator[Raw]:
    """Every row after that line, by column, with the line that it begins at."""
    header = columns_of(path)
    for number, row in islice(cells(path, delimiter_of(path), len(header)), 1, None):
        if number <= after:
            continue
        if isinstance(row, Skipped):
            yield number, row
        elif _is_ragged(row, len(header)):
            why = f"{len(row)} cells, and the first row names {len(header)} columns"
            yield number, Skipped(number, why)
        else:
            yield number, dict(zip(header, row, strict=False))
