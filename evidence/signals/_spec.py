"""What a format_spec asks for, whatever its keys are called; anything may stand in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

Spec = Mapping[str, Any]

KINDS = {
    "json": "json", "json_schema": "json", "json_object": "json", "jsonschema": "json",
    "yaml": "yaml", "yml": "yaml", "xml": "xml", "html": "html", "sql": "sql", "code": "code",
    "csv": "csv", "tsv": "csv", "markdown_table": "table", "table": "table",
    "regex": "regex", "regexp": "regex", "pattern": "regex", "choice": "choice", "enum": "choice",
    "choices": "choice", "classification": "choice", "label": "choice", "length": "length",
    "language": "language", "python": "code", "javascript": "code", "typescript": "code",
    "contains": "contains",
}  # fmt: skip
"""The type of a format_spec -> the kind of check."""
STRUCTURED = frozenset({"json", "yaml", "xml", "html", "sql", "code", "csv", "table"})
SCHEMA_KEYS = ("schema", "json_schema", "jsonSchema", "jsonschema", "definition")
REQUIRED_KEYS = ("required", "keys", "required_keys", "fields", "required_fields")


def kind_of(spec: Spec) -> str:
    """The kind of check that a spec asks for; '' where it is none of ours."""
    given = spec.get("type")
    return _kind(given) if isinstance(given, str) else ""


@lru_cache(maxsize=64)
def _kind(given: str) -> str:
    return KINDS.get(given.strip().lower().replace("-", "_"), "")


def text_in(spec: Spec, *names: str) -> str:
    """The first of these keys that holds text; '' where none does."""
    return next((spec[name] for name in names if isinstance(spec.get(name), str)), "")


def number_in(spec: Spec, *names: str) -> float | None:
    """The first of these keys that holds a number (or its digits)."""
    for name in names:
        value = spec.get(name)
        if isinstance(value, str) and len(value) < 20 and value.strip().isdecimal():
            return int(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value == value:  # noqa: PLR0124
            return value
    return None


def texts_in(spec: Spec, *names: str) -> tuple[str, ...]:
    """The first of these keys that holds a list of texts or numbers, as texts."""
    for name in names:
        value = spec.get(name)
        if isinstance(value, list | tuple) and value:
            return tuple(map(_shown, value)) if all(map(_is_plain, value)) else ()
    return ()


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def schema_of(spec: Spec) -> dict[str, Any] | None:
    """The JSON schema in a spec, or one made of the keys that it requires; None without either."""
    for name in SCHEMA_KEYS:
        found = _as_schema(spec.get(name))
        if found is not None:
            return found
    required = texts_in(spec, *REQUIRED_KEYS)
    if isinstance(spec.get("properties"), dict):
        made = {"type": "object", "properties": spec["properties"]}
        return made | ({"required": list(required)} if required else {})
    return {"type": "object", "required": list(required)} if required else None


def _as_schema(value: Any) -> dict[str, Any] | None:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return None
    if isinstance(value, dict) and isinstance(value.get("schema"), dict):
        return dict(value["schema"])  # as in OpenAI's response_format
    return value if isinstance(value, dict) and value else None
