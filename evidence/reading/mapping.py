"""Which column of a log is which field of the failure record: guessed from names, or given."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evidence.records import FailureRecord

FIELDS = tuple(FailureRecord.model_fields)
REQUIRED = ("input", "output")
LABELS = frozenset({"information", "behavior", "both", "neither", "uncertain"})
"""Values of a column of labels, which is kept in the metadata and never taken for a reference."""

MAX_COLUMNS = 500
"""Columns that are looked at; a log of objects with ever new keys has no end of them."""


@cache
def known_names() -> dict[str, dict[str, int]]:
    """Field -> names of columns that mean it, each with its rank: the surest first."""
    import yaml

    listed: dict[str, list[str]] = yaml.safe_load(
        Path(__file__).with_name("columns.yaml").read_text(encoding="utf-8")
    )
    return {
        field: {squeezed(name): rank for rank, name in enumerate(names)}
        for field, names in listed.items()
    }


@dataclass(frozen=True, slots=True)
class Plan:
    """Where each field of a record is found in a row: a path into nested objects."""

    fields: tuple[tuple[str, tuple[str, ...]], ...]
    splits: bool
    """Whether the output is the last message of the conversation that is the input."""


def columns_in(rows: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Every column of the rows as first seen; one inside objects is a path with dots."""
    found: dict[str, None] = {}
    for row in rows:
        for name, value in row.items():
            found.setdefault(str(name))
            if isinstance(value, dict) and squeezed(str(name)) not in known_names()["format_spec"]:
                for inner in value:
                    found.setdefault(f"{name}.{inner}")
        if len(found) > MAX_COLUMNS:
            break
    return tuple(found)[:MAX_COLUMNS]


def guess(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Column -> field, by name; columns inside objects only where the outer ones do not do.

    ``rows`` are some of the log's, so that a column of labels is not taken for a reference.
    """
    outer = [name for name in columns if not _is_inner(name, rows)]
    mapping = _guess(outer, rows)
    if "input" in mapping.values() and (
        "output" in mapping.values() or ends_in_reply(mapping, rows)
    ):
        return mapping
    inner = _guess([*outer, *(name for name in columns if name not in outer)], rows, deep=True)
    return inner if set(REQUIRED) <= set(inner.values()) else mapping


def _guess(
    columns: Sequence[str], rows: Sequence[Mapping[str, Any]], *, deep: bool = False
) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for field, rank in known_names().items():
        found = [
            (_is_empty(column, rows), rank[key], position, column)
            for position, column in enumerate(columns)
            if (key := squeezed(column.rpartition(".")[2] if deep else column)) in rank
            and column not in mapping
            and _fits(field, column, rows)
        ]
        if found:
            mapping[min(found)[-1]] = field
    return mapping


def squeezed(name: str) -> str:
    """A name without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", name).lower()


def _is_inner(column: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    return "." in column and not any(column in row for row in rows)


def _fits(field: str, column: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the values of a column can be such a field."""
    path = path_of(column, rows)
    values = [value for row in rows if (value := at_path(row, path)) is not None]
    if field == "reference":
        return not values or not all(isinstance(item, str) and item in LABELS for item in values)
    if field == "id":
        return not values or any(isinstance(item, str | int) for item in values)
    if field in REQUIRED:
        return not values or any(_can_be_text(item) for item in values)
    return True


def _is_empty(column: str, rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a column says nothing, as an input does where an instruction stands alone."""
    path = path_of(column, rows)
    return not any(at_path(row, path) for row in rows)


def _can_be_text(value: Any) -> bool:
    if isinstance(value, dict):
        return "messages" in value or "role" in value
    return isinstance(value, str | list)


def ends_in_reply(mapping: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the column of the input holds conversations that an assistant's message ends."""
    paths = [path_of(name, rows) for name, field in mapping.items() if field == "input"]
    return any(has_reply(at_path(row, path)) for path in paths for row in rows)


def has_reply(value: Any) -> bool:
    """Whether a value is a conversation that an assistant's message ends."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        return '"assistant"' in value
    last = value[-1] if isinstance(value, list) and value else None
    return isinstance(last, dict) and last.get("role") == "assistant"


def path_of(column: str, rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The path that a column's name means: a column with dots in its name comes first."""
    return tuple(column.split(".")) if _is_inner(column, rows) else (column,)


def at_path(row: Mapping[str, Any], path: Sequence[str]) -> Any:
    """The value at a path, or None."""
    value: Any = row
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def problems_of(
    given: Mapping[str, str], columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Everything that is wrong with a mapping that a person gave; empty where nothing is."""
    said = []
    for column, field in given.items():
        if field not in FIELDS:
            said.append(f"column {column!r}: there is no field {field!r}{_meant(field, FIELDS)}")
        if not _known(column, columns, rows):
            said.append(f"there is no column {column!r}{_meant(column, columns)}")
    for field in FIELDS:
        doubled = [column for column, taken in given.items() if taken == field]
        if len(doubled) > 1 and field != "metadata":
            said.append(f"field {field!r} is given {len(doubled)} columns: {', '.join(doubled)}")
    return said


def _known(column: str, columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> bool:
    path = path_of(column, rows)
    return column in columns or any(at_path(row, path) is not None for row in rows)


def _meant(name: str, names: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f" (did you mean {close[0]!r}?)" if close else f"; there is {', '.join(names[:30])}"


def completed(
    given: Mapping[str, str], columns: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """What is given, and the guess for the fields and columns that it does not speak of."""
    rest = [column for column in columns if column not in given]
    guessed = guess(rest, rows).items()
    taken = set(given.values()) - {"metadata"}
    return {**given, **{column: field for column, field in guessed if field not in taken}}


def missing(mapping: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The required fields that no column gives."""
    fields = set(mapping.values())
    return tuple(
        field
        for field in REQUIRED
        if field not in fields and not (field == "output" and ends_in_reply(mapping, rows))
    )


def plan_of(mapping: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Plan:
    """The mapping as it is followed row by row; what goes into the metadata is not in it."""
    fields = tuple(
        (field, path_of(column, rows))
        for column, field in mapping.items()
        if field != "metadata" or column == "metadata"
    )
    return Plan(fields, splits="output" not in mapping.values())
