from __future__ import annotations

import random
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules.conditions import allowed_values
from advisor_rules.engine import compile_rulebook, judge
from advisor_rules.model import Fact, Value
from advisor_rules.rulebook import Rulebook
from advisor_rules.worlds import abstract_values, combined, sampled, size_of, varied
from tests.advisor_rules.little import stated


def world(columns: object, place: int) -> dict[str, Value]:
    """Return the facts of one world."""
    assert isinstance(columns, dict)
    return {
        name: value
        for name, column in columns.items()
        for value, mask in column.items()
        if mask >> place & 1
    }


def band(fact: Fact, value: Value, limits: set[float]) -> tuple[bool, ...]:
    """Return on which side of (or on) each limit a number lies."""
    number = float(value)
    return tuple(side for limit in sorted(limits) for side in (number < limit, number > limit))


def limits_of(book: Rulebook, fact: str) -> set[float]:
    limits = book.limits(book.latest())
    return {limits[name] for name in book.thresholds_of(fact)}


def test_every_band_of_every_number_has_a_value(book: Rulebook) -> None:
    compiled = compile_rulebook(book, book.latest())
    dice = random.Random(1)
    for name, values in abstract_values(compiled).items():
        fact, limits = book.facts[name], limits_of(book, name)
        if fact.type in ("bool", "choice"):
            assert values == allowed_values(fact)
            continue
        low, high = fact.minimum or 0.0, fact.maximum or 1e9
        anything = [low, high, *limits, *(dice.uniform(low, high) for _ in range(50))]
        anything += [near for limit in limits for near in (limit - 0.001, limit + 0.001)]
        for drawn in anything:
            number = int(drawn) if fact.type == "int" else drawn
            if low <= number <= high:
                assert band(fact, number, limits) in {band(fact, item, limits) for item in values}
        assert all(low <= float(item) <= high for item in values)
        assert list(values) == sorted(set(values))


@given(data=st.data())
def test_no_rule_tells_two_values_of_a_band_apart(book: Rulebook, data: st.DataObject) -> None:
    compiled = compile_rulebook(book, book.latest())
    inputs = {name for item in compiled.derivations for name in item.inputs}
    numbers = [fact for fact in book.facts.values() if fact.unit and fact.id not in inputs]
    fact = data.draw(st.sampled_from(numbers))
    kind = st.integers if fact.type == "int" else st.floats
    low, high = fact.minimum or 0, fact.maximum or 10**9
    drawn = data.draw(kind(int(low), int(high)))
    limits = limits_of(book, fact.id)
    (twin, *_) = [
        value
        for value in abstract_values(compiled)[fact.id]
        if band(fact, value, limits) == band(fact, drawn, limits)
    ]
    others = data.draw(stated(book))

    both = judge(compiled, varied(others, [((fact.id, drawn),), ((fact.id, twin),)]), 2)

    for true, false in both.truth.values():
        assert (true & 1, false & 1) == (true >> 1, false >> 1)


def test_variations_change_the_base_one_by_one() -> None:
    columns = varied({"a": True, "b": 3}, [(("a", False),), (("b", 4), ("c", "x")), ()])

    assert [world(columns, place) for place in range(3)] == [
        {"a": False, "b": 3},
        {"a": True, "b": 4, "c": "x"},
        {"a": True, "b": 3},
    ]


DOMAINS = st.dictionaries(
    st.sampled_from("abcd"), st.lists(st.integers(0, 9) | st.none(), min_size=1, unique=True)
).filter(lambda domains: size_of(domains) <= 3_000)


@given(domains=DOMAINS)
def test_combinations_are_all_of_them_once(domains: dict[str, list[int | None]]) -> None:
    columns, size = combined({"base": True, "a": 77}, domains)

    found = [frozenset(world(columns, place).items()) for place in range(size)]

    base = {"base": True} | ({} if "a" in domains else {"a": 77})
    expected = {
        frozenset(
            (base | {k: v for k, v in zip(domains, chosen, strict=True) if v is not None}).items()
        )
        for chosen in product(*domains.values())
    }
    assert len(found) == len(set(found)) == size_of(domains)
    assert set(found) == expected


def test_samples_come_up_as_often_as_they_are_named() -> None:
    domains = {"a": (None, None, True, False), "b": ("x", "y", "z"), "c": ("only",)}
    size = 20_000

    columns = sampled({"base": 1, "a": True}, domains, size, seed=1)

    share = {
        (name, value): mask.bit_count() / size
        for name, column in columns.items()
        for value, mask in column.items()
    }
    assert share["base", 1] == share["c", "only"] == 1
    assert share["a", True] == pytest.approx(1 / 4, abs=0.02)
    assert share["a", False] == pytest.approx(1 / 4, abs=0.02)
    assert [share["b", value] for value in "xyz"] == pytest.approx([1 / 3] * 3, abs=0.02)
    assert columns == sampled({"base": 1, "a": True}, domains, size, seed=1)
    assert columns != sampled({"base": 1, "a": True}, domains, size, seed=2)
    masks = list(columns["b"].values())
    assert masks[0] & masks[1] == masks[0] & masks[2] == masks[1] & masks[2] == 0
