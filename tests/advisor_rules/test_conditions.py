from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules.conditions import (
    All,
    Among,
    AnyOf,
    Condition,
    Known,
    Not,
    Unless,
    compile_condition,
    facts_of,
    walk,
)
from advisor_rules.grammar import parse
from advisor_rules.model import Value
from advisor_rules.rulebook import Rulebook
from advisor_rules.worlds import varied
from tests.advisor_rules import plain
from tests.advisor_rules.little import completion, conditions, stated

LIMITS = {"enough": 100.0, "plenty": 500.0}
TABLE: list[tuple[bool | None, bool | None]] = [
    (a, b) for a in (True, False, None) for b in (True, False, None)
]


def truth(condition: Condition, facts: dict[str, Value]) -> bool | None:
    columns = {name: {value: 1} for name, value in facts.items()}
    true, false = compile_condition(condition, LIMITS)(columns, 1)
    assert not true & false
    return True if true else False if false else None


def parsed(book: Rulebook, data: Any) -> Condition:
    return parse(data, book.facts, book.thresholds)


def world(a: bool | None, b: bool | None) -> dict[str, Value]:
    return {name: value for name, value in (("a", a), ("b", b)) if value is not None}


A, B = Among("a", frozenset([True])), Among("b", frozenset([True]))


@pytest.mark.parametrize(("a", "b"), TABLE)
def test_all_and_any_follow_kleene(a: bool | None, b: bool | None) -> None:
    values = (a, b)
    conjunction = False if False in values else None if None in values else True
    disjunction = True if True in values else None if None in values else False

    assert truth(All((A, B)), world(a, b)) is conjunction
    assert truth(AnyOf((A, B)), world(a, b)) is disjunction


@pytest.mark.parametrize(
    ("a", "negated", "unless", "known"),
    [(True, False, False, True), (False, True, True, True), (None, None, True, False)],
)
def test_not_unless_and_known(
    a: bool | None, negated: bool | None, unless: bool, known: bool
) -> None:
    assert truth(Not(A), world(a, None)) is negated
    assert truth(Unless(A), world(a, None)) is unless
    assert truth(Known("a"), world(a, None)) is known


@pytest.mark.parametrize(
    ("comparison", "below", "on", "above"),
    [
        ("lt", True, False, False),
        ("le", True, True, False),
        ("gt", False, False, True),
        ("ge", False, True, True),
    ],
)
def test_comparisons_at_a_threshold(
    little: Rulebook, comparison: str, below: bool, on: bool, above: bool
) -> None:
    condition = parsed(little, {"examples": {comparison: "enough"}})

    assert [truth(condition, {"examples": value}) for value in (99, 100, 101)] == [below, on, above]
    assert truth(condition, {}) is None


def test_lists_mean_one_of_and_ne_means_none_of(little: Rulebook) -> None:
    either = parsed(little, {"diagnosis": ["information", "both"]})
    other = parsed(little, {"diagnosis": {"ne": "both"}})

    kinds = ("information", "behavior", "both")
    assert [truth(either, {"diagnosis": kind}) for kind in kinds] == [True, False, True]
    assert [truth(other, {"diagnosis": kind}) for kind in kinds] == [True, True, False]
    assert truth(other, {}) is None


def test_several_keys_mean_all_of_them(little: Rulebook) -> None:
    condition = parsed(little, {"tested": True, "examples": {"ge": "enough", "lt": "plenty"}})

    assert truth(condition, {"tested": True, "examples": 100}) is True
    assert truth(condition, {"tested": True, "examples": 500}) is False
    assert truth(condition, {"examples": 200}) is None
    assert facts_of(condition) == ("tested", "examples")
    assert len(list(walk(condition))) == 5


@given(data=st.data())
def test_truth_is_what_the_plain_reading_says(little: Rulebook, data: st.DataObject) -> None:
    written = data.draw(conditions())
    facts = data.draw(stated(little, most=6))

    assert truth(parsed(little, written), facts) is plain.holds(written, facts, LIMITS)


@given(data=st.data())
def test_a_batch_is_as_good_as_one_by_one(little: Rulebook, data: st.DataObject) -> None:
    condition = parsed(little, data.draw(conditions()))
    worlds = data.draw(st.lists(stated(little, most=6), min_size=1, max_size=12))
    holds = compile_condition(condition, LIMITS)
    columns = varied({}, [tuple(facts.items()) for facts in worlds])

    true, false = holds(columns, (1 << len(worlds)) - 1)

    together = [
        True if true >> place & 1 else False if false >> place & 1 else None
        for place in range(len(worlds))
    ]
    assert together == [truth(condition, facts) for facts in worlds]


@given(data=st.data(), seed=st.integers(0, 2**32))
def test_what_lasts_holds_whatever_becomes_known(
    little: Rulebook, data: st.DataObject, seed: int
) -> None:
    condition = parsed(little, data.draw(conditions()))
    facts = data.draw(stated(little, most=5))
    columns = {name: {value: 1} for name, value in facts.items()}
    true, false = compile_condition(condition, LIMITS, lasting=True)(columns, 1)
    dice = random.Random(seed)

    later = {truth(condition, completion(little, facts, dice)) for _ in range(8)}

    if true:
        assert later == {True}
    if false:
        assert later == {False}


def test_what_can_turn_does_not_last(little: Rulebook) -> None:
    for data in ({"unless": {"tested": True}}, {"not": {"known": "tested"}}, {"tested": True}):
        lasting = compile_condition(parsed(little, data), LIMITS, lasting=True)
        assert lasting({}, 1) == (0, 0)
    known = compile_condition(parsed(little, {"known": "tested"}), LIMITS, lasting=True)
    assert known({"tested": {False: 1}}, 1) == (1, 0)
