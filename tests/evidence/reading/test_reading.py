from __future__ import annotations

import gzip
import json
import tracemalloc
from pathlib import Path

import pytest

import app.demo
from evidence.reading import LogUnreadable, Read, Row, preview_log, read_log
from evidence.records import MAX_LINE_BYTES, FailureRecord, Message, Skipped
from tests.evidence.reading.conftest import Saved

DEMO = Path(app.demo.__path__[0]) / "failures.jsonl"


def row(**fields: object) -> str:
    return json.dumps({"id": "r1", "input": "question", "output": "answer", **fields})


def records(path: Path, **options: object) -> list[FailureRecord]:
    return [item.record for item in read_log(path, **options) if isinstance(item, Row)]  # type: ignore[arg-type]


def places(items: list[Read]) -> list[tuple[int, str]]:
    return [
        (item.line, item.record.id if isinstance(item, Row) else item.why[:20]) for item in items
    ]


def test_bundled_log_is_read_whole() -> None:
    found = list(read_log(DEMO))
    assert len(found) >= 20
    assert all(isinstance(item, Row) for item in found)
    assert any(isinstance(item, Row) and item.record.reviewer_note for item in found)


def test_one_log_reads_the_same_from_every_kind_of_file(saved: Saved) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [json.loads(line) for line in DEMO.read_text("utf-8").splitlines()]
    wanted = records(DEMO)
    lines = saved("a.jsonl", *(json.dumps(item) for item in rows))
    packed = saved("a.jsonl.gz", gzip.compress(lines.read_bytes()))
    array = saved("a.json", json.dumps(rows, indent=2))
    inside = saved("b.json", json.dumps({"version": 1, "meta": [1, {}], "data": rows}))
    flat = [
        {
            name: json.dumps(cell) if isinstance(cell, dict | list) else cell
            for name, cell in item.items()
        }
        for item in rows
    ]
    table = saved("a.parquet")
    parquet.write_table(pyarrow.Table.from_pylist(flat), table)
    for path in (lines, packed, array, inside, table):
        assert records(path) == wanted, path.name


def test_kind_is_known_by_content_where_the_name_does_not_tell(saved: Saved) -> None:
    assert [item.id for item in records(saved("log", row(), row(id="r2")))] == ["r1", "r2"]
    assert [item.id for item in records(saved("log", "[", row(), ",", row(id="r2"), "]"))] == [
        "r1",
        "r2",
    ]
    assert [item.output for item in records(saved("log.txt", "question,answer", "a,b"))] == ["b"]
    assert [item.id for item in records(saved("lines.json", row(), row(id="r2")))] == ["r1", "r2"]
    pretty = json.dumps(json.loads(row()), indent=1)
    assert [item.id for item in records(saved("one.json", pretty, pretty))] == ["r1", "r1"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.xlsx", b"PK\x03\x04rest", "save it as CSV"),
        ("a.jsonl", b"\xff\xfe{\x00", "UTF-16"),
        ("a.parquet", b"PAR1 and nothing more", "not a Parquet file"),
        ("a.parquet", b"", "not a Parquet file"),
        ("a.jsonl.gz", b"\x1f\x8bnot really", "unpacked"),
        ("a.csv", b"first,second\n1,2\n", "first, second"),
        ("a.jsonl", b'{"a": 1, "b": {"c": 2}}\n', "Columns: a, b, b.c"),
        ("a.jsonl", b'{"prompt": "x", "b": {"c": 2}}\n', "no column is the output"),
    ],
)
def test_file_that_is_no_log_is_refused_in_words(
    saved: Saved, name: str, content: bytes, said: str
) -> None:
    path = saved(name, content)
    with pytest.raises(LogUnreadable) as caught:
        read_log(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(LogUnreadable, match="No such file"):
        read_log(tmp_path / "none.jsonl")
    with pytest.raises(LogUnreadable, match="not a file"):
        read_log(tmp_path)
    with pytest.raises(LogUnreadable, match="no kind 'xml'"):
        read_log(DEMO, kind="xml")


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv", "a"])
def test_empty_log_has_no_rows(saved: Saved, name: str) -> None:
    path = saved(name, b"")
    assert list(read_log(path)) == []
    assert preview_log(path).rows == ()


def test_every_bad_row_is_named_with_its_line_and_the_rest_is_kept(saved: Saved) -> None:
    path = saved(
        "a.jsonl",
        row(),
        "",
        "{not json",
        '["a list"]',
        '{"id": "r5", "input": "no output"}',
        row(id="r6", output=7),
        b'{"input": "\xff"}',
        row(id="r8", format_spec={"schema": 1}),
        row(id="r9"),
    )
    found = list(read_log(path))
    assert [item.line for item in found] == [1, 3, 4, 5, 6, 7, 8, 9]
    assert [item.line for item in found if isinstance(item, Row)] == [1, 9]
    why = {item.line: item.why for item in found if isinstance(item, Skipped)}
    assert why[3].startswith("not JSON: ")
    assert why[4] == "must be a JSON object, not list"
    assert why[5] == "output: field required"
    assert why[6] == "output: must be text"
    assert "UTF-8" in why[7]
    assert why[8] == "format_spec: field required (type)"


def test_reading_resumes_after_a_row(saved: Saved) -> None:
    rows = [row(id=f"r{number}") for number in range(1, 8)]
    table = ["id,input,output", *(f"r{number},a,b" for number in range(1, 8))]
    for path in (
        saved("a.jsonl", *rows),
        saved("a.json", f"[{','.join(rows)}]"),
        saved("a.csv", *table),
    ):
        whole = list(read_log(path))
        for after in (0, 3, 8, 99):
            assert list(read_log(path, after=after)) == [
                item for item in whole if item.line > after
            ]


def test_missing_numbers_become_nothing_and_halves_of_characters_are_replaced(saved: Saved) -> None:
    path = saved(
        "a.jsonl",
        '{"id": "r1", "input": "a", "output": "\\ud83d\\ude00", "metadata": {"score": NaN}}',
        '{"id": "r2", "input": "a", "output": "x\\ud83dy", "metadata": {"\\udc00": 1e999}}',
    )
    first, second = records(path)
    assert (first.output, first.metadata) == ("😀", {"score": None})
    assert (second.output, second.metadata) == ("x\ufffdy", {"\ufffd": None})
    assert second.model_dump_json()


def test_record_without_an_id_is_named_after_its_place(saved: Saved) -> None:
    assert records(saved("a.jsonl", "", '{"input": "a", "output": "b"}'))[0].id == "line-2"
    assert records(saved("a.json", '[{"input": "a", "output": "b"}]'))[0].id == "row-1"
    assert records(saved("b.jsonl", row(id=7)))[0].id == "7"


def test_other_columns_go_into_the_metadata(saved: Saved) -> None:
    [found] = records(saved("a.jsonl", row(model="m", metadata={"user": 3})))
    assert found.metadata == {"model": "m", "user": 3}


def test_conversation_that_ends_in_a_reply_gives_the_output(saved: Saved) -> None:
    chat = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Hello"},
    ]
    [found] = records(saved("a.jsonl", json.dumps({"messages": chat})))
    assert found.output == "Hello"
    assert found.input == [Message.model_validate(item) for item in chat[:2]]


