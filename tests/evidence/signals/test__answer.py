"""The answer alone is found in the formats that models wrap it in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.records import FailureRecord, FormatSpec
from evidence.signals._answer import answer_text
from evidence.view import RecordView


def view(output: str, **format_spec: Any) -> RecordView:
    spec = FormatSpec.model_validate(format_spec) if format_spec else None
    return RecordView(FailureRecord(id="r", input="?", output=output, format_spec=spec))


@pytest.mark.parametrize(
    "output",
    [
        "Port Said",
        "The answer is Port Said",
        "Based on the context, Port Said",
        "According to the passage: Port Said",
        "ANSWER: Port Said",
        "Answer - Port Said",
        "**Answer:** Port Said",
        "ANSWER: Port Said\nANSWER: Port Said",
        "- Answer: Port Said\n- Evidence: The canal begins there.",
        "```\n- Reply: Port Said\n- EVIDENCE: the canal\n```",
        '{"answer": "Port Said", "confidence": "high"}',
        "{'answer': 'Port Said', 'confidence': 'high'}",
        '{"response": "Port Said", "source": "page 2"}',
        '{"result": {"answer": "Port Said"}}',
        '{"answer": ["Port Said"]}',
        '{"reasoning": "The canal ends there.", "port": "Port Said", "confidence": "high"}',
        '{"found": {"port": "Port Said"}}',
        '{"city": "Port Said", "population": 603787}',
        '{"answer": "Port Said", "confidence": ',
        '{"answer": "Port Said',
        '```json\n{"answer": "Port Said"}\n```',
        'Sure! Here you go:\n{"answer": "Port Said"}\n\nLet me know if you need anything else!',
        "<answer>Port Said</answer>",
        "<answer>Port Said</answ",
        "Here is the answer:\n\n<reply>Port Said</reply>",
        "<city>Port Said</city>",
        'answer,confidence\n"Port Said",high',
        'answer,confidence\n"Port Said"',
        "Port Said\n\nI hope this helps!",
        "Port Said\n\nNote: this is based on the given context only.",
    ],
)
def test_the_answer_is_taken_out_of_its_wrapping(output: str) -> None:
    assert answer_text(view(output)) == "Port Said"


def test_a_group_of_the_asked_pattern_is_the_answer() -> None:
    asked = {"type": "regex", "pattern": r"^City=(?P<answer>[^;]+);Year=(\d+)$"}
    assert answer_text(view("City=Port Said;Year=1869", **asked)) == "Port Said"


def test_a_long_text_stays_as_it_is() -> None:
    text = "The canal was dug from 1859 on.\n\nNote the year: it was opened in 1869."
    assert answer_text(view(text)) == text


def test_text_with_an_inner_quote_is_unescaped() -> None:
    assert answer_text(view('{"answer": "the \\"big\\" one", ')) == 'the "big" one'


@given(st.text(), st.dictionaries(st.text(), st.none() | st.integers() | st.text()))
def test_any_text_gives_a_text(output: str, keys: dict[str, Any]) -> None:
    answer = answer_text(view(output, **(keys | {"type": "regex"})))
    assert len(answer) <= len(output)


@pytest.mark.parametrize(
    "piece", ["{", "[", '{"a":', "<a>", "Answer: ", "```\n", "(", "\x00", "- "]
)
def test_hostile_repetition_ends_soon(piece: str) -> None:
    assert isinstance(answer_text(view(piece * 100_000)), str)
