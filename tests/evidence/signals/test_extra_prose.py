"""Talk and fences around an output that had to be in a format are found and marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.extra_prose import detect
from tests.evidence.signals.checking import marked, seen


@pytest.mark.parametrize(
    ("kind", "output", "value"),
    [
        ("json", '{"a": 1}', "none"),
        ("json", '```json\n{"a": 1}\n```', "fence"),
        ("json", 'Sure! Here you go:\n{"a": 1}', "before"),
        ("json", '{"a": 1}\nBased on page 2.', "after"),
        ("json", 'Here:\n```json\n{"a": 1}\n```\nDone.', "around"),
        ("xml", "So: <a/> it is", "around"),
        ("regex", "Here is the answer:\n\nANSWER: Suez", "before"),
        ("regex", "ANSWER: Suez\n\nLet me know if you need anything else!", "after"),
        ("regex", "ANSWER: Suez", "none"),
        ("code", "```python\nx = 1\n```", "none"),
        ("length", "Sure! Here you go:\nSuez", None),
        ("json", "", None),
    ],
)
def test_talk_is_found_around_a_format(kind: str, output: str, value: str | None) -> None:
    assert seen(detect, output, type=kind) == value


def test_the_talk_is_marked() -> None:
    assert marked(detect, 'Sure! Here: {"a": 1}\nBye', type="json") == ["Sure! Here: ", "\nBye"]


@given(st.text(alphabet="`{}<>[]aA1:\n. "), st.sampled_from(["json", "xml", "regex", "yaml"]))
def test_any_text_is_read(output: str, kind: str) -> None:
    seen(detect, output, type=kind)
