"""Dates of answers and references."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals.dates import detect
from tests.evidence.signals.comparing import HOSTILE, answered, marked, value

WHEN = "When was she born?"


@pytest.mark.parametrize(
    ("answer", "reference", "agreement"),
    [
        ("5 February 1953", "February 5, 1953", "agrees"),
        ("on the 5th of Feb, 1953", "1953-02-05", "agrees"),
        ("05/02/1953", "February 5, 1953", "agrees"),
        ("February 5, 1953", "1953", "agrees"),
        ("She was born in 1953.", "February 5, 1953", "less"),
        ("She was born in 1954.", "February 5, 1953", "differs"),
        ("March 5, 1953", "February 5, 1953", "differs"),
        ("long ago", "1953", None),
    ],
)
def test_dates_agree_in_whatever_form(answer: str, reference: str, agreement: str | None) -> None:
    assert value(detect, answered(WHEN, answer, reference)) == agreement


def test_the_wrong_date_is_marked() -> None:
    view = answered(WHEN, "<answer>May 3, 1960</answer>", "May 4, 1960")

    assert marked(detect, view) == ["May 3, 1960"]


@given(st.dates(min_value=date(1000, 1, 1), max_value=date(2999, 12, 31)))
def test_every_day_is_read_in_each_way_of_writing_it(day: date) -> None:
    month = day.strftime("%B")
    forms = (f"{day.day} {month} {day.year}", f"{month} {day.day}, {day.year}", day.isoformat())

    for form in forms:
        assert value(detect, answered(WHEN, form, day.isoformat())) == "agrees"


@given(HOSTILE, HOSTILE, HOSTILE)
def test_no_text_breaks_the_comparison(question: str, answer: str, reference: str) -> None:
    value(detect, answered(question, answer, reference))