def test_line_that_is_too_long_is_skipped_and_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.seek(12 * MAX_LINE_BYTES)
        file.write(b"\n" + row().encode())
    tracemalloc.start()
    found = list(read_log(path))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [type(item) for item in found] == [Skipped, Row]
    assert peak < 4 * MAX_LINE_BYTES


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_deep_nesting_is_a_bad_row_and_not_a_crash(saved: Saved, name: str) -> None:
    deep = '{"id": "a", "input": "x", "output": "y", "metadata": ' + "[" * 200_000
    shallow = row(metadata={"a": json.loads("[" * 150 + "]" * 150)})
    lines = [deep, shallow, row()]
    listed = "[" + ",\n".join(lines) + "]"
    path = saved(name, *([listed] if name == "a.json" else lines))
    found = list(read_log(path))
    assert [item.record.id for item in found if isinstance(item, Row)] == ["r1"]
    assert any("deep" in item.why for item in found if isinstance(item, Skipped))


def test_file_that_was_cut_short_says_so(saved: Saved) -> None:
    packed = gzip.compress("\n".join(row(id=f"r{n}", note="x" * n) for n in range(999)).encode())
    found = list(read_log(saved("a.jsonl.gz", packed[: len(packed) // 2])))
    assert len([item for item in found if isinstance(item, Row)]) > 100
    assert isinstance(found[-1], Skipped)
    assert "cannot be read from here on" in found[-1].why
    cut = list(read_log(saved("a.json", f"[{row()}, {row(id='r2')}")))
    assert places(cut) == [(1, "r1"), (2, "r2"), (3, "the file ends in the")]


def test_broken_element_of_a_list_costs_itself_alone(saved: Saved) -> None:
    chat = json.dumps([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}])
    broken = f'{{"id": "bad", "input": {chat}, "output": oops}}'
    path = saved("a.json", f"[{row()}, {broken}, {row(id='r3')}, nonsense, {row(id='r5')}]")
    assert places(list(read_log(path)))[0] == (1, "r1")
    assert [item.id for item in records(path)] == ["r1", "r3", "r5"]


def test_preview_says_what_is_taken_for_what(saved: Saved) -> None:
    path = saved("a.csv", "Prompt,LLM Response,Ground-Truth,model", "a,b,c," + "m" * 999)
    shown = preview_log(path)
    assert (shown.kind, shown.missing, shown.unmapped) == ("csv", (), ("model",))
    assert shown.mapping == {
        "Prompt": "input",
        "LLM Response": "output",
        "Ground-Truth": "reference",
    }
    assert shown.rows[0]["Prompt"] == "a"
    assert len(shown.rows[0]["model"]) == 200
    assert preview_log(saved("b.csv", "x,answer", "1,2")).missing == ("input",)
    assert preview_log(saved("d", "x|answer", "1|2"), kind="csv").columns == ("x", "answer")
    assert preview_log(saved("c.csv", "x,answer")).columns == ("x", "answer")
