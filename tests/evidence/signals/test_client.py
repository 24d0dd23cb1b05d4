"""Empty outputs and error messages in place of answers are told from answers."""

from __future__ import annotations

import pytest

from evidence.records import FailureRecord
from evidence.signals.client import detect
from evidence.view import RecordView
from tests.evidence.signals.checking import seen, view


@pytest.mark.parametrize("output", ["", " \n", "\x00", "\u200b"])
def test_nothing_is_no_answer(output: str) -> None:
    assert seen(detect, output) == "empty"


@pytest.mark.parametrize(
    "output",
    [
        "Internal Server Error",
        "Error code: 429 - rate limit",
        "Traceback (most recent call last):\n  File",
        '{"error": {"message": "Rate limit reached", "type": "requests"}}',
        "openai.RateLimitError: too many",
        "Request timed out.",
        "[object Object]",
        "This model's maximum context length is 4096 tokens.",
    ],
)
def test_an_error_message_is_no_answer(output: str) -> None:
    assert seen(detect, output) == "message"


@pytest.mark.parametrize(
    "output",
    ["None", "Port Said", "404", "In 500 BC.", '{"error": "none"}', "Connections are many."],
)
def test_an_answer_is_an_answer(output: str) -> None:
    assert seen(detect, output) == "none"


def test_a_message_that_was_asked_for_is_an_answer() -> None:
    asked = view("Internal Server Error", "What is the error text of status 500?")
    assert [item.value for item in detect(asked)] == ["none"]


def test_an_empty_answer_may_be_the_right_one() -> None:
    record = FailureRecord(id="r", input="Names?", output="", reference="")
    assert list(detect(RecordView(record))) == []
