from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules.rulebook import Rulebook
from app.advising import advise_case, latest
from app.cases import create_case
from app.intake import known_values, record_facts
from app.settings import Settings
from app.storage import Database, TrainJob
from app.training.gate import TRAINING, flags_for
from app.training.outcomes import facts_of, pending, read_outcome, record_verdict, write_outcome
from tests.app.training.trying import launched, on_disk, queued, wait_for, workers
from trainer.contract import Comparison, Verdict

FAILING = {
    "form_wrong": True, "facts_wrong": False, "evaluation_exists": True,
    "prompting_effort": "systematic", "labelled_examples": 900, "examples_tried": True,
}  # fmt: skip
"""A case for which training is the next step."""


def comparison(measure: str, base: float, tuned: float, half: float, **more: Any) -> Comparison:
    difference = tuned - base
    low, high = difference - half, difference + half
    p = 0.001 if low > 0 or high < 0 else 0.5
    fields = {"n": 120, "base": base, "tuned": tuned, "p": p} | more
    return Comparison(measure=measure, difference=difference, low=low, high=high, **fields)


HELPED = Verdict(
    outcome="helped",
    because="Training helped.",
    comparisons=(
        comparison("score", 0.4, 0.9, 0.1),
        comparison("regression", 0.98, 0.97, 0.03),
        comparison("forgetting", 10, 12, 1, unit="perplexity", higher_is_better=False),
    ),
)
FAILED = Verdict(
    outcome="did_not_help",
    because="Training did not help.",
    comparisons=(comparison("score", 0.6, 0.61, 0.02),),
)
HARMED = Verdict(
    outcome="harmed",
    because="Training did harm.",
    comparisons=(comparison("score", 0.6, 0.6, 0.02), comparison("safety", 0.9, 0.5, 0.1)),
)
UNSURE = Verdict(
    outcome="cannot_tell",
    because="These items cannot tell.",
    comparisons=(comparison("score", 0.6, 0.66, 0.2),),
)


def case_of(database: Database, book: Rulebook, *, advised: bool = True) -> str:
    with database.writing() as session:
        case_id = create_case(session, "Tickets").id
        record_facts(session, book, case_id, FAILING)
        if advised:
            advise_case(session, book, case_id)
    return case_id


def succeeded(database: Database, settings: Settings, case_id: str, verdict: Verdict) -> str:
    """A job of a case that ended with a verdict."""
    job_id = launched(database, settings, case_id=case_id)
    for state in ("queued", "running", "succeeded"):
        with database.writing() as session:
            job = session.get_one(TrainJob, job_id)
            job.state = state
            job.verdict = verdict.model_dump(mode="json")
    return job_id


def written(database: Database, book: Rulebook, job_id: str) -> bool:
    with database.writing() as session:
        return write_outcome(session, book, job_id)


@pytest.mark.parametrize(
    ("verdict", "before", "regressions"),
    [(HELPED, "helped", False), (FAILED, "did_not_help", None), (HARMED, "did_not_help", True)],
)
def test_a_verdict_becomes_facts_with_numbers_as_evidence(
    book: Rulebook, verdict: Verdict, before: str, regressions: bool | None
) -> None:
    found = facts_of(verdict, "Run 7", book)
    assert found["finetuned_before"].value == before
    gain = found["tuned_gain"]
    assert gain.value == pytest.approx(verdict.comparisons[0].difference)
    assert "95% interval" in gain.evidence
    assert "Run 7" in gain.evidence
    said = found.get("tuned_regressions")
    assert (said.value if said else None) is regressions
    assert {fact.origin for fact in found.values()} == {"measured"}


def test_a_verdict_that_cannot_tell_says_nothing(book: Rulebook) -> None:
    assert facts_of(UNSURE, "Run 7", book) == {}


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.5))
def test_every_gain_fits_the_fact(base: float, tuned: float, half: float) -> None:
    from advisor_rules import default_rulebook
    from advisor_rules.facts import check_facts

    book = default_rulebook()
    verdict = HELPED.model_copy(update={"comparisons": (comparison("score", base, tuned, half),)})
    assert check_facts(book.facts, facts_of(verdict, "Run", book))


