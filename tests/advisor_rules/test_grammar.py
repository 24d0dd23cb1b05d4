from __future__ import annotations

from typing import Any

import pytest

from advisor_rules.grammar import ConditionError, parse
from advisor_rules.rulebook import Rulebook


@pytest.mark.parametrize(
    ("data", "path", "words"),
    [
        ({}, (), "a condition is a mapping"),
        (None, (), "a condition is a mapping"),
        ([], (), "a condition is a mapping"),
        ({"all": []}, ("all",), "needs a list"),
        ({"any": {"tested": True}}, ("any",), "needs a list"),
        ({"not": True}, ("not",), "a condition is a mapping"),
        ({"unless": {"nothing": True}}, ("unless", "nothing"), "unknown fact 'nothing'"),
        ({"known": "nothing"}, ("known",), "unknown fact 'nothing'"),
        ({"known": ["tested"]}, ("known",), "unknown fact"),
        ({"nothing": True}, ("nothing",), "unknown fact 'nothing'"),
        ({"tested": "yes"}, ("tested",), "'yes' is not a value of tested"),
        ({"tested": 1}, ("tested",), "1 is not a value of tested"),
        ({"tested": None}, ("tested",), "None is not a value"),
        ({"tested": [[True]]}, ("tested",), "[True] is not a value"),
        ({"tested": [{"a": 1}]}, ("tested",), "is not a value"),
        ({"tested": []}, ("tested",), "compared with nothing"),
        ({"examples": {}}, ("examples",), "compared with nothing"),
        ({"tested": {"ge": "enough"}}, ("tested",), "compares numbers"),
        ({"subject": {"ne": "art"}}, ("subject",), "'art' is not a value"),
        ({"examples": 50}, ("examples",), "with a named threshold"),
        ({"examples": {"ge": 50}}, ("examples",), "50 is not a named threshold"),
        ({"examples": {"ge": "nothing"}}, ("examples",), "'nothing' is not a named threshold"),
        ({"examples": {"ge": ["enough"]}}, ("examples",), "is not a named threshold"),
        ({"examples": {"above": "enough"}}, ("examples",), "unknown comparison 'above'"),
        ({"any": [{"tested": True}, {"x": 1}]}, ("any", 1, "x"), "unknown fact 'x'"),
    ],
)
def test_a_wrong_condition_is_refused_with_its_place(
    little: Rulebook, data: Any, path: tuple[str | int, ...], words: str
) -> None:
    with pytest.raises(ConditionError) as caught:
        parse(data, little.facts, little.thresholds)

    ((where, message),) = caught.value.problems
    assert where == path
    assert words in message


def test_every_problem_of_a_condition_is_named(little: Rulebook) -> None:
    data = {"nothing": 1, "any": [{"tested": "yes"}, {"not": {"examples": {"ge": 1, "is": 2}}}]}

    with pytest.raises(ConditionError) as caught:
        parse(data, little.facts, little.thresholds)

    assert len(caught.value.problems) == 4
