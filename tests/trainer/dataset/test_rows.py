"""Rows are read in every shape, and whatever is wrong is said with its line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.dataset import rows
from trainer.dataset.rows import BadRow, Row, load, read

TALK = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]


def file_of(folder: Path, *lines: Any) -> Path:
    path = folder / "rows.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def only(folder: Path, line: Any, **how: Any) -> Row:
    (row,) = load(file_of(folder, line), **how).rows
    return row


def why(folder: Path, line: Any) -> str:
    (bad,) = load(file_of(folder, line)).bad
    return bad.why


def test_the_finetuning_format_is_read_with_tools_weight_and_labels(tmp_path: Path) -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    row = only(tmp_path, {
        "messages": [
            {"role": "developer", "content": [{"type": "text", "text": "be "},
                                              {"type": "text", "text": "brief"}]},
            {"role": "user", "content": "q"},
            {"role": "assistant", "content": "draft", "weight": 0},
            {"role": "assistant", "content": None, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "c1", "content": "7"},
            {"role": "assistant", "content": "seven", "weight": 1},
        ],
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "id": 9, "group": "g", "expect": "answer",
    })  # fmt: skip
    assert row.messages[0] == {"role": "system", "content": "be brief"}
    assert row.messages[3]["tool_calls"][0]["function"]["arguments"] == {"x": 1}
    assert [place for place in range(6) if row.trains(place)] == [3, 5]
    assert (row.id, row.group, row.expect, row.target) == ("9", "g", "answer", "seven")
    assert only(tmp_path, row.as_json()) == row


def test_of_a_prompt_and_its_completion_only_the_completion_is_trained(tmp_path: Path) -> None:
    row = only(tmp_path, {"prompt": TALK, "completion": "c"})
    assert [row.trains(place) for place in range(3)] == [False, False, True]
    assert only(tmp_path, {"prompt": "p", "completion": "c"}).question == "p"


def test_a_failure_record_becomes_a_row_with_what_was_right(tmp_path: Path) -> None:
    record = {"id": "r", "input": "When?", "output": "1999", "reference": "In 2001.",
              "context": ["It was 2001."], "metadata": {"group": "g"}}  # fmt: skip
    row = only(tmp_path, record)
    assert row.messages == (
        {"role": "user", "content": "It was 2001.\n\nWhen?"},
        {"role": "assistant", "content": "In 2001."},
    )
    assert row.group == "g"
    assert only(tmp_path, record | {"correction": "2001"}).target == "2001"


def test_the_systems_words_go_before_conversations_that_have_none(tmp_path: Path) -> None:
    own = {"role": "system", "content": "mine"}
    path = file_of(tmp_path, {"messages": TALK}, {"messages": [own, *TALK]})
    said = [row.messages[0]["content"] for row in load(path, system="theirs").rows]
    assert said == ["theirs", "mine"]


def test_an_item_about_refusals_needs_no_answer(tmp_path: Path) -> None:
    asked = {"messages": TALK[:1], "expect": "refuse"}
    assert only(tmp_path, asked, needs_answer=False).target == ""
    assert "nothing to learn" in why(tmp_path, asked)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[1]", "not a list"),
        ('{"messages": NaN}', "NaN is no number"),
        ('{"messages": ' + "9" * 5000 + "}", "not JSON"),
        ({}, '"messages"'),
        ({"prompt": "p"}, "go together"),
        ({"messages": []}, "at least one"),
        ({"messages": ["x"]}, "message 1 is not an object"),
        ({"messages": [{"role": "bot", "content": "x"}]}, "role is one of"),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "role is one of"),
        ({"messages": [{"role": "user", "content": 3}]}, "content is a text"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}, "parts of text"),
        ({"messages": [*TALK, {"role": "assistant", "function_call": {}}]}, "tool_calls"),
        ({"messages": [{**TALK[0], "weight": 1}, TALK[1]]}, "weight"),
        ({"messages": [TALK[0], {**TALK[1], "weight": 0.5}]}, "weight"),
        ({"messages": [TALK[0], {**TALK[1], "tool_calls": [{}]}]}, "tool call"),
        ({"messages": TALK, "tools": [{"name": "f"}]}, "a tool has a function"),
        ({"messages": TALK, "expect": "perhaps"}, "expect"),
        ({"messages": TALK, "group": {}}, "group"),
        ({"messages": TALK * 1001}, "more than"),
        ({"input": "q", "output": "a"}, "correction or a reference"),
        ('{"messages": [{"role": "user", "content": "\\ud800"}]}', "half a character"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(tmp_path: Path, line: Any, words: str) -> None:
    assert words in why(tmp_path, line)


def test_all_bad_rows_are_told_with_their_lines_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = file_of(
        tmp_path, "\ufeff" + json.dumps({"messages": TALK}), "", "{", {"messages": TALK}, "7"
    )
    loaded = load(path)
    assert [row.number for row in loaded.rows] == [1, 4]
    assert [bad.number for bad in loaded.bad] == [3, 5]


def test_bytes_that_are_no_text_and_endless_lines_cost_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "LONGEST_LINE", 2**20)
    path = tmp_path / "hostile.jsonl"
    good = json.dumps({"messages": TALK}).encode()
    path.write_bytes(b"\xff\xfe\n" + b"x" * (3 * 2**20) + b"\n" + good)
    found = list(read(path))
    assert [item.number for item in found] == [1, 2, 3]
    assert isinstance(found[2], Row)
    assert "not UTF-8" in getattr(found[0], "why", "")
    assert "longer than 1 MiB" in getattr(found[1], "why", "")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["messages", "role", "content", "tool_calls", "function", "prompt",
                             "completion", "weight", "name", "input", "output", "reference"]),
            inner, max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


@given(st.lists(JSON, min_size=1, max_size=4))
def test_no_json_breaks_the_reader_and_every_line_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any]
) -> None:
    path = file_of(tmp_path_factory.mktemp("any"), *map(json.dumps, values))
    found = list(read(path))
    assert [item.number for item in found] == list(range(1, len(values) + 1))
    assert all(isinstance(item, (Row, BadRow)) for item in found)
