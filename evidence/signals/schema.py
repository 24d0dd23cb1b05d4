"""Does the JSON in the output hold what its schema demands?

Looks at the JSON value in the output, also where it stands in a fence or in prose, and at the
schema (or the required keys) in ``format_spec``; returns ``format_schema``, with the key at which
the schema is broken. A schema that refers to another address is not measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._json import read_json
from evidence.signals._parsed import SHOWN
from evidence.signals._spec import kind_of, schema_of
from evidence.view import RecordView

SIGNALS = ("format_schema",)


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether the schema is met, where there are a schema and a value."""
    if kind_of(view.format) != "json":
        return
    schema, parsed = schema_of(view.format), read_json(view.output)
    if schema is None or parsed is None or not parsed.readable:
        return
    from evidence.signals._schema import validator_for, violations

    validator = validator_for(schema)
    broken = violations(validator, parsed.value) if validator is not None else None
    if broken is None:
        return
    if not broken:
        yield Observation("format_schema", "meets", "It meets its schema")
        return
    said = "; ".join(f"{_path(path)}{why[:SHOWN]}" for why, path in broken)
    yield Observation("format_schema", "breaks", said, _spans(view.output, broken[0][1]))


def _path(path: list[str | int]) -> str:
    return ".".join(map(str, path))[:SHOWN] + ": " if path else ""


def _spans(output: str, path: list[str | int]) -> tuple[Span, ...]:
    """Where the last key of the path stands in the output; the whole output for none."""
    place = 0
    name = ""
    for part in path:
        if isinstance(part, str):
            found = output.find(f'"{part}"', place)
            if found < 0:
                break
            place, name = found, f'"{part}"'
    return (Span(place, place + len(name)),) if name else (Span(0, len(output)),)
