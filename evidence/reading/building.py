"""From a row to a failure record: values brought into the record's types, the rest kept aside."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from evidence.reading.mapping import Plan, has_reply
from evidence.reading.values import parse_json, plain, too_deep
from evidence.records import FailureRecord, Skipped, complaint

TEXT_KEYS = ("text", "page_content", "content", "passage", "document", "body", "snippet", "chunk")
"""Where the text of a retrieved passage is, if the passage is an object."""

SCHEMA_TYPES = ("object", "array")
MAX_LITERAL = 1_000_000


def build(row: dict[str, Any], plan: Plan, number: int, prefix: str) -> FailureRecord | Skipped:
    """The record of a row; ``prefix`` and the number name one that has no id of its own."""
    rest = dict(row)
    known: dict[str, Any] = {}
    for field, path in plan.fields:
        value = rest.pop(path[0], None) if len(path) == 1 else _taken(rest, path)
        if value is not None:
            known[field] = value
    extra = rest | _extra(known)
    try:
        _convert(known, splits=plan.splits)
        known.setdefault("id", f"{prefix}-{number}")
        own = known.get("metadata", {})
        known["metadata"] = extra | own if isinstance(own, dict) else own
        return FailureRecord.model_validate(known)
    except ValidationError as error:
        return Skipped(number, complaint(error))
    except ValueError as error:
        return Skipped(number, str(error))


def _taken(row: dict[str, Any], path: tuple[str, ...]) -> Any:
    """Take a value out of nested objects; an object that is empty then goes too."""
    inner = row.get(path[0])
    if not isinstance(inner, dict):
        return None
    inner = row[path[0]] = dict(inner)
    value = inner.pop(path[1], None) if len(path) == 2 else _taken(inner, path[1:])
    if not inner:
        del row[path[0]]
    return value


def _extra(known: dict[str, Any]) -> dict[str, Any]:
    """What the record has no room for: further acceptable answers."""
    reference = known.get("reference")
    several = isinstance(reference, list) and len(reference) > 1
    return {"references": reference} if several else {}


def _convert(known: dict[str, Any], *, splits: bool) -> None:
    for field, convert in CONVERT.items():
        if field in known:
            value = convert(known[field])
            if value is None:
                del known[field]
            else:
                known[field] = value
    if splits and "output" not in known and has_reply(known.get("input")):
        known["output"] = spoken(known["input"][-1])
        known["input"] = known["input"][:-1]


def _identity(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value if value != "" else None


def _input(value: Any) -> Any:
    if isinstance(value, dict) and "messages" in value:
        value = value["messages"]
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        messages = parsed(value)
        is_chat = isinstance(messages, list) and messages and _all_messages(messages)
        return messages if is_chat else value
    return value


def _all_messages(items: list[Any]) -> bool:
    return all(isinstance(item, dict) and isinstance(item.get("role"), str) for item in items)


def spoken(value: Any) -> Any:
    """The text of an answer that is a message, a list of messages, or a list with one text."""
    if isinstance(value, list) and value:
        return spoken(value[-1]) if len(value) == 1 or _all_messages(value) else value
    if isinstance(value, dict) and "content" in value and "role" in value:
        content = value["content"]
        if isinstance(content, list):
            return "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        return content
    return value


def _output(value: Any) -> Any:
    """The answer as text; an object or list was JSON before somebody parsed it."""
    value = spoken(value)
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value


def _reference(value: Any) -> Any:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return spoken(value) if "role" in value else json.dumps(value, ensure_ascii=False)
    return value or None


def _context(value: Any) -> Any:
    if isinstance(value, str):
        if value.lstrip()[:1] not in ("[", "{"):
            return value or None
        found = parsed(value)
        value = found if isinstance(found, list) and found else value
    if isinstance(value, list):
        return [_passage(item) for item in value] or None
    return value


def _passage(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    texts = (item[key] for key in TEXT_KEYS if isinstance(item.get(key), str))
    return next(texts, None) or json.dumps(item, ensure_ascii=False)


def _format(value: Any) -> Any:
    """A format as given, or made of a bare JSON schema or of a single word such as "json"."""
    if isinstance(value, str):
        word = value.strip()
        if not word:
            return None
        value = parsed(word) if word[0] == "{" else {"type": word.lower()}
        if value is None or (len(value) == 1 and not word.isidentifier() and word[0] != "{"):
            raise ValueError("format_spec: neither a JSON object nor one word such as json")
    return format_of(value) if isinstance(value, dict) else value


def format_of(value: dict[str, Any]) -> dict[str, Any] | None:
    """A format, also if given as a bare JSON schema or as OpenAI's ``response_format``."""
    kind = value.get("type")
    schema = value.get("json_schema")
    if kind == "json_schema" and isinstance(schema, dict) and "schema" not in value:
        return {"type": "json_schema", "schema": schema.get("schema", schema)}
    if kind == "json_object":
        return {"type": "json"}
    if kind == "text" and len(value) == 1:
        return None
    bare = "$schema" in value or kind in SCHEMA_TYPES or ("properties" in value and kind is None)
    return {"type": "json_schema", "schema": value} if bare else value


def _note(value: Any) -> Any:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = "\n".join(value)
    return (value.strip() or None) if isinstance(value, str) else value


def _metadata(value: Any) -> Any:
    if isinstance(value, str):
        found = parsed(value)
        return found if isinstance(found, dict) else {"metadata": value} if value else None
    return value


def parsed(text: str) -> Any:
    """The list or object in a cell, as JSON or as Python writes it; None where it is neither."""
    with suppress(ValueError):
        return parse_json(text)
    if len(text) > MAX_LITERAL:
        return None
    with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
        value = plain(ast.literal_eval(text.strip()))
        return value if isinstance(value, list | dict) and not too_deep(value) else None
    return None


CONVERT: dict[str, Callable[[Any], Any]] = {
    "id": _identity,
    "input": _input,
    "output": _output,
    "reference": _reference,
    "context": _context,
    "format_spec": _format,
    "reviewer_note": _note,
    "metadata": _metadata,
}
