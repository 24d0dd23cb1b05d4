from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evidence.reading import LogUnreadable, Read, Row, preview_log, read_log
from evidence.records import Skipped

NAMES = ["a.jsonl", "a.json", "a.csv", "a.tsv", "a", "a.parquet", "a.jsonl.gz"]
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(
    [
        "id",
        "input",
        "output",
        "reference",
        "context",
        "format_spec",
        "reviewer_note",
        "metadata",
        "messages",
        "prompt",
        "schema",
    ]
)
broken_lines = st.one_of(
    st.binary(max_size=60).map(lambda raw: raw.replace(b"\n", b" ")),
    st.dictionaries(FIELDS, json_values, max_size=5).map(lambda row: json.dumps(row).encode()),
    st.sampled_from([b"{", b"[", b'"', b"\xff\xfe", b"\0" * 9, b"[" * 5000, b'{"a":' * 5000]),
)


def good(number: int) -> dict[str, Any]:
    return {"id": f"good-{number}", "input": "question", "output": "answer"}


def kept(items: list[Read]) -> list[str]:
    names = [item.record.id for item in items if isinstance(item, Row)]
    return [name for name in names if name.startswith("good-")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


@given(st.sampled_from(NAMES), st.binary(max_size=400), st.booleans())
@example("a.json", b'{"a":1}[', False)
@example("a.json", b"[1,2", False)
@example("a", b'"', False)
def test_any_bytes_are_read_or_refused(folder: Path, name: str, raw: bytes, packed: bool) -> None:
    path = folder / name
    path.write_bytes(gzip.compress(raw) if packed else raw)
    with suppress(LogUnreadable):
        for item in read_log(path):
            if isinstance(item, Row):
                item.record.model_dump_json().encode()
            else:
                assert item.why
    with suppress(LogUnreadable):
        preview_log(path)


@given(st.lists(broken_lines, max_size=8))
def test_good_lines_around_bad_ones_survive(folder: Path, broken: list[bytes]) -> None:
    path = folder / "lines.jsonl"
    lines = []
    for number, raw in enumerate(broken):
        lines += [json.dumps(good(number)).encode(), raw]
    lines.append(json.dumps(good(len(broken))).encode())
    path.write_bytes(b"\n".join(lines))
    found = list(read_log(path))
    assert kept(found) == [f"good-{number}" for number in range(len(broken) + 1)]
    assert [item.line for item in found] == sorted({item.line for item in found})


@given(st.lists(st.dictionaries(FIELDS, json_values, max_size=5), max_size=8))
def test_good_elements_around_bad_ones_survive(folder: Path, broken: list[dict[str, Any]]) -> None:
    path = folder / "list.json"
    rows = [good(0)]
    for number, row in enumerate(broken, 1):
        rows += [row, good(number)]
    path.write_text(json.dumps(rows), encoding="utf-8")
    found = list(read_log(path))
    assert kept(found) == [f"good-{number}" for number in range(len(broken) + 1)]
    assert len(found) == len(rows)


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_characters='"\r\n', codec="utf-8")), max_size=6),
        max_size=8,
    )
)
def test_good_rows_of_a_table_around_bad_ones_survive(
    folder: Path, broken: list[list[str]]
) -> None:
    path = folder / "table.csv"
    lines = ["id,input,output", "good-0,question,answer"]
    for number, cells in enumerate(broken, 1):
        lines += [",".join(cells), f"good-{number},question,answer"]
    path.write_bytes("\n".join(lines).encode())
    assert kept(list(read_log(path))) == [f"good-{number}" for number in range(len(broken) + 1)]


@given(st.integers(min_value=0, max_value=2000), st.binary(min_size=1, max_size=30))
def test_overwritten_piece_of_a_packed_log_is_told(folder: Path, at: int, piece: bytes) -> None:
    path = folder / "packed.jsonl.gz"
    packed = gzip.compress("\n".join(json.dumps(good(n)) for n in range(200)).encode(), 1)
    path.write_bytes(packed[:at] + piece + packed[at + len(piece) :])
    try:
        found = list(read_log(path))
    except LogUnreadable:
        return
    assert len(kept(found)) <= 200
    assert len(kept(found)) == 200 or any(isinstance(item, Skipped) for item in found)


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
def test_a_long_run_of_openings_is_no_hang(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    start = b'"x\n' if name == "a.csv" else b"[{\n"
    path.write_bytes(b"input,output\n" * (name == "a.csv") + start * 50_000)
    with suppress(LogUnreadable):
        assert all(isinstance(item, Skipped | Row) for item in read_log(path))
