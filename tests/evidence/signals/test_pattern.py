"""An output is compared with the regular expression that was asked for, in limited time."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.pattern import detect
from tests.evidence.signals.checking import marked, seen


@pytest.mark.parametrize(
    ("pattern", "output", "value"),
    [
        ("^ANSWER: [^\\n]+$", "ANSWER: Suez", "matches"),
        ("^ANSWER: [^\\n]+$", "ANSWER: Suez\n", "matches"),
        ("^ANSWER: [^\\n]+$", "Answer: Suez", "differs"),
        ("^ANSWER: [^\\n]+$", "ANSWER: Suez\nANSWER: Suez", "differs"),
        ("\\d+", "1869", "matches"),
        ("\\d+", "It was 1869.", "inside"),
        ("yes|yes, sure", "yes, sure", "matches"),
        ("/yes/i", "Yes", "matches"),
        ("^(?=.*\\d)", "in 1869", "matches"),
        ("(?P<year>\\d{4})", "1869", "matches"),
        ("(", "1869", None),
        (5, "1869", None),
        ("", "1869", None),
    ],
)
def test_an_output_matches_or_holds_or_misses_a_pattern(
    pattern: Any, output: str, value: str | None
) -> None:
    assert seen(detect, output, type="regex", pattern=pattern) == value


@pytest.mark.parametrize("flags", ["i", "IGNORECASE", ["i", "m"], "re.IGNORECASE|re.DOTALL"])
def test_flags_are_read_in_their_usual_forms(flags: Any) -> None:
    assert seen(detect, "YES", type="regex", regex="yes", flags=flags) == "matches"


def test_a_spec_may_say_that_a_part_is_enough() -> None:
    assert seen(detect, "in 1869", type="regex", pattern="\\d+", match="search") == "matches"


def test_what_does_not_match_is_marked() -> None:
    assert marked(detect, "in 1869.", type="regex", pattern="\\d+") == ["in ", "."]


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+$", "(.*a){25}x", "(a*)*b", "^(a|b|ab)*c$"])
def test_a_catastrophic_pattern_is_given_up_soon(pattern: str) -> None:
    start = perf_counter()
    value = seen(detect, "a" * 20_000 + "!", type="regex", pattern=pattern)
    assert value in (None, "differs")
    assert perf_counter() - start < 2


@given(st.text(), st.text())
def test_any_text_may_be_a_pattern(pattern: str, output: str) -> None:
    seen(detect, output, type="regex", pattern=pattern)


def test_a_pattern_that_is_always_too_slow_is_not_tried_for_ever() -> None:
    start = perf_counter()
    for number in range(200):
        output = "x" * 9_000 + str(number)
        assert seen(detect, output, type="regex", pattern="(x+x+)+y") is None
    assert perf_counter() - start < 3
