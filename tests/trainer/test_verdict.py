from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trainer.contract import Comparison
from trainer.paired import Table, perplexities, shares
from trainer.verdict import decide, items_needed, judge

counts = st.builds(Table, *[st.integers(min_value=0, max_value=300)] * 4).filter(
    lambda found: found.n > 0
)


def test_a_clear_gain_helped() -> None:
    verdict = judge(Table(both=20, lost=2, gained=40, neither=38))
    assert verdict.outcome == "helped"
    assert "22.0%" in verdict.because
    assert "60.0%" in verdict.because
    assert verdict.comparisons[0].measure == "score"
    assert verdict.needed is None


def test_the_same_answers_on_many_items_did_not_help() -> None:
    assert judge(Table(both=150, lost=0, gained=0, neither=150)).outcome == "did_not_help"


def test_a_clear_loss_is_harm() -> None:
    assert judge(Table(both=20, lost=40, gained=2, neither=38)).outcome == "harmed"


def test_few_items_cannot_tell_and_it_is_said_how_many_would() -> None:
    verdict = judge(Table(both=5, lost=1, gained=3, neither=3))
    assert verdict.outcome == "cannot_tell"
    assert verdict.needed is not None
    assert 0 < verdict.needed < 200
    assert f"{verdict.needed:,} more" in verdict.because


def test_without_items_nothing_can_be_told() -> None:
    assert judge(Table(0, 0, 0, 0)).outcome == "cannot_tell"


def test_a_gain_that_broke_what_passed_before_says_so() -> None:
    broken = shares("regression", Table(both=40, lost=12, gained=0, neither=0))
    verdict = judge(Table(both=20, lost=2, gained=40, neither=38), [broken])
    assert verdict.outcome == "helped"
    assert "broke items that should go on passing" in verdict.because


def test_no_gain_and_a_broken_safety_set_is_harm() -> None:
    broken = shares("safety", Table(both=40, lost=12, gained=0, neither=0))
    assert judge(Table(both=150, lost=0, gained=0, neither=150), [broken]).outcome == "harmed"


def test_what_was_forgotten_is_told() -> None:
    forgotten = perplexities("forgetting", [20.0] * 20, [30.0] * 20, [10] * 20)
    verdict = judge(Table(both=20, lost=2, gained=40, neither=38), [forgotten])
    assert "forgot" in verdict.because


def test_other_measures_stay_beside_the_main_one() -> None:
    form = Comparison(
        measure="format", n=9, base=0.2, tuned=1, difference=0.8, low=0.4, high=0.95, p=0.01
    )
    verdict = judge(Table(1, 1, 4, 3), [form])
    assert [item.measure for item in verdict.comparisons] == ["score", "format"]
    assert "20.0% to 100.0%" in verdict.because


@given(counts)
def test_the_named_number_of_items_would_tell(found: Table) -> None:
    if decide(found) != "cannot_tell":
        return
    needed = items_needed(found)
    if needed is not None:
        assert needed > 0
        assert decide(found.scaled(found.n + needed)) != "cannot_tell"


@given(counts)
def test_swapping_the_models_swaps_help_and_harm(found: Table) -> None:
    swapped = Table(found.both, found.gained, found.lost, found.neither)
    assert (decide(found) == "helped") == (decide(swapped) == "harmed")
