"""A judge measured against people: when it counts, and shares set right by its rates."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.diagnose import diagnose_record
from evidence.judge import Calibration, Opinion, calibrate, corrected_share, observations
from evidence.judge.calibration import labels_needed
from evidence.records import FailureRecord
from evidence.stats import wilson

JUDGE = "m, prompt 1"
LABELS = ["information", "behavior", "both", "neither"]


def measured(good: int = 30, of: str = JUDGE) -> Calibration:
    """A judge that agreed with people on this many labels of each kind in turn."""
    labels = [LABELS[number % 4] for number in range(good)]
    return calibrate(labels, labels, of=of)


def test_rates_are_those_of_the_pairs_with_wilsons_intervals() -> None:
    human = ["information"] * 10 + ["neither"] * 30
    judge = ["information"] * 8 + ["neither"] * 2 + ["both"] * 3 + ["neither"] * 27
    found = calibrate(human, judge, of=JUDGE)
    assert found.information.true_positive == wilson(8, 10)
    assert found.information.false_positive == wilson(3, 30)
    assert found.behavior.true_positive is None
    assert found.behavior.false_positive == wilson(3, 40)
    assert (found.n, found.facts_count, found.form_counts) == (40, True, False)


def test_a_judge_counts_from_thirty_labels_on() -> None:
    assert labels_needed() == 30
    assert not measured(29).facts_count
    assert measured(30).facts_count


def test_pairs_that_nobody_or_no_judge_decided_are_left_out() -> None:
    found = calibrate(
        ["uncertain", "neither", "both", "neither"],
        ["neither", None, "uncertain", "both"],
        of=JUDGE,
    )
    assert found.n == 1


def test_a_judge_that_tells_one_side_alone_is_measured_on_it() -> None:
    found = calibrate(["information"], [(True, None)], of=JUDGE)
    assert found.information.true_positive == wilson(1, 1)
    assert found.behavior.false_positive is None


def test_a_judge_no_better_than_chance_never_counts() -> None:
    human = ["information", "neither"] * 20
    assert not calibrate(human, ["both"] * 40, of=JUDGE).facts_count


def test_lists_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="2 human labels and 1"):
        calibrate(["both", "both"], ["both"], of=JUDGE)


def test_a_share_is_set_right_by_the_rates() -> None:
    found = corrected_share(wilson(310, 1000), wilson(80, 100), wilson(10, 100))
    assert found is not None
    assert found.share == pytest.approx((0.31 - 0.1) / (0.8 - 0.1))
    assert (found.count, found.n) == (310, 1000)
    assert found.low < found.share < found.high


def test_uncertain_rates_make_a_wider_interval() -> None:
    sure = corrected_share(wilson(310, 1000), wilson(800, 1000), wilson(100, 1000))
    unsure = corrected_share(wilson(310, 1000), wilson(8, 10), wilson(2, 20))
    assert sure
    assert unsure
    assert unsure.high - unsure.low > 2 * (sure.high - sure.low)


@pytest.mark.parametrize(("found", "false"), [(3, 3), (2, 5)])
def test_rates_that_say_nothing_leave_the_share_unmeasured(found: int, false: int) -> None:
    assert corrected_share(wilson(5, 10), wilson(found, 10), wilson(false, 10)) is None
    assert corrected_share(None, wilson(9, 10), wilson(1, 10)) is None
    assert corrected_share(wilson(5, 10), None, wilson(1, 10)) is None


@given(
    seen=st.integers(0, 50),
    found=st.integers(0, 20),
    false=st.integers(0, 20),
    n=st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_a_corrected_share_is_a_share_inside_its_interval(
    seen: int, found: int, false: int, n: int
) -> None:
    share = corrected_share(wilson(seen, 50), wilson(found, 20), wilson(min(false, n), n))
    if share is not None:
        assert 0 <= share.low <= share.share <= share.high <= 1
        again = corrected_share(wilson(seen, 50), wilson(found, 20), wilson(min(false, n), n))
        assert share == again


def test_intervals_hold_the_true_share_about_ninety_five_times_in_a_hundred() -> None:
    dice = random.Random(7)
    held = 0
    for _ in range(200):
        seen = sum(dice.random() < 0.3 * 0.8 + 0.7 * 0.15 for _ in range(400))
        found = sum(dice.random() < 0.8 for _ in range(40))
        false = sum(dice.random() < 0.15 for _ in range(40))
        share = corrected_share(wilson(seen, 400), wilson(found, 40), wilson(false, 40))
        held += share is not None and share.low <= 0.3 <= share.high
    assert held / 200 >= 0.9


def opinion(facts: str = "wrong", form: str = "right") -> Opinion:
    """An opinion of the judge that ``measured`` is about."""
    made = {"facts": facts, "form": form, "raw": f"facts {facts}, form {form}", "reason": "Paris."}
    return Opinion("r", "m", "1", **made)  # type: ignore[arg-type]


def test_an_uncalibrated_judge_is_shown_and_decides_nothing() -> None:
    seen = list(observations(opinion()))
    assert {item.signal for item in seen} == {"judge_information", "judge_behavior"}
    assert "Paris." in seen[0].detail
    record = FailureRecord(id="r", input="Capital?", output="Lyon")
    assert diagnose_record(record, extra=seen).label == "uncertain"


def test_a_calibrated_judge_decides_what_stays_open_at_moderate_strength() -> None:
    record = FailureRecord(id="r", input="Capital?", output="Lyon")
    found = diagnose_record(record, extra=observations(opinion(), measured()))
    assert (found.label, found.confidence) == ("information", "moderate")
    found = diagnose_record(record, extra=observations(opinion("right", "wrong"), measured()))
    assert found.label == "behavior"
    found = diagnose_record(record, extra=observations(opinion("right", "right"), measured()))
    assert found.label == "neither"


def test_a_calibration_of_another_judge_does_not_count() -> None:
    seen = observations(opinion(), measured(of="m, prompt 2"))
    assert "judge_facts" not in {item.signal for item in seen}


def test_an_unmeasured_opinion_is_no_observation() -> None:
    assert not list(observations(Opinion("r", "m", "1", why_not="too slow"), measured()))
