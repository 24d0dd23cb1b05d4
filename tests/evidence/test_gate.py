from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.gate import BadGate, check_gate, read_gate
from evidence.summary import summarise
from tests.evidence.test_summary import BOOK, many

SUMMARY = summarise(many(information=30, behavior=10, neither=10), BOOK)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("behavior.low > 0.05", True),
        ("behavior.low > 20%", False),
        ("information.share >= 60%", True),
        ("information >= 0.61", False),
        ("failing.behavior.share == 0.25", True),
        ("malformed_output.count >= 10", True),
        ("outdated.share > 0", False),
        ("records < 100", True),
    ],
)
def test_a_gate_compares_one_figure(text: str, holds: bool) -> None:
    assert check_gate(read_gate(text), SUMMARY).holds is holds


def test_a_figure_that_was_not_measured_does_not_let_through() -> None:
    outcome = check_gate(read_gate("behavior.share > 0.9"), summarise([], BOOK))

    assert outcome.value is None
    assert outcome.holds


@pytest.mark.parametrize("text", ["", "behavior", "> 3", "behavior.low > a lot", "a b > 1"])
def test_what_is_no_condition_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadGate, match=r"'behavior\.low > 0\.2'"):
        read_gate(text)


def test_an_unknown_figure_is_named_with_those_that_are_known() -> None:
    with pytest.raises(BadGate, match=r"no figure 'behaviour'; known are .*behavior"):
        check_gate(read_gate("behaviour.low > 0.2"), SUMMARY)


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        gate = read_gate(text)
    except BadGate:
        return
    assert gate.op in ("<", "<=", ">", ">=", "==")
