"""Answers of an earlier day to questions about now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.diagnose import diagnose_record
from evidence.records import FailureRecord
from evidence.signals.outdated import detect
from evidence.view import RecordView


def record(question: str, output: str, **more: object) -> FailureRecord:
    """A record with this question and output."""
    return FailureRecord.model_validate({"id": "r", "input": question, "output": output} | more)


def seen(question: str, output: str, **more: object) -> dict[str, object]:
    """What is observed, by signal; checks the spans."""
    found = list(detect(RecordView(record(question, output, **more))))
    for item in found:
        assert all(0 <= span.start < span.end <= len(output) for span in item.spans)
    return {item.signal: item.value for item in found}


@pytest.mark.parametrize(
    ("question", "current"),
    [
        ("Who is the current mayor of Goslar?", True),
        ("What is the latest version of the pump?", True),
        ("Who is the prime minister of Norway?", True),
        ("Who was the mayor of Goslar in 1990?", False),
        ("What is electric current?", False),
        ("How deep is the mine?", False),
    ],
)
def test_a_question_asks_for_what_is_current_or_not(question: str, current: bool) -> None:
    assert seen(question, "Well.")["asks_for_current"] is current


@pytest.mark.parametrize(
    "output",
    [
        "As of my last update in 2021, it is Anna Berg.",
        "My knowledge cutoff is September 2021.",
        "I don't have access to real-time data, but it was Anna Berg.",
        "As of my last knowledge update, there were nine.",
    ],
)
def test_an_output_may_date_its_own_knowledge(output: str) -> None:
    assert seen("Who is the mayor?", output)["states_cutoff"] is True
    assert seen("Who is the mayor?", "Anna Berg, since 2021.")["states_cutoff"] is False


def test_the_newest_year_is_compared_with_the_references() -> None:
    question = "What is the latest version of the pump?"

    assert seen(question, "The 2019 one.", reference="The 2024 one")["older_year"] == "reference"
    assert seen(question, "The 2024 one.", reference="The 2024 one")["older_year"] == "no"
    assert seen(question, "The 2019 one.", context="Out in 2025.")["older_year"] == "passages"
    assert "older_year" not in seen(question, "The big one.", reference="The 2024 one")


def test_an_answer_that_dates_itself_is_compared_with_the_records_day() -> None:
    question, when = "How many pumps are there today?", {"timestamp": "2026-05-01T10:00:00Z"}

    assert seen(question, "As of 2021, nine.", metadata=when)["older_year"] == "record"
    assert seen(question, "As of 2026, nine.", metadata=when)["older_year"] == "no"
    assert "older_year" not in seen(question, "As of 2021, nine.", metadata={"timestamp": []})


def test_an_old_answer_to_a_current_question_is_outdated() -> None:
    output = "As of my last update in 2021, the mayor of Goslar is Anna Berg."
    found = diagnose_record(
        record("Who is the current mayor of Goslar?", output, reference="Jonas Tal")
    )

    assert (found.label, found.subtype) == ("information", "outdated")


@given(st.text(max_size=200), st.text(max_size=300), st.none() | st.text(max_size=100))
def test_any_text_can_be_read(question: str, output: str, reference: str | None) -> None:
    seen(question, output, reference=reference)


@pytest.mark.parametrize("piece", ["as of my last ", "who is the now ", "2021 ", "\x00"])
def test_huge_texts_are_read_in_no_time(piece: str) -> None:
    seen(piece * 200_000, piece * 200_000, context=piece * 200_000)
