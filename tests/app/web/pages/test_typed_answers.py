from __future__ import annotations

import pytest
from starlette.datastructures import FormData

from advisor_rules import FactValue, default_rulebook
from advisor_rules.facts import FactProblem, check_value
from app.intake import FactState
from app.storage import utc_now
from app.web.answers import UNSURE, as_typed, given, read, state_as_typed

FACTS = default_rulebook().facts


def said(value: FactValue | None) -> FactState:
    return FactState(value, "known" if value else "unknown", (), utc_now())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("1200", 1200),
        ("1,200", 1200),
        ("1 200", 1200),
        ("1\u202f200", 1200),
        ("2.5k", 2500),
        ("3 million", 3_000_000),
        ("3m", 3_000_000),
        ("1e3", 1000),
        ("12.5", 12.5),
    ],
)
def test_numbers_are_read_as_people_write_them(typed: str, meant: float) -> None:
    assert read(FACTS["labelled_examples"], typed) == meant


@pytest.mark.parametrize(("typed", "meant"), [("80%", 0.8), ("0.8", 0.8), ("0,8", 0.8)])
def test_shares_may_be_written_in_percent(typed: str, meant: float) -> None:
    assert read(FACTS["retrieval_recall"], typed) == meant


@pytest.mark.parametrize(
    "typed", ["many", "12 apples", "1,2,3", "--4", "80%", "nan", "inf", "1e999"]
)
def test_what_is_no_number_is_left_for_the_fact_check_to_refuse(typed: str) -> None:
    fact = FACTS["labelled_examples"]

    assert isinstance(check_value(fact, read(fact, typed)), FactProblem)


def test_not_knowing_is_an_answer_of_its_own() -> None:
    assert read(FACTS["evaluation_exists"], UNSURE) is None
    assert as_typed(None) == UNSURE
    assert state_as_typed(said(None)) == UNSURE
    assert state_as_typed(None) == ""


@pytest.mark.parametrize("value", [True, False, 12, 0.25, "none"])
def test_a_value_survives_the_form(value: bool | float | str) -> None:
    name = {bool: "evaluation_exists", int: "labelled_examples", float: "retrieval_recall"}
    fact = FACTS[name.get(type(value), "retrieval_in_use")]

    assert read(fact, as_typed(value)) == value


def test_only_what_is_new_is_stated() -> None:
    facts = [FACTS["evaluation_exists"], FACTS["facts_change"], FACTS["labelled_examples"]]
    states = {"evaluation_exists": said(FactValue(True)), "labelled_examples": said(FactValue(50))}
    form = FormData(
        [("evaluation_exists", "true"), ("facts_change", "false"), ("labelled_examples", "50")]
    )

    assert given(form, facts, states).stated == {"facts_change": False}


def test_of_a_number_and_not_knowing_the_new_one_counts() -> None:
    fact = FACTS["labelled_examples"]
    both = FormData([(fact.id, "50"), (fact.id, UNSURE)])

    assert given(both, [fact], {fact.id: said(FactValue(50))}).stated == {fact.id: None}
    assert given(both, [fact], {fact.id: said(None)}).stated == {fact.id: 50}


def test_an_emptied_number_is_cleared_unless_it_was_measured() -> None:
    fact = FACTS["labelled_examples"]
    empty = FormData([(fact.id, "")])

    assert given(empty, [fact], {fact.id: said(FactValue(50))}).cleared == {fact.id}
    assert given(empty, [fact], {fact.id: said(FactValue(50, "measured"))}).cleared == set()
    assert given(empty, [fact], {}).cleared == set()
