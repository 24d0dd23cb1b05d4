"""Logs of failures, read row by row: JSON Lines, JSON, CSV and Parquet of any size.

Memory does not grow with the file. A row that cannot be used is reported with its place and why;
every other row is kept. Which column is which field is guessed from names, or given.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from evidence.reading import mapping as columns
from evidence.reading.building import build
from evidence.reading.files import kind_of
from evidence.reading.shapes import LogUnreadable, Preview, Raw, Read, Row
from evidence.records import Skipped

__all__ = ["LogUnreadable", "Preview", "Raw", "Read", "Row", "preview_log", "read_log"]

SAMPLE_ROWS = 200
SAMPLE_SIZE = 4_000_000
"""Rows, and about how many characters of them, that the columns are found out from."""

SHOWN = 200
_READERS = {"jsonl": "jsonl", "json": "json_stream", "csv": "table", "parquet": "parquet"}
_NAMED_BY = {"jsonl": "line", "csv": "line", "json": "row", "parquet": "row"}


def read_log(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    kind: str | None = None,
    after: int = 0,
) -> Iterator[Read]:
    """Every row of a log in order, streaming; a bad row is a Skipped and the rest is kept.

    ``mapping`` is column -> field of the failure record, guessed from names for what it does not
    speak of; other columns go into the metadata. ``kind`` ("jsonl", "json", "csv", "tsv",
    "parquet") is found out where not given. ``after`` passes over rows up to that number, to
    resume. Raises LogUnreadable, before the first row, where the file as a whole cannot be read.
    """
    kind = kind_of(path, kind)
    sample = _sample(path, kind)
    chosen, problems = _mapped(path, kind, sample, mapping)
    lacking = columns.missing(chosen, sample) if sample else ()
    if problems or lacking:
        raise LogUnreadable(*problems, *_lacking(path, lacking, columns.columns_in(sample)))
    plan = columns.plan_of(chosen, sample)
    return _read(_rows(path, kind, after), plan, _NAMED_BY[kind])


def preview_log(
    path: Path,
    *,
    mapping: Mapping[str, str] | None = None,
    kind: str | None = None,
    limit: int = 5,
) -> Preview:
    """The kind, the columns, what they are taken for, and the first ``limit`` rows of a log.

    Raises LogUnreadable where the file cannot be read or the mapping cannot be followed; a field
    that no column gives is ``missing``.
    """
    kind = kind_of(path, kind)
    sample = _sample(path, kind)
    chosen, problems = _mapped(path, kind, sample, mapping)
    if problems:
        raise LogUnreadable(*problems)
    names = _columns(path, kind, sample)
    used = {name for name, field in chosen.items() if field != "metadata"}
    return Preview(
        kind=kind,
        columns=names,
        mapping=chosen,
        unmapped=tuple(name for name in names if name not in used),
        missing=columns.missing(chosen, sample),
        rows=tuple(_shown(row, names) for row in sample[:limit]),
    )


def _read(rows: Iterator[Raw], plan: columns.Plan, prefix: str) -> Iterator[Read]:
    for number, row in rows:
        made = row if isinstance(row, Skipped) else build(row, plan, number, prefix)
        yield made if isinstance(made, Skipped) else Row(number, made)


def _rows(path: Path, kind: str, after: int = 0) -> Iterator[Raw]:
    module = import_module(f"evidence.reading.{_READERS[kind]}")
    rows: Iterator[Raw] = module.rows(path, after)
    return rows


def _sample(path: Path, kind: str) -> list[dict[str, Any]]:
    sample: list[dict[str, Any]] = []
    size = 0
    for _, row in islice(_rows(path, kind), SAMPLE_ROWS * 5):
        if isinstance(row, dict):
            sample.append(row)
            size += sum(len(value) for value in row.values() if isinstance(value, str | list))
        if len(sample) == SAMPLE_ROWS or size > SAMPLE_SIZE:
            break
    return sample


def _columns(path: Path, kind: str, sample: list[dict[str, Any]]) -> tuple[str, ...]:
    if sample or kind not in ("csv", "parquet"):
        return columns.columns_in(sample)
    module = import_module(f"evidence.reading.{_READERS[kind]}")
    return tuple(module.columns_of(path))


def _mapped(
    path: Path, kind: str, sample: list[dict[str, Any]], given: Mapping[str, str] | None
) -> tuple[dict[str, str], list[str]]:
    """The mapping that holds, and everything that is wrong with the one that was given."""
    names = _columns(path, kind, sample)
    problems = columns.problems_of(given or {}, names, sample) if names else []
    chosen = columns.completed(given or {}, names, sample)
    return chosen, [f"{path}: {problem}" for problem in problems]


def _lacking(path: Path, lacking: tuple[str, ...], names: tuple[str, ...]) -> list[str]:
    if not lacking:
        return []
    listed = ", ".join(names[:30]) or "none"
    return [
        f"{path}: no column is the {' or the '.join(lacking)} of a record; say which is "
        f"(column=field). Columns: {listed}"
    ]


def _shown(row: Mapping[str, Any], names: tuple[str, ...]) -> dict[str, str]:
    shown = {}
    for name in names:
        value = columns.at_path(row, columns.path_of(name, [row]))
        text = _as_text(value)
        shown[name] = text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
    return shown


def _as_text(value: Any) -> str:
    """A value as a person would write it in the log: texts as they are, the rest as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    with suppress(ValueError, RecursionError):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)
