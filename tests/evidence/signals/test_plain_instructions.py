"""Instructions in usual words: recognised where they are meant, left alone elsewhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.diagnose import diagnose_record
from evidence.records import FailureRecord, FormatSpec, Message
from evidence.signals.plain_instructions import MAX_INPUT_CHARS, detect
from evidence.view import RecordView


def seen(question: str, output: str) -> dict[str, object]:
    """What is observed on a question and its answer, by signal."""
    view = RecordView(FailureRecord(id="r", input=question, output=output))
    return {item.signal: item.value for item in detect(view)}


@pytest.mark.parametrize(
    ("question", "broken", "kind"),
    [
        ("Describe it in under 5 words.", "It is a rather long answer.", "verbosity_or_length"),
        ("Write no more than 1 sentences.", "One. Two. Three.", "verbosity_or_length"),
        ("Tell me more, without using any commas.", "Well, no.", "style"),
        ("Your answer must be in all capital letters.", "Hello there.", "style"),
        ("Give your answer in valid JSON.", "Sure! Here it is.", "malformed_output"),
        ("Use exactly 3 bullet points.", "* one", "format_not_followed"),
        ("Is it so? Answer only yes or no.", "Yes, because it rains.", "format_not_followed"),
        ("Use at least 2 placeholders.", "Dear [name]", "instruction_not_followed"),
    ],
)
def test_a_stated_instruction_that_was_not_followed_is_named(
    question: str, broken: str, kind: str
) -> None:
    assert seen(question, broken)["stated_instruction_broken_kind"] == kind


@pytest.mark.parametrize(
    ("question", "kept"),
    [
        ("Describe it in under 5 words.", "It rains."),
        ("Answer only yes or no.", "Yes."),
        ("Give your answer in valid JSON.", "{}"),
    ],
)
def test_a_stated_instruction_that_was_followed_holds(question: str, kept: str) -> None:
    assert seen(question, kept) == {"stated_instructions_followed": True}


@pytest.mark.parametrize(
    "question",
    [
        "How many words does the average adult know?",
        "Where do commas go in a list?",
        "Write 5 paragraphs of at most 50 words each.",
        "Words in all capital letters should appear twice.",
    ],
)
def test_what_is_no_instruction_is_left_alone(question: str) -> None:
    assert not seen(question, "Well, some, or many more than that, who knows. " * 20)


def test_instructions_of_the_system_message_count() -> None:
    messages = [
        Message(role="system", content="Never use commas."),
        Message(role="user", content="Hello?"),
    ]
    view = RecordView(FailureRecord(id="r", input=messages, output="Hello, you."))
    assert [item.value for item in detect(view)] == ["style", False]


def test_a_long_input_is_a_document_and_not_read() -> None:
    assert not seen("Do not use commas. " + "x" * MAX_INPUT_CHARS, "a, b")


def test_listed_instructions_make_stated_ones_superfluous() -> None:
    asked = FormatSpec(type="ifeval")
    record = FailureRecord(id="r", input="No commas.", output="a, b", format_spec=asked)
    assert not list(detect(RecordView(record)))


def test_a_broken_stated_instruction_is_behavior_at_moderate_strength() -> None:
    found = diagnose_record(FailureRecord(id="r", input="Use no commas.", output="So, it is."))
    assert (found.label, found.subtype, found.confidence) == ("behavior", "style", "moderate")


@given(st.text(max_size=200), st.text(max_size=200))
def test_no_text_makes_it_raise(question: str, output: str) -> None:
    seen(question, output)
    seen(f"{question} at least 99999 words, exactly 3 bullet points, no commas", output)
