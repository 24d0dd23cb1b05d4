"""What a judge's word is worth: shares put right, records seen again, giving up."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules import default_rulebook
from app.errors import Conflict
from app.judge_words import asked_words, judge_lines, rate_words, standing_words
from app.judging import (
    MOST_SILENT,
    Counted,
    Silent,
    endpoint_of,
    joined,
    judge_report,
    patient,
    with_opinion,
    without_judge,
)
from evidence.diagnose import diagnose_record
from evidence.judge import Calibration, Opinion, calibrate
from evidence.records import FailureRecord
from evidence.stats import Share, wilson

JUDGE = Opinion("", "small", "1").judge
GOOD = calibrate(
    ["information", "behavior", "neither", "both"] * 10,
    ["information", "behavior", "neither", "both"] * 10,
    of=JUDGE,
)
FEW = calibrate(["information", "neither"] * 5, ["information", "neither"] * 5, of=JUDGE)
BLIND = calibrate(["information", "neither"] * 20, ["information"] * 40, of=JUDGE)
BOOK = default_rulebook()


@st.composite
def shares(draw: st.DrawFn) -> Share:
    n = draw(st.integers(1, 500))
    found = wilson(draw(st.integers(0, n)), n)
    assert found
    return found


@given(shares(), shares())
def test_a_share_over_two_groups_lies_between_theirs_within_its_interval(
    first: Share, second: Share
) -> None:
    found = joined(first, second)
    assert found
    assert found.n == first.n + second.n
    assert 0 <= found.low <= found.share <= found.high <= 1
    least, most = sorted((first.share, second.share))
    assert least - 1e-9 <= found.share <= most + 1e-9
    widest = max(first.high - first.low, second.high - second.low)
    assert found.high - found.low <= widest + 1e-9


def test_a_share_that_was_not_measured_stays_so_and_one_alone_is_itself() -> None:
    share = wilson(3, 10)
    assert joined(None, share) is None
    assert joined(share, None) == share


Said = dict[tuple[str | None, str | None], int]


def report(calibration: Calibration | None, judged: Said) -> dict[str, Any]:
    return judge_report(
        "small", "1", 12, 10, calibration, Counted(judged, {"information": 5, "neither": 15})
    )


def test_a_report_has_raw_shares_always_and_corrected_ones_from_enough_labels_on() -> None:
    said: Said = {
        ("wrong", "right"): 4,
        ("right", "cannot_tell"): 6,
    }
    few, good, blind = (report(found, said) for found in (FEW, GOOD, BLIND))
    assert few["corrected"] is None
    assert few["raw"]["information"]["share"] == 0.4
    assert few["raw"]["behavior"]["n"] == 4
    assert good["corrected"]["information"]["uncertain"]["corrected"]["share"] == pytest.approx(0.4)
    assert good["corrected"]["information"]["log"]["corrected"]["share"] == pytest.approx(9 / 30)
    assert blind["corrected"]["information"]["uncertain"]["corrected"] is None
    assert blind["unmeasured"] == 2


def test_reports_are_put_in_words() -> None:
    said: Said = {("wrong", "right"): 9}
    none, few, good, blind = (report(found, said) for found in (None, FEW, GOOD, BLIND))
    assert asked_words(good).endswith("2 got no answer, which says nothing about them.")
    assert "do not count" in standing_words(none["calibration"])
    assert standing_words(few["calibration"]) == "20 more labels until its opinions count."
    assert standing_words(good["calibration"]).endswith("it counts on the facts and the form.")
    assert "do not count" in standing_words(blind["calibration"])
    assert rate_words(None) == "not measured"
    assert any("Corrected for its errors" in line for line in judge_lines(good))
    assert not any("Corrected for its errors" in line for line in judge_lines(blind))


OPEN = FailureRecord(id="a", input="What is the moon made of?", output="It is made of cheese.")
TOLD = FailureRecord.model_validate(
    {"id": "b", "input": "As JSON.", "output": "{", "format_spec": {"type": "json"}}
)
WRONG = Opinion("a", "small", "1", "wrong", "right", "No.", "facts wrong, form right")


def test_the_class_follows_a_judge_that_counts_where_the_rules_leave_it_open() -> None:
    before = diagnose_record(OPEN, BOOK)
    assert before.label == "uncertain"
    found = with_opinion(before, WRONG, GOOD, BOOK)
    assert (found.label, found.confidence) == ("information", "moderate")
    assert without_judge(found, BOOK) == before
    assert with_opinion(found, None, GOOD, BOOK) == before
    assert with_opinion(before, WRONG, FEW, BOOK).label == "uncertain"
    assert with_opinion(before, WRONG, None, BOOK).label == "uncertain"


def test_a_judge_changes_nothing_that_the_rules_tell() -> None:
    before = diagnose_record(TOLD, BOOK)
    found = with_opinion(before, WRONG, GOOD, BOOK)
    assert (found.label, found.subtype, found.rules) == (before.label, before.subtype, before.rules)
    assert {seen.signal for seen in found.signals} >= {"judge_information", "judge_behavior"}


def test_a_judge_that_is_silent_many_times_in_a_row_is_given_up() -> None:
    silent = Opinion("a", "small", "1", why_not="the endpoint answered 500")
    opinions = patient([WRONG, *[silent] * 30])
    assert len([next(opinions) for _ in range(MOST_SILENT + 1)]) == MOST_SILENT + 1
    with pytest.raises(Silent, match="500"):
        next(opinions)
    every = [*[silent] * 19, WRONG] * 3
    assert list(patient(every)) == every


@pytest.mark.parametrize(("url", "key"), [("", ""), ("ftp://x", ""), ("http://x", "hunter2\u00e9")])
def test_a_model_that_cannot_be_asked_is_refused_without_its_key(url: str, key: str) -> None:
    with pytest.raises(Conflict) as caught:
        endpoint_of(url, "small", key)
    assert "hunter2" not in str(caught.value)
