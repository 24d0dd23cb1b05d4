"""Inspect AI: logs in .eval and .json form.

A sample's target becomes the reference, a scorer's explanation of a wrong answer the reviewer's
note, unless it only repeats the answer as scorers that compare texts do.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from evidence.importing._archive import members
from evidence.importing._shared import (
    Fields,
    all_passed,
    answered,
    asked,
    chat,
    converted,
    in_words,
    list_in,
    mapping_in,
    note_of,
    results,
    verdict,
)
from evidence.reading.jsonl import parsed
from evidence.reading.shapes import LogUnreadable, Raw
from evidence.records import Skipped

ATTACHED = "attachment://"
"""Inspect AI keeps long texts apart, under their digest."""


def read(path: Path) -> Iterator[Raw]:
    """Every sample of a log."""
    if zipfile.is_zipfile(path):
        return converted(_archived(path), _fields)
    if path.suffix == ".eval":
        raise LogUnreadable(f"{path}: is no Inspect AI log, which is a zip archive")
    return converted(results(path, ("samples",)), _fields)


def _archived(path: Path) -> Iterator[Raw]:
    number = 0
    for name, content in members(path):
        if name.startswith("samples/") and name.endswith(".json"):
            number += 1
            if isinstance(content, str):
                yield number, Skipped(number, content)
            else:
                yield number, parsed(content, number)
    if not number:
        raise LogUnreadable(f"{path}: holds no samples; was it written with log_samples=False?")


def _fields(row: Fields) -> Fields:
    if "target" not in row or "input" not in row:
        raise ValueError("is no sample of an Inspect AI log")
    row = _attached(row, mapping_in(row.get("attachments")))
    output = answered(row.get("output")) or mapping_in(row.get("output")).get("completion")
    if not output and row.get("error"):
        said = mapping_in(row["error"]).get("message")
        raise ValueError(f"has no output: {str(said)[:200]}")
    scores = {str(name): mapping_in(score) for name, score in mapping_in(row.get("scores")).items()}
    return {
        "id": _identity(row),
        "input": _input(row, output),
        "output": output,
        "reference": row["target"] or None,
        "context": None,
        "format_spec": mapping_in(row.get("metadata")).get("format_spec"),
        "reviewer_note": _note(scores, output),
        "metadata": _metadata(row, scores),
    }


def _attached(row: Fields, texts: Any) -> Fields:
    """The parts of a sample that are read, with texts that are kept apart put in their places."""
    names = ("input", "output", "messages", "target", "scores")
    return {**row, **{name: _resolved(row.get(name), texts) for name in names}} if texts else row


def _resolved(value: Any, texts: Any) -> Any:
    if isinstance(value, str) and value.startswith(ATTACHED):
        return texts.get(value.removeprefix(ATTACHED), value)
    if isinstance(value, list):
        return [_resolved(item, texts) for item in value]
    if isinstance(value, dict):
        return {name: _resolved(item, texts) for name, item in value.items()}
    return value


def _identity(row: Fields) -> str:
    epoch = row.get("epoch", 1)
    return f"{row.get('id')}" if epoch == 1 else f"{row.get('id')}@{epoch}"


def _input(row: Fields, output: Any) -> Any:
    """The conversation before the answer, which has the system message; else the sample's input."""
    turns = chat(row.get("messages"))
    if len(turns) > 1 and turns[-1]["role"] == "assistant":
        return turns[:-1]
    return turns if turns and not output else asked(row["input"])


def _note(scores: dict[str, Any], output: Any) -> str | None:
    return note_of(
        [
            in_words(score.get("explanation"), output, score.get("answer"))
            for score in scores.values()
            if verdict(score.get("value")) is False
        ]
    )


def _metadata(row: Fields, scores: dict[str, Any]) -> Fields:
    output = mapping_in(row.get("output"))
    choices = [mapping_in(item) for item in list_in(output.get("choices"))]
    own = {name: value for name, value in mapping_in(row.get("metadata")).items() if _small(value)}
    return {
        **own,
        "passed": all_passed([verdict(score.get("value")) for score in scores.values()]),
        "scores": {name: score.get("value") for name, score in scores.items()},
        "model": output.get("model"),
        "choices": row.get("choices"),
        "stop_reason": choices[0].get("stop_reason") if choices else None,
        "timestamp": row.get("started_at") or row.get("completed_at"),
        "epoch": row.get("epoch"),
        "error": mapping_in(row.get("error")).get("message"),
        "limit": mapping_in(row.get("limit")).get("type"),
    }


def _small(value: Any) -> bool:
    return len(json.dumps(value)) < 10_000
