"""A demand for JSON in plain words is understood and its keys are looked for."""

from __future__ import annotations

import pytest

from evidence.signals.json_in_words import detect
from tests.evidence.signals.checking import view

LIST = (
    'When?\n\nReply with only a JSON object with the keys "answer" (string) and "sure" '
    '("high" or "low").'
)
TEMPLATE = 'When?\n\nReturn JSON only: {"answer": string, "sure": string}. No other text.'
PLAIN = "Extract the names. Your response must be valid JSON."


def value(given: str, output: str) -> object:
    return next((item.value for item in detect(view(output, given))), None)


@pytest.mark.parametrize("given", [LIST, TEMPLATE])
@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ('{"answer": "1869", "sure": "high"}', "kept"),
        ('{"answer": "1869"}', "broken"),
        ('{"response": "1869", "sure": "high"}', "broken"),
        ('{"answer": "1869", "sure": "high", "why": "x"}', "broken"),
        ("1869", "broken"),
        ("{'answer': '1869', 'sure': 'high'}", "broken"),
        ('```json\n{"answer": "1869", "sure": "high"}\n```', "broken"),
        ("", None),
    ],
)
def test_named_keys_are_demanded(given: str, output: str, expected: str | None) -> None:
    assert value(given, output) == expected


def test_json_without_named_keys_may_have_any() -> None:
    assert value(PLAIN, '{"names": []}') == "kept"
    assert value(PLAIN, "Ada") == "broken"


@pytest.mark.parametrize(
    "given",
    [
        "What is JSON?",
        "Explain how to parse a JSON file only with the standard library.",
        "Answer in prose and include a valid JSON example.",
        "Convert this JSON to a sentence.",
    ],
)
def test_where_json_is_only_spoken_of_nothing_is_measured(given: str) -> None:
    assert value(given, "Use a parser.") is None


def test_a_format_spec_takes_its_place() -> None:
    assert list(detect(view("1869", LIST, type="regex", pattern="x"))) == []
    assert list(detect(view("{}", LIST, type="json", schema={"type": "object"}))) == []


def test_keys_are_demanded_where_the_format_spec_names_none() -> None:
    found = list(detect(view('{"response": "1869"}', LIST, type="json")))
    assert [item.value for item in found] == ["broken"]


def test_a_fence_is_welcome_where_it_is_spoken_of_or_json_is_not_all() -> None:
    fenced = '```json\n{"names": []}\n```'
    assert value("Reply only with JSON. You can use markdown ticks.", fenced) is None
    assert value("Please wrap the entire output in JSON format.", fenced) is None
    assert value("Please wrap the entire output in JSON format.", "Ada") == "broken"
