"""OpenAI evaluations: output items of the platform's runs, and logs of the `evals` program.

Of the platform, output items as JSON Lines or as pages of `evals.runs.output_items.list`. Of the
program, its record of events, where sampling and matching are joined by the sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence.importing._shared import (
    Fields,
    all_passed,
    answered,
    asked,
    chat,
    in_words,
    list_in,
    mapping_in,
    named,
    note_of,
    results,
    verdict,
)
from evidence.reading.shapes import Raw
from evidence.records import Skipped

MAX_WAITING = 100_000
"""Samples whose match has not come yet; more are given without it, the oldest first."""


def read(path: Path) -> Iterator[Raw]:
    """Every output item, or every sample of the log with what became of it."""
    waiting: dict[str, tuple[int, Fields]] = {}
    for number, row in results(path, ("data", "output_items")):
        if isinstance(row, Skipped):
            yield number, row
        elif "type" in row and "sample_id" in row:
            yield from _event(number, row, waiting)
        elif "datasource_item" in row or "sample" in row:
            yield number, _item(row)
        elif not {"spec", "final_report"} & set(row):
            yield number, Skipped(number, "is neither an output item nor an event of a log")
    yield from waiting.values()


def _item(row: Fields) -> Fields:
    sample = mapping_in(row.get("sample"))
    given = mapping_in(row.get("datasource_item"))
    item = mapping_in(given.get("item")) or given
    graded = [mapping_in(result) for result in list_in(row.get("results"))]
    failed = [result for result in graded if result.get("passed") is False]
    return {
        "id": row.get("id"),
        "input": chat(sample.get("input")) or named(item, "input"),
        "output": answered(sample.get("output")) or answered(named(item, "output")),
        "reference": named(item, "reference"),
        "context": named(item, "context"),
        "format_spec": None,
        "reviewer_note": note_of([_grader(result) for result in failed]),
        "metadata": {
            "passed": verdict(row.get("status")),
            "scores": {str(result.get("name")): result.get("score") for result in graded},
            "model": sample.get("model"),
            "finish_reason": sample.get("finish_reason"),
            "error": mapping_in(sample.get("error")).get("message"),
            "item": item,
            "run": row.get("run_id"),
            "created_at": row.get("created_at"),
        },
    }


def _grader(result: Any) -> str | None:
    """What a model that graded wrote."""
    sample = mapping_in(result.get("sample"))
    return in_words(answered(sample.get("output"))) or in_words(result.get("reason"))


def _event(number: int, row: Fields, waiting: dict[str, tuple[int, Fields]]) -> Iterator[Raw]:
    data = mapping_in(row.get("data"))
    name = str(row["sample_id"])
    if row["type"] == "sampling" and "sampled" in data:
        if len(waiting) >= MAX_WAITING:
            yield waiting.pop(next(iter(waiting)))
        if name in waiting:
            yield waiting.pop(name)
        waiting[name] = (number, _sampled(name, row, data))
    elif row["type"] in ("match", "metrics") and name in waiting:
        _graded(waiting[name][1], data)
        yield waiting.pop(name)


def _sampled(name: str, row: Fields, data: Any) -> Fields:
    return {
        "id": name,
        "input": asked(data.get("prompt")),
        "output": answered(data["sampled"]),
        "reference": None,
        "reviewer_note": None,
        "metadata": {
            "run": row.get("run_id"),
            "model": data.get("model"),
            "created_at": row.get("created_at"),
        },
    }


def _graded(fields: Fields, data: Any) -> None:
    marks = [data[key] for key in ("correct", "accuracy", "score", "choice") if key in data]
    expected = data.get("expected")
    fields["reference"] = expected if expected not in (None, "", []) else data.get("options")
    fields["metadata"]["passed"] = all_passed([verdict(mark) for mark in marks[:1]])
    fields["metadata"]["scores"] = {
        key: value for key, value in data.items() if isinstance(value, int | float)
    }
