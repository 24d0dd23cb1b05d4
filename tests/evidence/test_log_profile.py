"""What is usual in a log, whatever the odd records in it."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.log_profile import FEWEST, FIRST, LogProfile, profile_of, style_of
from evidence.records import FailureRecord

CALM = "The mine was dug by hand over many years, and its ore was taken to the valley by cart."


def log(*outputs: str) -> list[FailureRecord]:
    """Records with these outputs."""
    return [FailureRecord(id=str(i), input="?", output=text) for i, text in enumerate(outputs)]


def test_a_short_log_shows_nothing_usual() -> None:
    assert profile_of(log(*[CALM] * (FEWEST - 1))) == LogProfile(FEWEST - 1)
    assert profile_of([]) == LogProfile(0)


def test_a_few_odd_outputs_do_not_move_what_is_usual() -> None:
    odd = ["WOW!!! " * 40] * 20

    calm, mixed = profile_of(log(*[CALM] * 100)), profile_of(log(*[CALM] * 100, *odd))

    assert {m.name: m.middle for m in calm.measures} == {m.name: m.middle for m in mixed.measures}


@pytest.mark.parametrize(
    ("measure", "output"),
    [
        ("capitals", CALM.upper()),
        (
            "exclamation",
            "What a mine! Dug by hand! For years! And all of its ore went by cart! So!",
        ),
        ("emoji", CALM + "😀" * 12),
        (
            "markdown",
            "# The Mine Itself\n**Dug** by hand\n## Ore\n**Taken** to the valley\n# By\n"
            "# cart it went on\n",
        ),
        (
            "address",
            "You dig your mine, you take your ore, you go where your cart goes, and you rest.",
        ),
        (
            "contractions",
            "It's a mine they'd dug, and it's said they'd none, so they'd carry what they'd got.",
        ),
        (
            "script",
            "Шахту копали вручную много лет, и руду возили в долину на телегах, и так было всегда.",
        ),
        ("length", CALM * 200),
    ],
)
def test_an_output_of_another_style_is_far_from_the_middle(measure: str, output: str) -> None:
    profile = profile_of(log(*[CALM] * 100))

    assert profile.strangeness(style_of(output))[measure] > 4
    assert abs(profile.strangeness(style_of(CALM))[measure]) < 1


def test_only_the_first_records_are_read() -> None:
    records = log(*[CALM] * FIRST, *["WOW!"] * 10)

    assert profile_of(iter(records)).outputs == FIRST


def test_a_profile_travels_between_processes() -> None:
    profile = profile_of(log(*[CALM] * 60))

    assert pickle.loads(pickle.dumps(profile)) == profile  # noqa: S301


@given(st.lists(st.text(max_size=80), min_size=FEWEST, max_size=FEWEST + 5))
def test_any_outputs_have_a_profile(outputs: list[str]) -> None:
    profile = profile_of(log(*outputs))

    assert all(item.spread > 0 for item in profile.measures)
    assert all(-1e9 < far < 1e9 for far in profile.strangeness(style_of(outputs[0])).values())
