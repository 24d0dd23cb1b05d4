from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules import default_rulebook
from advisor_rules.model import CLASSES, FailureClass
from evidence.case_facts import measured_facts
from evidence.diagnose import Diagnosed
from evidence.signals import Observation
from evidence.summary import MOST_PERIODS, Tally, summarise

BOOK = default_rulebook()
SUBTYPES: dict[FailureClass, str] = {
    "information": "wrong_fact",
    "behavior": "malformed_output",
    "both": "wrong_fact+malformed_output",
    "neither": "correct",
    "uncertain": "",
}


def one(label: FailureClass, subtype: str | None = None, *signals: str) -> Diagnosed:
    seen = tuple(Observation(name, True) for name in signals)
    kind = SUBTYPES[label] if subtype is None else subtype
    return Diagnosed("r", label, kind, "moderate", seen, ())


def many(**counts: int) -> list[Diagnosed]:
    return [one(label) for label in CLASSES for _ in range(counts.get(label, 0))]


def test_shares_of_classes_are_of_all_records() -> None:
    summary = summarise(many(information=30, behavior=10, uncertain=8), BOOK)

    assert summary["records"] == 48
    assert summary["labels"]["information"]["share"] == pytest.approx(30 / 48)
    assert summary["labels"]["both"]["count"] == 0
    assert summary["failing"]["n"] == 40
    assert summary["failing"]["information"]["share"] == 0.75


def test_a_record_that_fails_twice_counts_on_both_sides_and_in_both_subtypes() -> None:
    summary = summarise(many(both=4), BOOK)

    assert summary["failing"]["information"]["count"] == 4
    assert summary["failing"]["behavior"]["count"] == 4
    assert set(summary["subtypes"]) == {"wrong_fact", "malformed_output"}


def test_an_empty_log_has_no_shares() -> None:
    summary = summarise([], BOOK)

    assert summary["labels"]["information"]["share"] is None
    assert summary["failing"] == {
        "n": 0,
        "information": {"count": 0, "n": 0, "share": None, "low": None, "high": None},
        "behavior": {"count": 0, "n": 0, "share": None, "low": None, "high": None},
    }


def test_a_repeat_is_counted_apart() -> None:
    tally = Tally()
    tally.add(one("information"))
    tally.add(one("information"), repeat=True)

    summary = tally.summary(BOOK)

    assert (summary["records"], summary["repeats"]) == (1, 1)


def test_the_curve_of_new_kinds_flattens() -> None:
    kinds = ["wrong_fact", "outdated", "wrong_fact", "unsupported", *["wrong_fact"] * 6]
    saturation = summarise([one("information", kind) for kind in kinds], BOOK)["saturation"]

    assert saturation["points"] == [[1, 1], [2, 2], [4, 3], [10, 3]]
    assert saturation["chance_of_new"] == pytest.approx(2 / 10)
    assert saturation["last_new_at"] == 4


def test_it_says_how_many_more_tell_facts_from_form() -> None:
    needed = summarise(many(information=12, behavior=10), BOOK)["needed"]

    assert needed["between"] == ["information", "behavior"]
    assert needed["more"] > 100


def test_days_become_periods_that_fit_a_drawing() -> None:
    tally = Tally()
    for day in range(200):
        tally.add(one("information"), day=date(2026, 1, 1) + timedelta(days=day))

    periods = tally.summary(BOOK)["over_time"]

    assert len(periods) <= MOST_PERIODS
    assert sum(period["n"] for period in periods) == 200
    assert periods[0]["start"] == "2026-01-01"
    assert periods[0]["information"]["share"] == 1


@given(st.lists(st.sampled_from(CLASSES), max_size=60))
def test_every_record_is_of_one_class(labels: list[FailureClass]) -> None:
    summary = summarise([one(label) for label in labels], BOOK)

    assert sum(share["count"] for share in summary["labels"].values()) == len(labels)


def test_a_log_that_is_large_enough_establishes_facts() -> None:
    facts = measured_facts(summarise(many(information=31, behavior=9), BOOK), BOOK, "log.jsonl")

    assert facts["information_share"].value == pytest.approx(31 / 40)
    assert facts["information_share"].origin == "measured"
    assert "31 of 40 classified failures in 'log.jsonl'" in facts["information_share"].evidence
    assert "95% interval" in facts["information_share"].evidence
    assert facts["facts_wrong"].value is True
    assert facts["malformed_output"].value is True


def test_a_small_log_establishes_nothing() -> None:
    assert measured_facts(summarise(many(information=19), BOOK), BOOK, "log") == {}


def test_what_never_came_up_is_ruled_out_only_if_nothing_is_uncertain() -> None:
    plain = measured_facts(summarise(many(information=200), BOOK), BOOK, "log")
    open_ = measured_facts(summarise(many(information=200, uncertain=40), BOOK), BOOK, "log")

    assert plain["form_wrong"].value is False
    assert "form_wrong" not in open_


def test_what_people_labelled_counts_as_reviewed() -> None:
    tally = Tally()
    for _ in range(5):
        tally.add(one("information"), by_person=True)

    facts = measured_facts(tally.summary(BOOK), BOOK, "log")

    assert facts["failures_reviewed"].value == 5
