"""JSON Lines: one object a line; empty lines are passed over."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence.reading.files import BOM, lines
from evidence.reading.shapes import Raw
from evidence.reading.values import parse_json
from evidence.records import Skipped


def rows(path: Path, after: int = 0) -> Iterator[Raw]:
    """Every row after that line, with its line."""
    for number, line in lines(path):
        if number <= after:
            continue
        if isinstance(line, Skipped):
            yield number, line
        elif line.strip():
            yield number, parsed(line, number)


def parsed(line: bytes, number: int) -> dict[str, Any] | Skipped:
    """The object of a line, or why there is none."""
    try:
        row = parse_json(line.removeprefix(BOM).decode("utf-8"))
    except UnicodeDecodeError:
        return Skipped(number, "not UTF-8 text")
    except ValueError as error:
        return Skipped(number, str(error))
    return row if isinstance(row, dict) else refused(row, number)


def refused(row: Any, number: int) -> Skipped:
    """Say that a row is no object."""
    return Skipped(number, f"must be a JSON object, not {type(row).__name__}")
