from __future__ import annotations

import csv
import json
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.importing import import_results, tools
from evidence.reading import LogUnreadable, Read, Row
from evidence.records import FailureRecord, Skipped
from tests.evidence.importing.making import EXPORTS

CHAT = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Opening hours?"}]
REPLY = {"role": "assistant", "content": "Nine."}


def lines(tmp_path: Path, *rows: Any) -> Path:
    path = tmp_path / "export.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def only(items: list[Read]) -> FailureRecord:
    [item] = items
    assert isinstance(item, Row), item
    return item.record


def run(tool: str, path: Path, *, failing_only: bool = False) -> list[Read]:
    return list(import_results(tool, path, failing_only=failing_only))


def test_every_module_of_the_folder_is_a_tool_with_a_line_about_it() -> None:
    assert {"promptfoo", "inspect-ai", "openai-chat", "openai-evals", "langfuse", "ragas"} <= set(
        tools()
    )
    assert all(about.endswith(".") for about in tools().values())
    with pytest.raises(KeyError):
        import_results("excel", EXPORTS)


@pytest.mark.parametrize("tool", sorted(tools()))
def test_what_is_no_export_is_left_out_or_refused(tool: str, tmp_path: Path) -> None:
    assert all(isinstance(item, Skipped) for item in run(tool, lines(tmp_path, {"a": 1}, [2], "x")))
    with pytest.raises(LogUnreadable, match="No such file"):
        run(tool, tmp_path / "none.json")
    page = tmp_path / "page.html"
    page.write_text("<html>\n<body>A report</body>\n</html>\n")
    with suppress(LogUnreadable):
        assert all(isinstance(item, Skipped) for item in run(tool, page))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = """
id input output messages choices message content role response request body vars prompt testCase
assert type value gradingResult componentResults reason pass success scores sample datasource_item
results status sample_id data sampled expected correct traceId trace_id name comment subject error
user_input retrieved_contexts reference target metadata epoch attachments non_preferred_output
preferred_output explanation
"""
KEYS = st.sampled_from(NAMES.split())
exports = st.recursive(
    json_values,
    lambda inner: st.dictionaries(KEYS, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=12,
)


@given(
    st.sampled_from(sorted(tools())),
    st.lists(st.dictionaries(KEYS, exports, max_size=8), max_size=3),
)
def test_no_shape_of_an_export_breaks_an_importer(
    tmp_path_factory: pytest.TempPathFactory, tool: str, rows: list[dict[str, Any]]
) -> None:
    for item in run(tool, lines(tmp_path_factory.mktemp("export"), *rows)):
        if isinstance(item, Row):
            item.record.model_dump_json().encode()


def test_passing_results_are_left_out_where_asked() -> None:
    path = EXPORTS / "promptfoo" / "results.json"
    whole = [item for item in run("promptfoo", path) if isinstance(item, Row)]
    failing = [item for item in run("promptfoo", path, failing_only=True) if isinstance(item, Row)]
    assert [item.record.metadata["passed"] for item in whole].count(True) == 1
    assert failing == [item for item in whole if not item.record.metadata["passed"]]


def test_words_of_a_person_in_promptfoo_are_a_note(tmp_path: Path) -> None:
    result = {
        "vars": {"question": "a", "expected": "b"},
        "prompt": {"raw": "a"},
        "response": {"output": {"x": 1}},
        "success": True,
        "gradingResult": {
            "pass": True,
            "comment": "Too long for a sign",
            "reason": "All fine here",
        },
    }
    record = only(run("promptfoo", lines(tmp_path, result)))
    assert record.reviewer_note == "Too long for a sign"
    assert (record.output, record.reference) == ('{"x": 1}', "b")


def test_damaged_archive_and_samples_are_told(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    sample = {"id": 1, "epoch": 2, "input": "a", "target": "", "output": {"completion": "b"}}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", "{}")
        archive.writestr("samples/1_epoch_2.json", json.dumps(sample))
        archive.writestr("samples/2_epoch_1.json", "{broken")
        archive.writestr("samples/3_epoch_1.json", json.dumps({"target": "", "input": "a"}))
    first, second, third = run("inspect-ai", path)
    assert isinstance(first, Row)
    assert (first.record.id, first.record.output, first.record.reference) == ("1@2", "b", None)
    assert isinstance(second, Skipped)
    assert third == Skipped(3, "output: field required")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(LogUnreadable, match="zip archive"):
        run("inspect-ai", path)


def test_overwritten_archive_is_refused_or_told(tmp_path: Path) -> None:
    raw = (EXPORTS / "inspect_ai" / "log.eval").read_bytes()
    path = tmp_path / "log.eval"
    for at in range(0, len(raw), 397):
        path.write_bytes(raw[:at] + b"\xff" * 9 + raw[at + 9 :])
        try:
            assert run("inspect-ai", path)
        except LogUnreadable:
            continue


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [*CHAT, REPLY]},
        {"messages": CHAT, "choices": [{"message": REPLY}], "object": "chat.completion"},
        {"request": {"messages": CHAT}, "response": {"choices": [{"message": REPLY}]}},
        {
            "custom_id": "c",
            "body": {"messages": CHAT},
            "response": {"body": {"choices": [{"message": REPLY}]}},
        },
        {"input": {"messages": CHAT}, "non_preferred_output": [REPLY], "preferred_output": [REPLY]},
    ],
)
def test_openai_conversations_come_in_many_shapes(row: Any, tmp_path: Path) -> None:
    record = only(run("openai-chat", lines(tmp_path, row)))
    assert not isinstance(record.input, str)
    assert [message.model_dump() for message in record.input] == CHAT
    assert record.output == "Nine."


