"""JSON Schema, checked offline: what a schema refers to elsewhere is never fetched."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

import jsonschema_rs

MAX_SCHEMA = 200_000
MAX_ERRORS = 5
SIZE_LIMIT = 1_000_000
"""Bytes that one compiled pattern of a schema may take."""


def validator_for(schema: dict[str, Any]) -> jsonschema_rs.Validator | None:
    """A validator, or None where the schema is none that can be checked offline."""
    try:
        return _compiled(json.dumps(schema))
    except (TypeError, ValueError, RecursionError):
        return None


@lru_cache(maxsize=64)
def _compiled(schema: str) -> jsonschema_rs.Validator | None:
    if len(schema) > MAX_SCHEMA:
        return None
    for options in (
        jsonschema_rs.RegexOptions(size_limit=SIZE_LIMIT),  # in linear time
        jsonschema_rs.FancyRegexOptions(backtrack_limit=10_000, size_limit=SIZE_LIMIT),
    ):
        try:
            return jsonschema_rs.validator_for(
                json.loads(schema), offline=True, pattern_options=options
            )
        except (ValueError, TypeError, RecursionError, OSError):
            continue
    return None


def violations(
    validator: jsonschema_rs.Validator, value: Any
) -> list[tuple[str, list[str | int]]] | None:
    """What of a schema a value breaks, each with its path; None where it cannot be told."""
    found = []
    try:
        for _, error in zip(range(MAX_ERRORS), validator.iter_errors(value), strict=False):
            found.append((error.message, error.instance_path))
    except (ValueError, TypeError, RecursionError, OverflowError):
        return None
    return found
