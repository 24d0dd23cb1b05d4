"""References and answers that are JSON: compared value by value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

from evidence.signals._facts_text import plain

DEEPEST = 6
MOST_VALUES = 200
MOST = 20_000
"""Characters of an answer in which JSON is looked for."""


def data_in(text: str) -> dict[str, str] | None:
    """The values of the first JSON object or list in a text, by their place; None without one."""
    starts = [at for at in (text.find("{"), text.find("[")) if at >= 0]
    if not starts or len(text) > MOST:
        return None
    try:
        found, _ = json.JSONDecoder().raw_decode(text, min(starts))
    except (ValueError, RecursionError):
        return None
    pairs = zip(range(MOST_VALUES), _values(found, "", DEEPEST), strict=False)
    return {place: value for _, (place, value) in pairs}


def _values(value: Any, place: str, deeper: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and deeper:
        for key in value:
            yield from _values(value[key], f"{place}/{str(key).casefold()}", deeper - 1)
    elif isinstance(value, list) and deeper:
        for number, item in enumerate(value):
            yield from _values(item, f"{place}/{number}", deeper - 1)
    else:
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        yield place, plain(text) if text.strip() else ""


def compared(
    answer: dict[str, str], reference: dict[str, str]
) -> Literal["same", "holds", "part", "different"]:
    """The same values at the same places, more of them, only some, or none."""
    hits = sum(answer.get(place) == value for place, value in reference.items())
    if hits == len(reference):
        return "same" if len(answer) == len(reference) else "holds"
    return "part" if hits else "different"
