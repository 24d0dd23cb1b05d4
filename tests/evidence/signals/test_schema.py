"""JSON in an output is checked against the schema or the keys that were asked for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from evidence.signals.schema import detect
from tests.evidence.signals.checking import marked, seen

SCHEMA = {
    "type": "object",
    "required": ["answer", "sure"],
    "additionalProperties": False,
    "properties": {"answer": {"type": "string"}, "sure": {"enum": ["high", "low"]}},
}


@pytest.mark.parametrize(
    ("output", "verdict"),
    [
        ('{"answer": "Suez", "sure": "high"}', "meets"),
        ('{"answer": "Suez"}', "breaks"),
        ('{"answer": "Suez", "sure": "high", "why": "x"}', "breaks"),
        ('{"answer": 5, "sure": "high"}', "breaks"),
        ('{"answer": "Suez", "sure": "HIGH"}', "breaks"),
        ('["Suez"]', "breaks"),
        ('```json\n{"answer": "Suez"}\n```', "breaks"),
        ("{'answer': 'Suez', 'sure': 'low'}", "meets"),
        ("Suez", None),
        ('{"answer": "Su', None),
    ],
)
def test_a_value_meets_its_schema_or_breaks_it(output: str, verdict: str | None) -> None:
    assert seen(detect, output, type="json_schema", schema=SCHEMA) == verdict


@pytest.mark.parametrize(
    "keys",
    [
        {"schema": SCHEMA},
        {"json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}},
        {"schema": json.dumps(SCHEMA)},
        {"required": ["answer", "sure"]},
        {"keys": ["answer", "sure"]},
        {"properties": SCHEMA["properties"], "required": ["sure"]},
    ],
)
def test_a_schema_may_be_given_in_several_ways(keys: dict[str, Any]) -> None:
    assert seen(detect, '{"answer": "Suez", "sure": "low"}', type="json", **keys) == "meets"
    assert seen(detect, '{"answer": "Suez"}', type="json", **keys) == "breaks"


def test_the_wrong_key_is_marked() -> None:
    output = '{"answer": 5, "sure": "low"}'
    assert marked(detect, output, type="json", schema=SCHEMA) == ['"answer"']


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://192.0.2.1/schema.json"},
        {"$ref": "file:///etc/hostname"},
        {"type": 5},
        {"type": "object", "properties": {"answer": {"pattern": "("}}},
        "no schema",
        5,
        {},
    ],
)
def test_a_schema_that_cannot_be_checked_offline_is_not_measured(schema: Any) -> None:
    assert seen(detect, '{"answer": "Suez"}', type="json_schema", schema=schema) is None


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(?=a)(a+)+$"])
def test_a_catastrophic_pattern_in_a_schema_ends_soon(pattern: str) -> None:
    schema = {"properties": {"answer": {"pattern": pattern}}}
    output = json.dumps({"answer": "a" * 5_000 + "b"})
    assert seen(detect, output, type="json_schema", schema=schema) in ("breaks", None)


def test_a_schema_that_refers_to_itself_is_followed() -> None:
    schema = {"type": "object", "properties": {"next": {"$ref": "#"}}}
    assert seen(detect, '{"next": {"next": 5}}', type="json_schema", schema=schema) == "breaks"
