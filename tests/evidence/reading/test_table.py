from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.reading import LogUnreadable, Row, read_log
from evidence.reading.table import columns_of, rows
from evidence.records import MAX_LINE_BYTES, FailureRecord, Skipped
from tests.evidence.reading.conftest import Saved


def records(path: Path) -> list[FailureRecord]:
    return [item.record for item in read_log(path) if isinstance(item, Row)]


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_delimiter_is_found_out(saved: Saved, delimiter: str) -> None:
    line = delimiter.join(["id", "input", "output"])
    path = saved("a.csv", line, delimiter.join(["r1", "a, b; c", "d|e"]).replace("d|e", '"d|e"'))
    found = list(rows(path))
    assert found[0][0] == 2
    assert isinstance(found[0][1], Skipped) or found[0][1]["output"] == "d|e"


def test_quoted_line_ends_count_as_lines_and_rows_are_named_by_where_they_begin(
    saved: Saved,
) -> None:
    path = saved("a.csv", b"\xef\xbb\xbfid,input,output", 'r1,"a', 'b","say ""c"""', "", "r2,d,e")
    found = list(read_log(path))
    assert [item.line for item in found] == [2, 5]
    assert records(path)[0].input == "a\nb"
    assert records(path)[0].output == 'say "c"'


def test_ragged_and_broken_rows_are_skipped_and_the_rest_is_kept(saved: Saved) -> None:
    path = saved(
        "a.csv",
        "id,input,output",
        "r1,a,b",
        "r2,a",
        "r3,a,b,c",
        "r4,a,b,,",
        b"r5,\xff,b",
        "r6,a\0,b",
        'r7,a,"never closed',
        "r8,a,b",
        "r9,a,b",
    )
    found = list(read_log(path))
    assert [item.record.id for item in found if isinstance(item, Row)] == [
        "r1",
        "r4",
        "r6",
        "r8",
        "r9",
    ]
    why = {item.line: item.why for item in found if isinstance(item, Skipped)}
    assert why == {
        3: "2 cells, and the first row names 3 columns",
        4: "4 cells, and the first row names 3 columns",
        6: "not UTF-8 text",
        8: "a quote is opened and not closed",
    }


def test_quote_that_another_row_closes_costs_its_own_row_alone(saved: Saved) -> None:
    path = saved(
        "a.csv", "id,input,output", 'r1,a,"open', "r2,a,b", 'r3,a,"b, c"', 'r4,"a"x,b', "r5,a,b"
    )
    found = list(read_log(path))
    assert [item.record.id for item in found if isinstance(item, Row)] == ["r2", "r3", "r5"]
    assert [item.line for item in found if isinstance(item, Skipped)] == [2, 5]


def test_line_that_is_too_long_costs_one_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    with path.open("wb") as file:
        file.write(b"id,input,output\nr1,a,b\nr2,")
        file.seek(3 * MAX_LINE_BYTES)
        file.write(b'x,b\nr3,a,b\nr4,"' + b"a" * 70_000 + b'",b\n')
    found = list(read_log(path))
    assert [item.line for item in found] == [2, 3, 4, 5]
    assert [item.id for item in records(path)] == ["r1", "r3", "r4"]


def test_column_names_are_made_different(saved: Saved) -> None:
    assert columns_of(saved("a.csv", "a,,a, b ")) == ["a", "column 2", "a (2)", "b"]


def test_first_row_that_cannot_be_read_is_said(saved: Saved) -> None:
    with pytest.raises(LogUnreadable, match=r"line 1: no row of column names, not UTF-8"):
        read_log(saved("a.csv", b"id,\xff", "1,2"))


def test_cells_with_json_are_parsed_where_a_field_asks_for_it(saved: Saved) -> None:
    cells = [
        '[{"role": "user", "content": "Hi"}]',
        "[not json",
        '["one", "two"]',
        '{"type": "choice", "choices": ["a"]}',
        '{"k": 1}',
    ]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["messages", "output", "contexts", "format_spec", "metadata"])
    writer.writerow(cells)
    [record] = records(saved("a.csv", text.getvalue()))
    assert not isinstance(record.input, str)
    assert record.output == "[not json"
    assert record.context == ["one", "two"]
    assert record.format_spec
    assert record.format_spec.type == "choice"
    assert record.metadata == {"k": 1}


@given(st.lists(st.tuples(st.text(), st.text(st.characters(codec="utf-8"))), min_size=1))
def test_whatever_is_written_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]]
) -> None:
    path = tmp_path_factory.mktemp("table") / "a.csv"
    with path.open("w", encoding="utf-8", errors="replace", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["input", "output"])
        writer.writerows((f".{first}", second) for first, second in cells)
    found = [(row["input"], row["output"]) for _, row in rows(path) if isinstance(row, dict)]
    kept = [(f".{first}".encode(errors="replace").decode(), second) for first, second in cells]
    assert found == kept
