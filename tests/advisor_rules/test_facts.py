from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules import FactValue, InvalidFacts
from advisor_rules.facts import MAX_EVIDENCE, MOST_GUESSES, check_facts
from advisor_rules.rulebook import Rulebook
from tests.advisor_rules.little import stated

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)


def complaints(little: Rulebook, facts: Any) -> dict[str, str]:
    with pytest.raises(InvalidFacts) as caught:
        check_facts(little.facts, facts)
    return {problem.fact: problem.message for problem in caught.value.problems}


def test_plain_values_are_answers_and_none_is_unknown(little: Rulebook) -> None:
    checked = check_facts(
        little.facts,
        {"tested": True, "subject": "law", "examples": 12.0, "share": 1, "form_wrong": None},
    )

    assert checked == {
        "tested": FactValue(True),
        "subject": FactValue("law"),
        "examples": FactValue(12),
        "share": FactValue(1.0),
    }
    assert type(checked["examples"].value) is int
    assert type(checked["share"].value) is float


def test_a_value_may_say_where_it_came_from(little: Rulebook) -> None:
    measured = FactValue(3, "measured", "counted")

    checked = check_facts(
        little.facts,
        {
            "examples": {"value": 3, "origin": "measured", "evidence": "counted"},
            "share": {"value": None, "origin": "assumed"},
            "tested": {"value": False, "evidence": None},
        },
    )

    assert checked == {"examples": measured, "tested": FactValue(False)}
    assert check_facts(little.facts, {"examples": measured}) == {"examples": measured}


@pytest.mark.parametrize(
    ("fact", "value", "words"),
    [
        ("tested", "true", "must be true or false, not 'true'"),
        ("tested", 1, "must be true or false, not 1"),
        ("tested", [True], "must be true or false"),
        ("subject", "art", "must be one of law, sport, not 'art'"),
        ("subject", True, "must be one of law, sport"),
        pytest.param("subject", "x" * 500, "...", id="a long word"),
        ("examples", True, "must be a number (examples), not True"),
        ("examples", "12", "must be a number (examples), not '12'"),
        ("examples", 1.5, "must be a whole number (examples), not 1.5"),
        ("examples", -1, "must be between 0 and 1,000 examples, not -1"),
        ("examples", 1001, "must be between 0 and 1,000 examples"),
        ("examples", float("nan"), "must be a number"),
        ("examples", float("inf"), "must be a number"),
        pytest.param("examples", 10**400, "must be a number", id="a huge number"),
        pytest.param("examples", 10**5000, "a number of thousands of digits", id="a vast number"),
        ("share", -0.0001, "must be between 0 and 1 share"),
        ("diagnosis", "information", "is worked out by the rules"),
        ("teste", True, "did you mean tested?"),
        ("zzz", True, "there is no such fact"),
        ("tested", {}, "write either a value, or {value, origin, evidence}"),
        ("tested", {"value": True, "sure": 1}, "write either a value"),
        ("tested", {"value": True, "origin": "guessed"}, "origin must be one of"),
        ("tested", {"value": True, "origin": ["measured"]}, "origin must be one of"),
        ("tested", {"value": True, "evidence": 5}, "evidence must be text"),
        ("tested", {"value": True, "evidence": " " * (MAX_EVIDENCE + 1)}, "at most 2,000"),
        ("tested", {"value": {"value": True}}, "must be true or false"),
        ("tested", FactValue("no"), "must be true or false"),
    ],
)
def test_a_bad_fact_is_refused_in_words(
    little: Rulebook, fact: str, value: Any, words: str
) -> None:
    said = complaints(little, {fact: value})

    assert list(said) == [fact]
    assert words in said[fact]
    assert len(said[fact]) < 200


def test_every_bad_fact_is_named_at_once(little: Rulebook) -> None:
    said = complaints(little, {"tested": 3, "examples": -1, "wrong": 1, "share": 0.5, "subject": 1})

    assert set(said) == {"tested", "examples", "wrong", "subject"}


@pytest.mark.parametrize("facts", [None, [], "tested", 3, [("tested", True)]])
def test_facts_must_be_a_mapping(little: Rulebook, facts: Any) -> None:
    assert complaints(little, facts) == {"facts": "must be a mapping of fact id to value"}


def test_one_sided_ranges_are_put_into_words(book: Rulebook) -> None:
    fact = book.facts["labelled_examples"].model_copy(update={"maximum": None})
    with pytest.raises(InvalidFacts, match="must be at least 0 examples, not -5"):
        check_facts({fact.id: fact}, {fact.id: -5})
    fact = fact.model_copy(update={"minimum": None, "maximum": 9})
    with pytest.raises(InvalidFacts, match="must be at most 9 examples, not 10"):
        check_facts({fact.id: fact}, {fact.id: 10})


def test_thousands_of_unknown_names_are_refused(book: Rulebook) -> None:
    facts = {f"evaluation_exists_{number}": True for number in range(20_000)}

    said = complaints(book, facts)

    assert len(said) == 20_000
    assert sum("did you mean" in message for message in said.values()) == MOST_GUESSES


@given(data=st.data())
def test_what_may_be_stated_is_taken(little: Rulebook, data: st.DataObject) -> None:
    facts = data.draw(stated(little))

    assert {name: fact.value for name, fact in check_facts(little.facts, facts).items()} == facts


@given(facts=st.dictionaries(st.sampled_from(["tested", "examples", "subject", "x"]), ANYTHING))
def test_anything_else_is_taken_or_refused_by_name(little: Rulebook, facts: dict[str, Any]) -> None:
    named: set[str]
    try:
        named = set(check_facts(little.facts, facts))
    except InvalidFacts as error:
        named = {problem.fact for problem in error.problems}

    assert named <= set(facts)
