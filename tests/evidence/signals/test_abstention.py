"""Not knowing: said in full, said and followed by an answer, or not said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.records import FailureRecord
from evidence.signals.abstention import detect
from evidence.view import RecordView


def seen(output: str, reference: str | None = None) -> dict[str, object]:
    """What is observed of an output, by signal; checks its spans."""
    record = FailureRecord(id="r", input="Who dug it?", output=output, reference=reference)
    found = list(detect(RecordView(record)))
    for item in found:
        assert all(0 <= span.start < span.end <= len(output) for span in item.spans)
    return {item.signal: item.value for item in found}


@pytest.mark.parametrize(
    "output",
    [
        "I don't know.",
        "Not mentioned in the context",
        "The provided context does not mention who dug it.",
        "There is no information about that in the documents.",
        "Unfortunately, I couldn't find any details on this.",
        "It is unclear from the text who dug it.",
        "The answer cannot be determined from the passage.",
        "I do not have access to real-time data, so I cannot tell.",
        "N/A",
        "Leider habe ich keine Informationen dazu.",
        "No se menciona en el texto.",
        "我不知道。",
    ],
)
def test_not_knowing_is_seen_in_many_words(output: str) -> None:
    assert seen(output) == {"abstention": "full"}


@pytest.mark.parametrize(
    "output",
    ["Miners dug it.", "No.", "He did not know that it was deep.", "I can't help with that."],
)
def test_an_answer_or_a_refusal_is_no_abstention(output: str) -> None:
    assert seen(output) == {"abstention": "none"}


@pytest.mark.parametrize(
    "output",
    [
        "I'm not sure, but I think miners did.",
        "The text does not say who dug it. However, it says that the village paid miners for it.",
        "Miners dug it. " * 30 + "I don't know when.",
    ],
)
def test_a_hedge_that_goes_on_is_partial(output: str) -> None:
    assert seen(output)["abstention"] == "partial"


def test_a_reference_may_say_that_it_cannot_be_known() -> None:
    assert seen("Miners.", "Unanswerable")["reference_abstains"] is True
    assert seen("Miners.", "The miners of Goslar")["reference_abstains"] is False


@given(st.text(max_size=400), st.none() | st.text(max_size=100))
def test_any_text_can_be_read(output: str, reference: str | None) -> None:
    seen(output, reference)


@pytest.mark.parametrize("piece", ["the context ", "i don't know ", "is not ", "\x00", "不知道"])
def test_a_huge_output_is_read_in_no_time(piece: str) -> None:
    seen(piece * 200_000, piece * 1000)
