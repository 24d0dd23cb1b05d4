"""promptfoo: what `promptfoo eval -o results.json` (or .jsonl) writes.

Expected values become the reference, checks of the form the format_spec, and what a person or a
grader wrote in words about a failing answer the reviewer's note; what promptfoo itself says about a
fixed check ("Expected output to contain ...") does not.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from evidence.importing._shared import (
    Fields,
    answered,
    converted,
    in_words,
    list_in,
    mapping_in,
    named,
    note_of,
    remark,
    results,
)
from evidence.reading.shapes import Raw

EXPECTED = ("equals", "similar", "factuality", "levenshtein", "rouge-n", "bleu", "meteor")
"""Checks whose value is an acceptable answer."""

FORMATS = {"is-json": "json", "is-sql": "sql", "is-xml": "xml", "is-html": "html"}
CONTAINS = {
    "contains": "all",
    "icontains": "all",
    "contains-all": "all",
    "icontains-all": "all",
    "contains-any": "any",
    "icontains-any": "any",
    "not-contains": "none",
    "not-icontains": "none",
    "not-contains-any": "none",
    "not-icontains-any": "none",
}
"""Check -> how many of its values the output has to contain."""

JUDGES = (
    *("llm-rubric", "g-eval", "model-graded", "factuality", "answer-relevance", "context-"),
    *("conversation-relevance", "select-best", "pi", "moderation", "agent-rubric", "search-rubric"),
    *("javascript", "python", "ruby", "webhook", "human"),
)
"""Beginnings of checks whose reason a grader, a person or a team's own program wrote."""

SET_PHRASES = (
    "Custom function returned",
    "Python code returned",
    "Ruby code returned",
    "Assertion",
)


def read(path: Path) -> Iterator[Raw]:
    """Every result of an evaluation."""
    return converted(results(path, ("results",)), _fields)


def _fields(row: Fields) -> Fields:
    if "response" not in row and "gradingResult" not in row and "vars" not in row:
        raise ValueError("is no promptfoo result: use the file of promptfoo eval -o results.json")
    output = answered(mapping_in(row.get("response")).get("output"))
    if output is None:
        raise ValueError(f"has no output: {str(row.get('error') or 'the call failed')[:200]}")
    checks = _checks(row)
    variables = mapping_in(row.get("vars"))
    return {
        "id": row.get("id"),
        "input": mapping_in(row.get("prompt")).get("raw"),
        "output": output,
        "reference": _expected(checks) or named(variables, "reference"),
        "context": named(variables, "context"),
        "format_spec": format_of(checks),
        "reviewer_note": _note(row),
        "metadata": _metadata(row, checks),
    }


def _checks(row: Fields) -> list[Fields]:
    """The checks of a test; those in sets stand beside the others."""
    found: list[Any] = []
    for check in list_in(mapping_in(row.get("testCase")).get("assert")):
        inner = mapping_in(check)
        found += list_in(inner.get("assert")) if inner.get("type") == "assert-set" else [inner]
    return [check for check in found if isinstance(check, dict)]


def _expected(checks: list[Fields]) -> Any:
    values = [check.get("value") for check in checks if check.get("type") in EXPECTED]
    return next((item for item in values if isinstance(item, str | dict | int | float)), None)


def format_of(checks: list[Fields]) -> Fields | None:
    """The form that checks ask for: the strictest kind of check that there is."""
    for check in checks:
        if (kind := FORMATS.get(str(check.get("type")))) is not None:
            schema = _schema(check.get("value")) if kind == "json" else None
            return {"type": "json_schema", "schema": schema} if schema else {"type": kind}
    for check in checks:
        if check.get("type") == "regex" and isinstance(check.get("value"), str):
            return {"type": "regex", "pattern": check["value"], "match": "search"}
    return _contains(checks)


def _schema(value: Any) -> Any:
    if isinstance(value, str):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    return value if isinstance(value, dict) else None


def _contains(checks: list[Fields]) -> Fields | None:
    spec: Fields = {}
    for check in checks:
        kind = str(check.get("type"))
        if kind in CONTAINS:
            value = check.get("value")
            values = value if isinstance(value, list) else [value]
            spec.setdefault(CONTAINS[kind], []).extend(str(item) for item in values)
            spec["ignore_case"] = spec.get("ignore_case", True) and "icontains" in kind
    return {"type": "contains", **spec} if spec else None


def _note(row: Fields) -> str | None:
    grading = mapping_in(row.get("gradingResult"))
    comment = remark(grading.get("comment"))
    if row.get("success") is not False:
        return comment
    parts = list_in(grading.get("componentResults")) or [grading]
    return note_of([comment, *(_reason(mapping_in(part)) for part in parts)])


def _reason(part: Any) -> str | None:
    kind = str(mapping_in(part.get("assertion")).get("type"))
    reason = in_words(part.get("reason"))
    if part.get("pass") is not False or not kind.startswith(JUDGES) or reason is None:
        return None
    return None if reason.startswith(SET_PHRASES) else reason


def _metadata(row: Fields, checks: list[Fields]) -> Fields:
    grading = mapping_in(row.get("gradingResult"))
    parts = [mapping_in(part) for part in list_in(grading.get("componentResults"))]
    own = mapping_in(mapping_in(row.get("testCase")).get("metadata"))
    return {
        **own,
        "passed": row.get("success") if isinstance(row.get("success"), bool) else None,
        "score": row.get("score"),
        "provider": mapping_in(row.get("provider")).get("id"),
        "prompt": mapping_in(row.get("prompt")).get("label"),
        "test": mapping_in(row.get("testCase")).get("description"),
        "vars": dict(mapping_in(row.get("vars"))),
        "scores": mapping_in(row.get("namedScores")),
        "latency_ms": row.get("latencyMs"),
        "finish_reason": mapping_in(row.get("response")).get("finishReason"),
        "checks": [
            {"type": check.get("type"), "passed": part.get("pass"), "said": part.get("reason")}
            for part in parts
            if (check := mapping_in(part.get("assertion")))
        ]
        or [{"type": check.get("type")} for check in checks],
    }
