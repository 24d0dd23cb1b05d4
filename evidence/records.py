"""Failure records: one bad output each, read from a log line by line.

A bad row is reported with its line and what is wrong with it; the rest of the log is kept.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_LINE_BYTES = 10_000_000
EXPECTED = {
    "input": "text or chat messages, each with a role",
    "context": "text or a list of texts",
    "format_spec": "an object with a type",
    "metadata": "an object",
}
"""What a field of a record has to be; those not named here are text."""


class Message(BaseModel):
    """One turn of a conversation; content may be text or the parts of a multimodal message."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    role: str
    content: str | list[dict[str, Any]] | None = None


class FormatSpec(BaseModel):
    """What an output had to look like; other keys depend on the type."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    type: str


class FailureRecord(BaseModel):
    """One bad output: what went in, what came out, and what is known about it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str
    input: str | list[Message]
    output: str
    reference: str | None = None
    context: str | list[str] | None = None
    format_spec: FormatSpec | None = None
    reviewer_note: str | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Skipped:
    """A row that was left out: its line in the file, and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a log holds. ``duplicates`` are rows whose id an earlier row has; they are left out."""

    records: list[FailureRecord] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    duplicates: list[Skipped] = field(default_factory=list)


def read_failures(path: Path | str) -> ReadResult:
    """Read a failure log in JSON Lines, one record a line; empty lines are passed over.

    A record without an id is named after its line. Fields that the record does not have go into
    its metadata, unless one looks like a misspelled field. Raises OSError where the file cannot be
    read.
    """
    result = ReadResult()
    lines: dict[str, int] = {}
    for number, row in _rows(Path(path)):
        if isinstance(row, Skipped):
            result.skipped.append(row)
            continue
        record = _record(row, number)
        if isinstance(record, Skipped):
            result.skipped.append(record)
        elif record.id in lines:
            why = f"id {record.id[:80]!r} is already used in line {lines[record.id]}"
            result.duplicates.append(Skipped(number, why))
        else:
            lines[record.id] = number
            result.records.append(record)
    return result


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any] | Skipped]]:
    for number, line in _lines(path):
        if isinstance(line, Skipped):
            yield number, line
        elif line.strip():
            yield number, _parsed(line, number)


def _lines(path: Path) -> Iterator[tuple[int, bytes | Skipped]]:
    """Lines with their numbers; of one that is too long only the beginning is ever in memory."""
    number = 0
    with path.open("rb") as file:
        while line := file.readline(MAX_LINE_BYTES + 1):
            number += 1
            if len(line) <= MAX_LINE_BYTES:
                yield number, line
                continue
            while line and not line.endswith(b"\n"):
                line = file.readline(MAX_LINE_BYTES)
            yield number, Skipped(number, f"longer than {MAX_LINE_BYTES:,} bytes")


def _parsed(line: bytes, number: int) -> dict[str, Any] | Skipped:
    try:
        row = json.loads(line.decode("utf-8-sig"), parse_constant=_refuse)
    except UnicodeDecodeError:
        return Skipped(number, "not UTF-8 text")
    except json.JSONDecodeError as error:
        return Skipped(number, f"not JSON: {error.msg} at character {error.pos + 1}")
    except (ValueError, RecursionError) as error:
        return Skipped(number, f"not JSON: {error}")
    if not isinstance(row, dict):
        return Skipped(number, f"must be a JSON object, not {type(row).__name__}")
    return row


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is not a number in JSON")


def _record(row: dict[str, Any], number: int) -> FailureRecord | Skipped:
    fields = FailureRecord.model_fields
    extra = [name for name in row if name not in fields]
    for name in extra:
        if close := difflib.get_close_matches(name, fields, n=1, cutoff=0.8):
            return Skipped(number, f"unknown field {name[:80]!r} (did you mean {close[0]!r}?)")
    known = {name: value for name, value in row.items() if name in fields}
    known.setdefault("id", f"line-{number}")
    try:
        record = FailureRecord.model_validate(known)
    except ValidationError as error:
        return Skipped(number, complaint(error))
    if not extra:
        return record
    added = {name: row[name] for name in extra}
    return record.model_copy(update={"metadata": added | record.metadata})


def complaint(error: ValidationError) -> str:
    """What is wrong with each field, once, in plain words."""
    said: dict[str, str] = {}
    for item in error.errors(include_url=False, include_context=False, include_input=False):
        name, *inner = (str(part) for part in item["loc"])
        if item["type"] == "missing":
            said.setdefault(name, "field required" + (f" ({inner[-1]})" if inner else ""))
        else:
            said.setdefault(name, f"must be {EXPECTED.get(name, 'text')}")
    return "; ".join(f"{name}: {message}" for name, message in said.items())