def test_an_outcome_is_written_once_and_changes_the_advice(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_of(database, book)
    job_id = succeeded(database, settings, case_id, FAILED)
    with database.reading() as session:
        before = latest(session, case_id)
        assert before is not None
        assert before.step in TRAINING
        assert pending(session) == [job_id]
    assert written(database, book, job_id)
    assert not written(database, book, job_id)
    with database.reading() as session:
        assert pending(session) == []
        after = latest(session, case_id)
        assert after is not None
        assert after.number == 2
        assert after.step not in TRAINING
        outcome = read_outcome(session, book, session.get_one(TrainJob, job_id))
        assert outcome is not None
        assert outcome.helped is False
        assert outcome.change is not None
        assert outcome.change.step_changed
        assert "form_is_finetuned" in {rule.id for rule in outcome.refuted}
        assert "blocked" in {flag.kind for flag in flags_for(session, book, case_id)}


def test_a_run_that_helped_lets_the_case_rest(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_of(database, book)
    first = succeeded(database, settings, case_id, HELPED)
    assert written(database, book, first)
    with database.reading() as session:
        after = latest(session, case_id)
        assert after is not None
        assert after.step == "stay"
    second = succeeded(database, settings, case_id, FAILED)
    assert written(database, book, second)
    with database.reading() as session:
        assert known_values(session, case_id)["finetuned_before"].value == "helped"
        outcome = read_outcome(session, book, session.get_one(TrainJob, second))
        assert outcome is not None
        assert outcome.kept == first
        assert outcome.facts == ()


def test_a_gain_whose_cost_was_not_measured_asks_for_that_and_not_for_more_training(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    alone = HELPED.model_copy(update={"comparisons": HELPED.comparisons[:1]})
    case_id = case_of(database, book)
    assert written(database, book, succeeded(database, settings, case_id, alone))
    with database.reading() as session:
        after = latest(session, case_id)
        assert after is not None
        assert after.step == "stay"
        assert "go on working" in str(after.advice["plan"])
        assert "tuned_regressions" not in known_values(session, case_id)


def test_a_run_without_a_job_takes_nothing_back_either(database: Database, book: Rulebook) -> None:
    case_id = case_of(database, book)
    with database.writing() as session:
        changes, advice = record_verdict(session, book, case_id, FAILED, "First")
        assert {change.fact for change in changes} == {"finetuned_before", "tuned_gain"}
        assert advice is not None
        assert advice.number == 2
        assert record_verdict(session, book, case_id, HELPED, "Second")[0]
        changes, advice = record_verdict(session, book, case_id, HARMED, "Third")
        assert changes == []
        assert advice is not None
        assert advice.step == "stay"


def test_without_advice_before_none_is_given(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_of(database, book, advised=False)
    job_id = succeeded(database, settings, case_id, HARMED)
    assert written(database, book, job_id)
    with database.reading() as session:
        assert latest(session, case_id) is None
        assert known_values(session, case_id)["tuned_regressions"].value is True


def test_a_job_that_did_not_succeed_writes_nothing(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    job_id = launched(database, settings, case_id=case_of(database, book))
    assert not written(database, book, job_id)
    with database.reading() as session:
        assert read_outcome(session, book, session.get_one(TrainJob, job_id)) is None


def test_a_worker_writes_the_outcome_of_a_job_that_succeeded(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_of(database, book)
    job_id = queued(database, settings, case_id=case_id, steps=2)
    verdict = succeeded(database, settings, case_id, HELPED)
    with workers(on_disk(database, settings)):
        wait_for(database, job_id, lambda job: job.outcome is not None)
        wait_for(database, verdict, lambda job: job.outcome is not None)
    with database.reading() as session:
        assert known_values(session, case_id)["finetuned_before"].value == "helped"
        outcome = session.get_one(TrainJob, job_id).outcome
        assert outcome is not None
        assert outcome["facts"] == {}
