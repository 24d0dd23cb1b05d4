from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.runs import RESTAURANT, task_of
from trainer.contract import Task
from trainer.scoring import canonical, equal_fields, parsed, score

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "finetune"

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
kinds = st.sampled_from(["exact", "json", "choice", "regex"])


def test_an_exact_answer_may_have_white_space_around_it() -> None:
    assert score(Task(), " Berlin\n", "Berlin").right
    assert not score(Task(), "Berlin.", "Berlin").right
    assert score(Task(), "Berlin", "Berlin").well_formed is None


def test_json_is_equal_as_a_value() -> None:
    task = Task(score="json")
    found = score(task, '{"b": 1.0, "a": "x"}', '{"a":"x","b":1}')
    assert (found.right, found.well_formed, found.fields) == (True, True, 1.0)
    assert not score(task, "1", "true").right
    assert not score(task, '{"a": [1, 2]}', '{"a": [2, 1]}').right


@pytest.mark.parametrize(
    "answer",
    [
        'Sure! {"a": 1}',
        '```json\n{"a": 1}\n```',
        '{"a": NaN}',
        '{"a": 1, "a": 1}',
        "",
        "[" * 50_000,
    ],
)
def test_what_is_no_json_has_not_the_form(answer: str) -> None:
    found = score(Task(score="json"), answer, '{"a": 1}')
    assert (found.right, found.well_formed, found.fields) == (False, False, 0.0)


def test_missing_added_and_wrong_fields_count_against() -> None:
    wanted = {"a": 1, "b": {"c": 2, "d": 3}}
    assert equal_fields({"a": 1, "b": {"c": 2}}, wanted) == pytest.approx(2 / 3)
    assert equal_fields({"a": 1, "b": {"c": 2, "d": 3, "e": 4}}, wanted) == pytest.approx(3 / 4)
    assert equal_fields({"a": 1, "b": {"c": 2, "d": 4}}, wanted) == pytest.approx(2 / 3)
    assert equal_fields({}, {}) == 1.0
    assert equal_fields({}, wanted) == 0.0


def test_a_schema_says_which_json_has_the_form() -> None:
    task = Task(score="json", json_schema=RESTAURANT)
    assert score(task, '{"date": "today"}', '{"date": "now"}').well_formed
    assert not score(task, '{"day": "today"}', '{"date": "now"}').well_formed
    assert not score(task, '{"date": 7}', '{"date": "now"}').well_formed


def test_a_schema_that_is_none_or_elsewhere_fits_nothing() -> None:
    for schema in ({"type": 7}, {"$ref": "https://example.org/schema.json"}):
        assert not score(Task(score="json", json_schema=schema), "{}", "{}").well_formed


def test_a_choice_is_one_of_the_choices() -> None:
    task = Task(score="choice", choices=("yes", "no"))
    assert score(task, "yes\n", "yes").right
    wrong = score(task, "no", "yes")
    assert (wrong.right, wrong.well_formed) == (False, True)
    assert not score(task, "Yes, of course", "yes").well_formed


def test_a_pattern_matches_the_whole_answer_and_compares_its_group() -> None:
    task = Task(score="regex", pattern=r"Answer: (\d+)( apples)?")
    assert score(task, "Answer: 12 apples", "Answer: 12").right
    assert score(task, "Answer: 12", "12").right
    assert not score(task, "Answer: 13", "Answer: 12").right
    assert not score(task, "The answer: 12", "Answer: 12").well_formed
    assert not score(Task(score="regex", pattern="("), "x", "x").well_formed


def test_a_pattern_that_never_ends_does_not_match() -> None:
    task = Task(score="regex", pattern=r"(a|aa)+$")
    assert not score(task, "a" * 200 + "b", "a").well_formed


def test_where_only_the_form_is_asked_for_a_right_form_is_right() -> None:
    assert score(Task(score="json", format_only=True), "[]", '{"a": 1}').right
    assert not score(Task(score="json", format_only=True), "[", '{"a": 1}').right
    assert score(Task(format_only=True), "anything", "else").right


@given(kinds, st.text(max_size=60), st.text(max_size=60), st.booleans())
def test_any_text_is_scored(kind: Any, answer: str, reference: str, form: bool) -> None:
    task = Task(score=kind, choices=("a", "b"), pattern=r"\w+", format_only=form)
    found = score(task, answer, reference)
    assert found.fields is None or 0 <= found.fields <= 1
    assert not (found.right and found.well_formed is False)


@given(values)
def test_a_json_value_equals_itself_however_it_is_written(value: Any) -> None:
    compact, wide = json.dumps(value), json.dumps(value, indent=2, ensure_ascii=False)
    found = score(Task(score="json"), wide, compact)
    assert found.right
    assert found.fields == 1.0
    assert canonical(parsed(compact)) == canonical(parsed(wide))


@given(values, values)
def test_equal_fields_are_the_same_either_way_round_and_full_only_where_equal(
    one: Any, other: Any
) -> None:
    share = equal_fields(one, other)
    assert share == equal_fields(other, one)
    assert (share == 1.0) == (canonical(one) == canonical(other))


def _scorers() -> Any:
    if not (DATA / "scorers.py").exists():
        pytest.skip("the public finetuning sets are not on this machine")
    spec = importlib.util.spec_from_file_location("scorers", DATA / "scorers.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["banking77", "restaurant8k_json", "nlupp_json"])
def test_scores_mean_what_the_scorers_of_the_public_sets_mean(name: str) -> None:
    scorers, folder = _scorers(), DATA / name
    known = json.loads((folder / "task.json").read_text())
    rows = [json.loads(line) for line in (folder / "test.jsonl").read_text().splitlines()[:200]]
    golds = [row["messages"][-1]["content"] for row in rows]
    task = task_of(folder)
    for index, row in enumerate(rows):
        gold, neighbour = golds[index], golds[index - 1]
        for answer in (gold, neighbour, "Sure! " + gold, f"```\n{gold}\n```", gold[:-1], ""):
            theirs = scorers.score(name, answer, row, known)
            ours = score(task, answer, gold)
            assert (ours.well_formed, ours.right) == (theirs["format_ok"], theirs["correct"])
