from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evidence.reading import LogUnreadable, Row, preview_log, read_log
from evidence.reading.mapping import FIELDS, guess, known_names
from evidence.records import FailureRecord
from tests.evidence.reading.conftest import Saved


def only(path: Path, mapping: dict[str, str] | None = None) -> FailureRecord:
    [found] = read_log(path, mapping=mapping)
    assert isinstance(found, Row)
    return found.record


@pytest.mark.parametrize(
    ("columns", "mapping"),
    [
        ("Question answer", {"Question": "input", "answer": "output"}),
        ("user_input response", {"user_input": "input", "response": "output"}),
        ("instruction input output", {"input": "input", "output": "output"}),
        (
            "query modelOutput Gold",
            {"query": "input", "modelOutput": "output", "Gold": "reference"},
        ),
        (
            "prompt completion ideal",
            {"prompt": "input", "completion": "output", "ideal": "reference"},
        ),
        (
            "question contexts answer ground_truth",
            {
                "question": "input",
                "contexts": "context",
                "answer": "output",
                "ground_truth": "reference",
            },
        ),
        (
            "prompt generated schema critique",
            {
                "prompt": "input",
                "generated": "output",
                "schema": "format_spec",
                "critique": "reviewer_note",
            },
        ),
        (
            "Ticket_No User_question Bot_said QA_comment",
            {
                "Ticket_No": "id",
                "User_question": "input",
                "Bot_said": "output",
                "QA_comment": "reviewer_note",
            },
        ),
        ("input output source subtype score", {"input": "input", "output": "output"}),
    ],
)
def test_fields_are_guessed_from_names(columns: str, mapping: dict[str, str]) -> None:
    names = columns.split()
    assert guess(names, [dict.fromkeys(names, "x")]) == mapping


def test_column_that_says_something_comes_before_one_that_does_not() -> None:
    rows = [{"instruction": "a", "input": "", "output": "b"}]
    assert guess(list(rows[0]), rows) == {"instruction": "input", "output": "output"}
    assert guess(["input", "output"], [{"input": "", "output": ""}])["input"] == "input"


def test_every_field_has_names_and_no_name_means_two() -> None:
    assert set(known_names()) == set(FIELDS)
    names = [name for ranks in known_names().values() for name in ranks]
    assert len(names) == len(set(names))


def test_column_of_labels_is_no_reference() -> None:
    columns = ["input", "output", "label"]
    labelled = [{"input": "a", "output": "b", "label": "both"}]
    classified = [{"input": "a", "output": "b", "label": "positive"}]
    assert "label" not in guess(columns, labelled)
    assert guess(columns, classified)["label"] == "reference"


def test_columns_inside_objects_are_found_where_the_outer_ones_do_not_do(saved: Saved) -> None:
    row = {"inputs": {"question": "a", "user": "u"}, "outputs": {"answer": "b"}, "n": 1}
    record = only(saved("a.jsonl", json.dumps(row)))
    assert (record.input, record.output) == ("a", "b")
    assert record.metadata == {"inputs": {"user": "u"}, "n": 1}


def test_what_a_person_says_wins_and_the_rest_is_guessed(saved: Saved) -> None:
    row = {"prompt": "a", "answer": "b", "final": "c", "metadata": {"gold": "d", "k": 1}}
    path = saved("a.jsonl", json.dumps(row))
    given = {"final": "output", "metadata.gold": "reference"}
    record = only(path, given)
    assert (record.input, record.output, record.reference) == ("a", "c", "d")
    assert record.metadata == {"answer": "b", "k": 1}
    shown = preview_log(path, mapping=given)
    assert shown.mapping == {**given, "prompt": "input", "metadata": "metadata"}
    assert only(path, dict(shown.mapping)) == record
    assert only(path, {"answer": "metadata", "final": "output"}).metadata["answer"] == "b"


def test_everything_wrong_with_a_mapping_is_said_at_once(saved: Saved) -> None:
    path = saved("a.csv", "one,two,three,four", "1,2,3,4")
    wrong = {"one": "inptu", "too": "reference", "three": "output", "four": "output"}
    with pytest.raises(LogUnreadable) as caught:
        read_log(path, mapping=wrong)
    said = str(caught.value)
    assert "no field 'inptu' (did you mean 'input'?)" in said
    assert "no column 'too' (did you mean 'two'?)" in said
    assert "'output' is given 2 columns: three, four" in said
    assert "no column is the input" in said
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("context", ["one", {"text": "two"}, {"page_content": "three"}], ["one", "two", "three"]),
        ("context", '["one", "two"]', ["one", "two"]),
        ("context", "['one', \"it's\"]", ["one", "it's"]),
        ("context", "[1] a cited passage", "[1] a cited passage"),
        ("context", [], None),
        ("reference", ["first", "second"], "first"),
        ("reference", 42, "42"),
        ("reference", {"a": 1}, '{"a": 1}'),
        ("reference", "", None),
        ("reviewer_note", "  ", None),
    ],
)
def test_values_are_brought_into_the_types_of_a_record(
    saved: Saved, field: str, given: Any, kept: Any
) -> None:
    row = {"input": "a", "output": "b", field: given}
    assert getattr(only(saved("a.jsonl", json.dumps(row))), field) == kept


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("json", {"type": "json"}),
        ('{"type": "regex", "pattern": "a"}', {"type": "regex", "pattern": "a"}),
        (
            {"type": "object", "required": ["a"]},
            {"type": "json_schema", "schema": {"type": "object", "required": ["a"]}},
        ),
        (
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "array"}}},
            {"type": "json_schema", "schema": {"type": "array"}},
        ),
        ({"type": "json_object"}, {"type": "json"}),
        ({"type": "text"}, None),
    ],
)
def test_formats_are_understood_in_several_shapes(saved: Saved, given: Any, kept: Any) -> None:
    row = {"input": "a", "output": "b", "response_format": given}
    found = only(saved("a.jsonl", json.dumps(row))).format_spec
    assert (found.model_dump() if found else None) == kept


def test_further_acceptable_answers_are_kept_aside(saved: Saved) -> None:
    row = {"input": "a", "output": "b", "ground_truths": ["first", "second"]}
    assert only(saved("a.jsonl", json.dumps(row))).metadata == {"references": ["first", "second"]}


@pytest.mark.parametrize(
    "answer",
    [
        {"role": "assistant", "content": "yes"},
        [{"role": "assistant", "content": "yes"}],
        [
            {"role": "user", "content": "?"},
            {"role": "assistant", "content": [{"type": "text", "text": "yes"}]},
        ],
        ["yes"],
    ],
)
def test_answer_that_is_a_message_gives_its_text(saved: Saved, answer: Any) -> None:
    assert only(saved("a.jsonl", json.dumps({"prompt": "a", "response": answer}))).output == "yes"


def test_a_preview_shows_values_as_the_log_writes_them(saved: Saved) -> None:
    row = {"input": "?", "output": "!", "format_spec": {"type": "json"}, "context": ["One."]}

    (shown,) = preview_log(saved("log.jsonl", json.dumps(row))).rows

    assert shown["format_spec"] == '{"type": "json"}'
    assert shown["context"] == '["One."]'