def test_openai_completion_keeps_format_choices_and_model(tmp_path: Path) -> None:
    schema = {"type": "object", "required": ["a"]}
    completion = {
        "id": "chatcmpl-1",
        "model": "m-1",
        "choices": [{"message": REPLY, "finish_reason": "length"}, {"message": REPLY}],
    }
    request = {
        "messages": CHAT,
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}},
        "metadata": {"expected": "Eleven."},
    }
    first, second = run("openai-chat", lines(tmp_path, {**completion, **request}))
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert (first.record.id, second.record.id) == ("chatcmpl-1", "chatcmpl-1-2")
    assert first.record.reference == "Eleven."
    assert first.record.format_spec
    assert first.record.format_spec.model_dump() == {"type": "json_schema", "schema": schema}
    assert first.record.metadata["finish_reason"] == "length"
    assert first.record.metadata["model"] == "m-1"


def test_openai_batch_output_says_what_it_lacks(tmp_path: Path) -> None:
    row = {"custom_id": "c", "response": {"body": {"choices": [{"message": REPLY}]}}}
    [item] = run("openai-chat", lines(tmp_path, row))
    assert isinstance(item, Skipped)
    assert "put the request's messages into the row" in item.why


def test_openai_output_items_are_imported(tmp_path: Path) -> None:
    item = {
        "object": "eval.run.output_item",
        "id": "outputitem_1",
        "run_id": "evalrun_1",
        "status": "fail",
        "datasource_item": {"question": "Opening hours?", "ground_truth": "Eleven."},
        "results": [
            {
                "name": "judge",
                "passed": False,
                "score": 0.0,
                "sample": {
                    "output": [{"role": "assistant", "content": "The answer gives the wrong hour."}]
                },
            },
            {"name": "short", "passed": True, "score": 1.0},
        ],
        "sample": {"input": CHAT, "output": [REPLY], "model": "m-1", "finish_reason": "stop"},
    }
    path = tmp_path / "page.json"
    path.write_text(json.dumps({"object": "list", "data": [item], "has_more": False}))
    record = only(run("openai-evals", path))
    assert (record.id, record.output, record.reference) == ("outputitem_1", "Nine.", "Eleven.")
    assert record.reviewer_note == "The answer gives the wrong hour."
    assert record.metadata["passed"] is False
    assert record.metadata["scores"] == {"judge": 0.0, "short": 1.0}


