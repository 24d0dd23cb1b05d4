"""A diagnosed record as one line of JSON, as ``formfact diagnose --out`` writes it."""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import to_json

from evidence.diagnose import Diagnosed
from evidence.signals import Observation, Span


def line_of(item: Diagnosed) -> dict[str, Any]:
    """The record's class with its signals and rules, as JSON has it."""
    return {
        "id": item.id,
        "label": item.label,
        "subtype": item.subtype,
        "confidence": item.confidence,
        "signals": [_signal(seen) for seen in item.signals],
        "rules": list(item.rules),
    }


def text_of(item: Diagnosed) -> bytes:
    """The record's class as one line of JSON in UTF-8, without its end."""
    line = line_of(item)
    try:
        return to_json(line)
    except ValueError:  # half of a character, which Python can write and UTF-8 has not
        return json.dumps(line, ensure_ascii=False).encode("utf-8", "backslashreplace")


def _signal(seen: Observation) -> dict[str, Any]:
    spans = [[span.where, span.start, span.end] for span in seen.spans]
    data = {"signal": seen.signal, "value": seen.value, "detail": seen.detail}
    return {**data, "spans": spans} if spans else data


def diagnosed_of(line: dict[str, Any]) -> Diagnosed:
    """What such a line says. Raises KeyError or ValueError where it is not one."""
    return Diagnosed(
        id=line["id"],
        label=line["label"],
        subtype=line["subtype"],
        confidence=line["confidence"],
        signals=tuple(_observation(seen) for seen in line["signals"]),
        rules=tuple(line["rules"]),
    )


def _observation(seen: dict[str, Any]) -> Observation:
    spans = tuple(Span(start, end, where) for where, start, end in seen.get("spans", ()))
    return Observation(seen["signal"], seen["value"], seen["detail"], spans)
