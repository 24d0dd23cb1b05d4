from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.records import FailureRecord
from evidence.when import moment_of

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)


def at(**metadata: object) -> datetime | None:
    record = {"id": "r", "input": "?", "output": "!", "metadata": metadata}
    return moment_of(FailureRecord.model_validate(record))


@pytest.mark.parametrize(
    "value",
    ["2026-05-04T12:00:00Z", "2026-05-04 12:00", "2026-05-04T14:00:00+02:00", 1777896000,
     1777896000000, 1777896000.0],
)  # fmt: skip
def test_a_moment_is_read_in_its_usual_forms(value: object) -> None:
    assert at(timestamp=value) == NOON


def test_the_first_name_that_holds_a_moment_counts() -> None:
    assert at(time="soon", created_at="2026-05-04T12:00:00Z") == NOON


@pytest.mark.parametrize("name", ["Created at", "createdAt", "DATE", "Time"])
def test_how_the_name_is_written_makes_no_difference(name: str) -> None:
    assert at(**{"Ticket": "7", name: "2026-05-04T12:00:00Z"}) == NOON


@pytest.mark.parametrize(
    "value", ["yesterday", True, None, 12, -1e300, float("1e18"), [], "0001-01-01"]
)
def test_what_is_no_moment_is_none(value: object) -> None:
    assert at(timestamp=value) is None
    assert at() is None


@given(st.one_of(st.text(), st.floats(allow_nan=False), st.integers()))
def test_anything_is_read_or_not(value: object) -> None:
    found = at(date=value)

    assert found is None or found.tzinfo is UTC
