from __future__ import annotations

from typing import Any

import pytest

from advisor_rules import default_rulebook
from advisor_rules.rulebook import Rulebook
from app.advising import advise_case
from app.cases import create_case
from app.errors import AgainstAdvice
from app.intake import record_facts
from app.problems import problem_of
from app.settings import Settings
from app.storage import Database
from app.training.gate import Flag, check_gate, flags_for, pass_gate
from app.training.jobs import create_job
from tests.app.training.trying import launch

MISSING = {"facts_wrong": True, "form_wrong": False, "failures_reviewed": 60}
READY = {
    "form_wrong": True, "facts_wrong": False, "failures_reviewed": 60, "evaluation_exists": True,
    "prompt_tried": True, "instructions_clear": True, "examples_tried": True,
    "labelled_examples": 1200, "examples_in_prompt": 20, "team_can_train": True,
}  # fmt: skip
"""What a team knows for which training is the next step."""


@pytest.fixture(scope="module")
def book() -> Rulebook:
    return default_rulebook()


def case_with(database: Database, book: Rulebook, facts: dict[str, Any] | None) -> str:
    """A case; with advice where facts are given, of which those that there are count."""
    with database.writing() as session:
        case_id = create_case(session, "Support").id
        if facts is not None:
            known = {name: value for name, value in facts.items() if name in book.facts}
            record_facts(session, book, case_id, known)
            advise_case(session, book, case_id)
    return case_id


def flags(database: Database, book: Rulebook, case_id: str) -> dict[str, Flag]:
    with database.reading() as session:
        return {flag.kind: flag for flag in flags_for(session, book, case_id)}


def test_training_for_missing_facts_is_flagged_with_sources(
    database: Database, book: Rulebook
) -> None:
    found = flags(database, book, case_with(database, book, MISSING))
    assert {"missing_facts", "untried"} <= set(found)
    assert set(found["missing_facts"].sources) <= set(book.sources)
    assert "GEK" in found["missing_facts"].sources
    assert "prompt" in found["untried"].text.lower()


def test_a_case_without_advice_is_flagged(database: Database, book: Rulebook) -> None:
    assert set(flags(database, book, case_with(database, book, None))) == {"unadvised"}


def test_the_gate_names_every_flag_and_opens_for_a_reason(
    database: Database, book: Rulebook, settings: Settings
) -> None:
    case_id = case_with(database, book, MISSING)
    with database.writing() as session:
        with pytest.raises(AgainstAdvice) as refused:
            pass_gate(session, book, launch(case_id=case_id, client_key="once"))
        given = launch(case_id=case_id, client_key="once", override_reason="the form fails too")
        pass_gate(session, book, given)
        job = create_job(session, settings, given)
        assert job.override_reason == "the form fails too"
        pass_gate(session, book, launch(case_id=case_id, client_key="once"))
        pass_gate(session, book, launch())
    problem = problem_of(refused.value)
    assert (problem.status, problem.kind) == (409, "against-advice")
    assert {item.where for item in problem.errors} == {
        flag.where for flag in refused.value.problems
    }
    assert any("GEK" in item.message for item in problem.errors)


def test_a_blank_reason_is_none(database: Database, book: Rulebook) -> None:
    case_id = case_with(database, book, MISSING)
    with database.reading() as session, pytest.raises(AgainstAdvice):
        check_gate(session, book, case_id, " \n ")


def test_where_training_is_advised_nothing_is_flagged(database: Database, book: Rulebook) -> None:
    case_id = case_with(database, book, READY)
    assert flags(database, book, case_id) == {}
    with database.reading() as session:
        check_gate(session, book, case_id)
