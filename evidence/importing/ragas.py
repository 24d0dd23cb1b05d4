"""ragas: data sets and evaluation results as JSON Lines, JSON, CSV or Parquet.

Names of today (user_input, response, retrieved_contexts, reference) and of before (question,
answer, contexts, ground_truth). Metrics go into the metadata as scores; which of their values is a
failure is for the team to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from evidence.importing._shared import Fields, chat, converted, list_in, results
from evidence.reading.building import parsed
from evidence.reading.files import kind_of
from evidence.reading.shapes import Raw

NAMES = {
    "input": ("user_input", "question"),
    "output": ("response", "answer"),
    "context": ("retrieved_contexts", "contexts"),
    "reference": ("reference", "ground_truth", "ground_truths"),
}
READERS = {"csv": "table", "parquet": "parquet"}


def read(path: Path) -> Iterator[Raw]:
    """Every sample; of a conversation the last reply is the output."""
    kind = kind_of(path)
    if kind in READERS:
        module = import_module(f"evidence.reading.{READERS[kind]}")
        rows: Iterator[Raw] = module.rows(path)
    else:
        rows = results(path, ("samples", "data", "rows"))
    return converted(rows, _fields)


def _fields(row: Fields) -> Fields:
    found = {field: _first(row, names) for field, names in NAMES.items()}
    if found["input"] is None:
        raise ValueError("is no ragas sample: it has neither user_input nor question")
    turns = chat(_listed(found["input"]))
    if turns:
        found["input"] = turns
        if found["output"] is None and turns[-1]["role"] == "assistant":
            found["output"], found["input"] = turns[-1]["content"], turns[:-1]
    used = {name for names in NAMES.values() for name in names}
    rest = {name: _number(value) for name, value in row.items() if name not in used}
    scores = {name: value for name, value in rest.items() if isinstance(value, float)}
    others = {name: value for name, value in rest.items() if name not in scores and name != "id"}
    return {"id": row.get("id"), **found, "metadata": {**others, "scores": scores}}


def _first(row: Fields, names: tuple[str, ...]) -> Any:
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        value = parsed(value)
    return list_in(value)


def _number(value: Any) -> Any:
    """The number in a cell of a table; other values as they are."""
    if not isinstance(value, str):
        return float(value) if type(value) is int else value
    try:
        return parsed_float(value)
    except ValueError:
        return value


def parsed_float(text: str) -> float | None:
    """A number written with digits; None for nan, which is no measurement."""
    number = float(text)
    return number if number - number == 0 else None
