"""Results of other tools as failure records: one module a tool, found by folder.

A module has a docstring, whose first line is what it reads, and ``read(path)``, which yields every
result as a row of the failure record's fields, or as a Skipped that says why it is none. Metadata
says ``tool``, and ``passed`` (true or false) where the tool says so.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from evidence.reading import Raw, Read, Row
from evidence.reading.building import build
from evidence.reading.files import head_of
from evidence.reading.mapping import FIELDS, Plan
from evidence.records import Skipped

__all__ = ["import_results", "tools"]

_PLAN = Plan(tuple((field, (field,)) for field in FIELDS), splits=False)


@cache
def tools() -> dict[str, str]:
    """Every tool by its name on the command line, with what is read of it; nothing is imported."""
    files = sorted(Path(__file__).parent.glob("[a-z]*.py"))
    return {path.stem.replace("_", "-"): _about(path) for path in files}


def _about(path: Path) -> str:
    text = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    return text.partition("\n")[0]


def import_results(tool: str, path: Path, *, failing_only: bool = False) -> Iterator[Read]:
    """Every result of a tool's export in order; one that makes no record is a Skipped.

    ``failing_only`` leaves out what the tool says has passed. Raises LogUnreadable where the file
    as a whole cannot be read, and KeyError for an unknown tool.
    """
    if tool not in tools():
        raise KeyError(tool)
    name = tool.replace("-", "_")
    head_of(path)  # says at once where the file cannot be opened
    module = import_module(f"evidence.importing.{name}")
    return _records(module.read(path), tool, failing_only=failing_only)


def _records(rows: Iterator[Raw], tool: str, *, failing_only: bool) -> Iterator[Read]:
    for number, row in rows:
        if isinstance(row, Skipped):
            yield row
        elif not (failing_only and row["metadata"].get("passed") is True):
            yield _record(number, row, tool)


def _record(number: int, row: dict[str, Any], tool: str) -> Read:
    told = {
        name: value for name, value in row["metadata"].items() if value not in (None, "", {}, [])
    }
    record = build({**row, "metadata": {"tool": tool, **told}}, _PLAN, number, "result")
    return record if isinstance(record, Skipped) else Row(number, record)
