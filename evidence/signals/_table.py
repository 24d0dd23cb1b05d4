"""CSV and Markdown tables: a header, and rows with as many cells as it has."""

from __future__ import annotations

import csv
import re

from evidence.signals._fence import fences, in_fence
from evidence.signals._parsed import LIMIT, Parsed, at, between

MAX_ROWS = 5_000
RULE = re.compile(r"^\s*\|?\s*:?-{1,200}:?\s*(?:\|\s*:?-{1,200}:?\s*){0,200}\|?\s*$")
PIPE = re.compile(r"(?<!\\)\|")


def read_csv(output: str, delimiter: str, columns: tuple[str, ...]) -> Parsed | None:
    """What reading an output as CSV comes to; None where it is too long to look at."""
    if len(output) > LIMIT:
        return None
    if block := next(iter(fences(output)), None):
        return in_fence(output, block, "CSV")
    try:
        reader = csv.reader(
            output.strip().splitlines()[:MAX_ROWS], delimiter=delimiter, strict=True
        )
        rows = [row for row in reader if row]
    except csv.Error as error:
        return Parsed("cut_off", f"Not CSV: {error}", at(len(output), output))
    return _rows(output, rows, columns)


def _rows(output: str, rows: list[list[str]], columns: tuple[str, ...]) -> Parsed:
    if not rows or (len(rows[0]) < 2 and len(columns) != 1):
        return Parsed("invalid", "There are no columns", between(0, len(output)))
    if columns and [cell.strip() for cell in rows[0]] != list(columns):
        return Parsed("invalid", "The header is not the one asked for", at(0, output))
    for number, row in enumerate(rows[1:], 2):
        if len(row) != len(rows[0]):
            said = f"Row {number} has {len(row)} cells, the first {len(rows[0])}"
            place = output.find(row[0]) if row and row[0] else 0
            return Parsed("invalid", said, at(max(0, place), output))
    return Parsed("valid" if columns else "valid_loosely", f"CSV with {len(rows)} rows")


def read_table(output: str) -> Parsed | None:
    """What reading an output as one Markdown table comes to."""
    if len(output) > LIMIT:
        return None
    lines = output.strip().splitlines()
    rule = next((place for place, line in enumerate(lines) if "|" in line and RULE.match(line)), -1)
    if rule < 1 or "|" not in lines[rule - 1]:
        return Parsed("invalid", "There is no Markdown table", between(0, len(output)))
    wide = _cells(lines[rule - 1])
    end = next((n for n, line in enumerate(lines) if n > rule and "|" not in line), len(lines))
    for number in (rule, *range(rule + 1, end)):
        if _cells(lines[number]) != wide:
            said = f"Line {number + 1} has {_cells(lines[number])} cells, the header {wide}"
            return Parsed("suspect", said, at(output.find(lines[number]), output))
    if rule > 1 or end < len(lines):
        return Parsed("wrapped", "A Markdown table with text around it", at(0, output))
    return Parsed("valid", "It is a Markdown table")


def _cells(line: str) -> int:
    return len(PIPE.findall(line.strip().strip("|"))) + 1
