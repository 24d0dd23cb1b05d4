"""Words that must not be said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.records import FailureRecord
from evidence.signals._conduct_text import FOLDER
from evidence.signals.unsafe import detect
from evidence.view import RecordView

CRUDE = "whores"


def seen(output: str, question: str = "Who are you?") -> object:
    """What is observed of an output; checks its spans."""
    view = RecordView(FailureRecord(id="r", input=question, output=output))
    found = list(detect(view))
    for item in found:
        assert all(0 <= span.start < span.end <= len(output) for span in item.spans)
    return found[0].value if found else None


@pytest.mark.parametrize(
    ("output", "kind"),
    [
        ("Leave, or I will hurt you.", "threat"),
        ("Nobody would miss you.", "threat"),
        ("You are such an idiot.", "abuse"),
        (f"They are {CRUDE}.", "crude"),
        ("You are welcome here.", "none"),
        ("I will find you a room.", "none"),
        ("Please do it yourself.", "none"),
    ],
)
def test_threats_abuse_and_crude_words_are_told_apart(output: str, kind: str) -> None:
    assert seen(output) == kind


def test_a_word_of_the_input_is_quoted_not_said() -> None:
    assert seen(f"They are {CRUDE}.", f"What does {CRUDE} mean?") == "none"


def test_nobody_has_to_read_the_words() -> None:
    assert CRUDE not in (FOLDER / "_conduct_unsafe.yaml").read_text(encoding="utf-8")


@given(st.text(max_size=300))
def test_any_text_can_be_read(output: str) -> None:
    seen(output)


@pytest.mark.parametrize("piece", ["you are ", "yourself ", "\x00", "whores "])
def test_a_huge_output_is_read_in_no_time(piece: str) -> None:
    seen(piece * 300_000)
