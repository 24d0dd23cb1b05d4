"""JSON values that are safe to keep and to write again, and other values made into such."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Mapping
from typing import Any

MAX_DEPTH = 100
"""Objects and lists inside each other; deeper ones are refused, as writers of JSON may fail."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_PLAIN = (str, int, bool, type(None))


def _finite(text: str) -> float | None:
    value = float(text)
    return value if math.isfinite(value) else None


def _nothing(_: str) -> None:
    """NaN and Infinity are no JSON, yet common in logs: not measured."""


DECODER = json.JSONDecoder(parse_float=_finite, parse_constant=_nothing)


def parse_json(text: str) -> Any:
    """The value of a JSON text; raises ValueError that says in words what is wrong.

    NaN and infinite numbers become null. Halves of characters (lone surrogates), which cannot be
    written as UTF-8, become the replacement character.
    """
    try:
        value = DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg} at character {error.pos + 1}") from error
    except RecursionError as error:
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep") from error
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    return checked(value, text)


def checked(value: Any, text: str) -> Any:
    """A decoded value made safe, with the text that it was decoded from."""
    if text.count("[") + text.count("{") > MAX_DEPTH and too_deep(value):
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
    return whole(value) if "\\ud" in text or "\\uD" in text else value


def too_deep(value: Any) -> bool:
    """Whether lists and objects lie in each other more than ``MAX_DEPTH`` levels deep."""
    level, depth = [value], 0
    while level and depth <= MAX_DEPTH:
        level = [inner for item in level for inner in _inside(item)]
        depth += 1
    return bool(level)


def _inside(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def whole(value: Any) -> Any:
    """The value with every half of a character replaced, in keys as well."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [whole(item) for item in value]
    if isinstance(value, dict):
        return {whole(key): whole(item) for key, item in value.items()}
    return value


def plain(value: Any, depth: int = 0) -> Any:
    """Any value of a table's cell as one that JSON has; raises ValueError where it is too deep.

    Dates and other things become their text, bytes that are not text become base64.
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, _PLAIN):
        return value
    if depth > MAX_DEPTH:
        raise ValueError(f"nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, Mapping):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, bytes):
        return _text(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return base64.b64encode(raw).decode("ascii")
