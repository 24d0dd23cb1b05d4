from __future__ import annotations

import json
import math
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from advisor_rules.safe_yaml import MAX_BYTES, MAX_DEPTH, InvalidFile, Problem, read_yaml

LAUGHS = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n"
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    # YAML forbids control characters even where JSON lets them stand
    | st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="￾￿")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc_", min_size=1), inner),
    max_leaves=15,
)


def problems(text: str) -> list[Problem]:
    with pytest.raises(InvalidFile) as caught:
        read_yaml(text, "some.yaml")
    return caught.value.problems


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (LAUGHS, 1, "anchors and aliases"),
        ("a: 1\nb: *a\n", 2, "anchors and aliases"),
        ("&key a: 1\n", 1, "anchors and aliases"),
        ("a: 1\nb: 2\na: 3\n", 3, "key 'a' is given twice"),
        ('{"a": {"b": 1,\n "b": 2}}', 2, "key 'b' is given twice"),
        ("---\na: 1\n---\nb: 2\n", 3, "only one document"),
        ("a:\n  - !!python/object/apply:os.system [ls]\n", 2, "tags such as"),
        ("a: !!binary aGk=\n", 1, "tags such as"),
        ("!!set {a, b}\n", 1, "tags such as"),
        ("!!bool a: x\n", 1, "tags such as"),
        ("a: ! b\n", 1, "tags such as '!'"),
        ("? [a, b]\n: 1\n", 1, "a key must be a plain word"),
        ("a: b: c\n", 1, "not valid YAML"),
        ("a: [1, 2\n", 2, "not valid YAML"),
        ("a: 1\nb: 2020-13-45\n", 2, "month must be in 1..12"),
        pytest.param("a: 1\nb: " + "9" * 5_000, 2, "not valid YAML", id="a vast number"),
        ("a: \x00", 1, "not valid YAML"),
        ("a: \ud800", 1, "not valid YAML"),
        ('a: "\\ud800"', 1, "not valid YAML"),
        pytest.param("[" * 100_000, 1, f"deeper than {MAX_DEPTH}", id="deep lists"),
        pytest.param("- " * 10_000, 1, f"deeper than {MAX_DEPTH}", id="deep dashes"),
        pytest.param('{"a":' * 50 + "1", 1, f"deeper than {MAX_DEPTH}", id="deep mappings"),
    ],
)
def test_hostile_text_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    (problem,) = problems(text)

    assert (problem.file, problem.line) == ("some.yaml", line)
    assert words in problem.message


def test_text_that_is_too_large_is_refused_unread() -> None:
    (problem,) = problems("x" * (MAX_BYTES + 1))

    assert "larger than 1,000,000" in problem.message
    assert str(problem) == "some.yaml: larger than 1,000,000 characters"


def test_several_problems_come_together_in_order() -> None:
    found = problems("a: 1\na: 2\nb:\n  c: 1\n  c: 2\n")

    assert [problem.line for problem in found] == [2, 5]
    assert str(InvalidFile(found)).splitlines() == [
        "some.yaml:2: key 'a' is given twice",
        "some.yaml:5: key 'c' is given twice",
    ]


def test_a_problem_without_a_file_says_just_what_is_wrong() -> None:
    assert str(Problem("", 0, "no such thing")) == "no such thing"


def test_every_value_keeps_its_line() -> None:
    document = read_yaml("a: 1\nb:\n  - x\n  - c: 2\n\n# note\nd:\n  e: 3\n", "some.yaml")

    assert document.data == {"a": 1, "b": ["x", {"c": 2}], "d": {"e": 3}}
    assert document.lines[("a",)] == 1
    assert document.lines[("b", 0)] == 3
    assert document.lines[("b", 1, "c")] == 4
    assert document.lines[("d", "e")] == 8


def test_a_problem_stands_at_the_closest_known_line() -> None:
    document = read_yaml("a: 1\nb:\n  c: 2\n", "some.yaml")

    assert document.problem(("b", "c"), "wrong").line == 3
    assert document.problem(("b", "c", "deeper", 3), "wrong").line == 3
    assert document.problem(("elsewhere",), "wrong").line == 1


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("", None),
        ("# only a comment\n", None),
        ("null", None),
        ("yes", True),
        ("a: 1e5", {"a": 1e5}),
        ("a: -1.5E-3", {"a": -0.0015}),
        ("a: '1e5'", {"a": "1e5"}),
        ("a: 1e5x", {"a": "1e5x"}),
        ("a: 2026-11-20", {"a": date(2026, 11, 20)}),
        ("1: one", {"1": "one"}),
        ("<<: {a: 1}", {"<<": {"a": 1}}),
        ('{\n\t"a": [1, 2],\n\t"b": "x\\/y"\n}', {"a": [1, 2], "b": "x/y"}),
        (json.dumps({"said": "fine 😀"}), {"said": "fine 😀"}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_plain_data_is_read(text: str, data: Any) -> None:
    read = read_yaml(text, "some.yaml").data

    assert read == data
    assert type(read) is type(data)


@given(data=JSON)
def test_json_is_read_as_json(data: Any) -> None:
    assert read_yaml(json.dumps(data), "some.json").data == data
    assert read_yaml(json.dumps(data, indent=2, ensure_ascii=False), "some.json").data == data


@given(text=st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    found: list[Problem] | None = None
    try:
        read_yaml(text, "some.yaml")
    except InvalidFile as error:
        found = error.problems

    assert found != []
    assert all(problem.line > 0 and problem.message for problem in found or [])


def test_not_a_number_is_read_and_left_to_whoever_needs_one() -> None:
    assert math.isnan(read_yaml("a: .nan", "some.yaml").data["a"])