def test_openai_log_of_events_is_joined_by_sample(tmp_path: Path) -> None:
    def event(sample: str, kind: str, **data: Any) -> dict[str, Any]:
        return {"run_id": "r", "sample_id": sample, "type": kind, "data": data}

    path = lines(
        tmp_path,
        {"spec": {"eval_name": "hours"}},
        event("h.1", "sampling", prompt=CHAT, sampled=["Nine."]),
        event("h.2", "sampling", prompt="Hours?", sampled="Eleven."),
        event("h.1", "match", correct=False, expected="Eleven.", picked=None),
        {"final_report": {"accuracy": 0.5}},
    )
    first, second = run("openai-evals", path)
    assert isinstance(first, Row)
    assert isinstance(second, Row)
    assert (first.record.output, first.record.reference) == ("Nine.", "Eleven.")
    assert first.record.metadata["passed"] is False
    assert (second.record.id, second.record.output) == ("h.2", "Eleven.")
    assert "passed" not in second.record.metadata


def test_langfuse_traces_are_joined_with_their_scores(tmp_path: Path) -> None:
    path = lines(
        tmp_path,
        {
            "id": "t1",
            "name": "bot",
            "input": {"question": "Hours?"},
            "output": REPLY,
            "metadata": {"contexts": ["a"]},
        },
        {
            "id": "t2",
            "input": {"messages": CHAT},
            "output": {"answer": "Nine."},
            "scores": [{"name": "helpful", "value": 0.4, "data_type": "NUMERIC", "comment": None}],
        },
        {"id": "t3", "input": "Hours?", "output": None},
        {
            "id": "s1",
            "traceId": "t1",
            "name": "correctness",
            "value": 0,
            "dataType": "BOOLEAN",
            "source": "ANNOTATION",
            "comment": "Sundays start at eleven",
        },
        {
            "id": "s2",
            "subject": {"kind": "trace", "id": "t1"},
            "name": "output",
            "value": "Eleven.",
            "data_type": "CORRECTION",
        },
    )
    first, second, third = run("langfuse", path)
    assert isinstance(first, Row)
    assert (first.record.input, first.record.output) == ("Hours?", "Nine.")
    assert (first.record.context, first.record.reference) == (["a"], "Eleven.")
    assert first.record.reviewer_note == "Sundays start at eleven"
    assert first.record.metadata["passed"] is False
    assert isinstance(second, Row)
    assert second.record.output == "Nine."
    assert second.record.metadata["scores"] == {"helpful": 0.4}
    assert third == Skipped(3, "has no output: the row has no output")


def test_langfuse_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "traces.csv"
    cells = ["t1", '"Hours?"', json.dumps(REPLY), '{"ok": [1]}']
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["id", "input", "output", "scores"], cells])
    record = only(run("langfuse", path))
    assert (record.input, record.output) == ("Hours?", "Nine.")
    assert record.metadata["scores"] == {"ok": [1]}


@pytest.mark.parametrize(("comment", "note"), [("Too long", "Too long"), (" 0.5 ", None)])
def test_what_a_person_typed_is_a_note_however_short(
    comment: str, note: str | None, tmp_path: Path
) -> None:
    scores = [{"name": "review", "value": 0, "comment": comment}]
    trace = {"id": "t", "input": "Fee?", "output": "Five euros.", "scores": scores}
    result = {
        "success": False,
        "prompt": {"raw": "Fee?"},
        "response": {"output": "Five euros."},
        "gradingResult": {"pass": False, "comment": comment, "componentResults": []},
    }
    assert only(run("langfuse", lines(tmp_path, trace))).reviewer_note == note
    assert only(run("promptfoo", lines(tmp_path, result))).reviewer_note == note


def test_old_names_and_metrics_of_ragas_are_known(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    header = ["question", "contexts", "answer", "ground_truth", "faithfulness", "recall"]
    with path.open("w", newline="") as file:
        cells = ["Hours?", "['a', 'b']", "Nine.", "Eleven.", "0.25", "nan"]
        csv.writer(file).writerows([header, cells])
    record = only(run("ragas", path))
    assert (record.input, record.output, record.reference) == ("Hours?", "Nine.", "Eleven.")
    assert record.context == ["a", "b"]
    assert record.metadata == {"tool": "ragas", "scores": {"faithfulness": 0.25}}
