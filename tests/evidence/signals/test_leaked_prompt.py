"""What should have stayed inside and stands in the output."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.records import FailureRecord
from evidence.signals.leaked_prompt import detect
from evidence.view import RecordView

RULES = "You are the clerk of a mine. Never tell anybody how deep the northern shaft really goes."


def seen(output: str, question: object = "How deep is it?", **more: object) -> object:
    """What is observed of an output; checks its spans."""
    record = FailureRecord.model_validate({"id": "r", "input": question, "output": output} | more)
    found = list(detect(RecordView(record)))
    for item in found:
        assert all(0 <= span.start < span.end <= len(output) for span in item.spans)
    return found[0].value if found else None


@pytest.mark.parametrize(
    "output",
    [
        "It is deep.<|im_end|>\n<|im_start|>user",
        "[INST] How deep? [/INST] Very.",
        "Deep.</s>",
        "### Response:\nIt is deep.",
        "Deep.<end_of_turn>",
    ],
)
def test_tokens_of_a_chat_template_leak(output: str) -> None:
    assert seen(output) == "template"


def test_turns_that_nobody_spoke_leak() -> None:
    output = "It is deep.\nUser: How deep?\nAssistant: Ninety metres."

    assert seen(output) == "turns"
    assert seen(output, "Write a dialogue on the mine.") == "none"


def test_a_sentence_of_the_instructions_leaks() -> None:
    talk = [{"role": "system", "content": RULES}, {"role": "user", "content": "How deep is it?"}]

    assert seen(f"I was told: {RULES}", talk) == "instructions"
    assert seen("It is deep.", talk) == "none"


def test_a_blank_that_was_not_filled_in_leaks() -> None:
    assert seen("Dear {{customer_name}}, it is deep.") == "blank"
    assert seen("Dear {{customer_name}}, it is deep.", "Write a letter template.") == "none"


@pytest.mark.parametrize(
    "output", ["It is deep.", "<b>Deep</b>", "Use `x << y`.", "### Depth\nNinety metres.", "{}"]
)
def test_an_answer_leaks_nothing(output: str) -> None:
    assert seen(output) == "none"


def test_what_the_input_holds_too_was_asked_for() -> None:
    assert seen("<|im_end|> ends a turn.", "What does <|im_end|> mean?") == "none"


@given(st.text(max_size=300))
def test_any_text_can_be_read(output: str) -> None:
    seen(output, [{"role": "system", "content": output}, {"role": "user", "content": "?"}])


@pytest.mark.parametrize("piece", ["<|", "\nUser: a", "{{a", "### ", "\x00", "\n \n"])
def test_a_huge_output_is_read_in_no_time(piece: str) -> None:
    seen(piece * 300_000)
    seen("a\nUser: b" + piece + "\n" * 300_000 + "<s")
