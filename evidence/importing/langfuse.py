"""Langfuse: exports of traces or observations as JSON, JSON Lines or CSV, with their scores.

Scores count where they stand in the row (``scores``) or in the same file as rows of their own.
Comments and texts of people and evaluators become the note, a corrected output becomes the
reference. Names may be written as by the API (``traceId``) or by its Python client (``trace_id``).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from evidence.importing._shared import (
    Fields,
    all_passed,
    answered,
    asked,
    converted,
    in_words,
    list_in,
    mapping_in,
    named,
    note_of,
    remark,
    results,
    verdict,
)
from evidence.reading import table
from evidence.reading.files import kind_of
from evidence.reading.shapes import Raw
from evidence.reading.values import parse_json
from evidence.records import Skipped

LISTS = ("data", "traces", "observations", "items")
MEANT = frozenset(
    {"correctness", "correct", "passed", "pass", "success", "accuracy", "exact_match", "is_correct"}
)
"""Names of scores of which 1 means passed and 0 failed; of others only yes and no do."""

KEPT = ("name", "model", "tags", "userId", "sessionId", "level", "type")

Scores = dict[str, list[Fields]]

_SNAKE = re.compile(r"(?<=[a-z])_([a-z])")


def read(path: Path) -> Iterator[Raw]:
    """Every trace or observation with an output. The file is read twice, for the scores first."""
    scores = _scores(path)
    rows = (
        item
        for item in _rows(path, LISTS)
        if isinstance(item[1], Skipped) or not _is_score(item[1])
    )
    return converted(rows, lambda row: _fields(row, scores))


def _rows(path: Path, names: tuple[str, ...]) -> Iterator[Raw]:
    is_table = kind_of(path) == "csv"
    for number, row in table.rows(path) if is_table else results(path, names):
        if isinstance(row, Skipped):
            yield number, row
        else:
            cells = {name: _cell(text) for name, text in row.items()} if is_table else row
            yield number, _camelled(cells)


def _camel(name: str) -> str:
    return _SNAKE.sub(lambda found: found[1].upper(), name)


def _cell(text: str) -> Any:
    """What a cell holds: Langfuse writes objects, lists and quoted texts as JSON."""
    if text[:1] in ("{", "[", '"'):
        with suppress(ValueError):
            return parse_json(text)
    return text or None


def _scores(path: Path) -> Scores:
    """Scores that are rows of their own, by the observation or trace that they are of."""
    found: Scores = defaultdict(list)
    for names in (("scores",), LISTS):
        for _, row in _rows(path, names):
            if isinstance(row, dict) and _is_score(row):
                subject = mapping_in(row.get("subject")).get("id")
                found[str(subject or row.get("observationId") or row.get("traceId"))].append(row)
        if found:
            break
    return found


def _is_score(row: Fields) -> bool:
    return "value" in row and "output" not in row and bool({"traceId", "subject"} & set(row))


def _fields(row: Fields, scores: Scores) -> Fields:
    if row.get("output") is None:
        said = in_words(row.get("statusMessage")) or "the row has no output"
        raise ValueError(f"has no output: {said[:200]}")
    own = mapping_in(row.get("metadata"))
    given = [_camelled(score) for score in list_in(row.get("scores")) if isinstance(score, dict)]
    given += scores.get(str(row.get("id")), [])
    corrected = [_value(score) for score in given if score.get("dataType") == "CORRECTION"]
    expected = corrected[0] if corrected else row.get("expectedOutput") or named(own, "reference")
    return {
        "id": row.get("id"),
        "input": asked(row.get("input")),
        "output": answered(row["output"]),
        "reference": answered(expected),
        "context": named(own, "context") or named(mapping_in(row.get("input")), "context"),
        "format_spec": mapping_in(row.get("modelParameters")).get("response_format"),
        "reviewer_note": note_of([text for score in given for text in _said(score)]),
        "metadata": {**own, **_about(row, given)},
    }


def _camelled(row: Fields) -> Fields:
    return {_camel(name): value for name, value in row.items()}


def _said(score: Fields) -> Iterator[str | None]:
    yield remark(score.get("comment"))
    if score.get("dataType") == "TEXT":
        yield in_words(_value(score))


def _about(row: Fields, given: list[Fields]) -> Fields:
    plain = row["scores"] if isinstance(row.get("scores"), dict) else {}
    rated = [score for score in given if score.get("dataType") not in ("CORRECTION", "TEXT")]
    named_scores = {str(score.get("name")): _value(score) for score in rated}
    return {
        "passed": all_passed([item for score in rated if (item := _verdict(score)) is not None]),
        "scores": {**plain, **named_scores},
        "trace": row.get("traceId"),
        "timestamp": row.get("timestamp") or row.get("startTime"),
        **{name: row.get(name) for name in KEPT},
    }


def _value(score: Fields) -> Any:
    return score.get("stringValue") or score.get("value")


def _verdict(score: Fields) -> bool | None:
    name = str(score.get("name")).lower().replace("-", "_").replace(" ", "_")
    value = _value(score)
    if isinstance(value, str) and score.get("dataType") != "NUMERIC":
        return verdict(value)
    means_it = score.get("dataType") == "BOOLEAN" or name in MEANT
    return verdict(score.get("value")) if means_it else None
