from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from evidence.reading import Row, preview_log, read_log
from evidence.records import Skipped

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def test_nested_and_typed_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    rows = [
        {
            "question": "a",
            "response": "b",
            "contexts": ["one", "two"],
            "target": 4,
            "at": datetime(2026, 1, 2, tzinfo=UTC),
            "cost": Decimal("0.5"),
            "raw": b"\xff",
            "score": float("nan"),
            "nested": {"k": [1]},
        },
        {"question": "c", "response": "d"},
        {"question": None, "response": "d"},
    ]
    parquet.write_table(pyarrow.Table.from_pylist(rows), path)
    first, second, third = read_log(path)
    assert isinstance(first, Row)
    assert first.record.context == ["one", "two"]
    assert first.record.reference == "4"
    assert first.record.metadata == {
        "at": "2026-01-02T00:00:00+00:00",
        "cost": "0.5",
        "raw": "/w==",
        "score": None,
        "nested": {"k": [1]},
    }
    assert isinstance(second, Row)
    assert second.record.id == "row-2"
    assert third == Skipped(3, "input: field required")


def test_reading_resumes_across_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pyarrow.table({"input": ["a"] * 1000, "output": [str(n) for n in range(1000)]})
    parquet.write_table(table, path, row_group_size=300)
    whole = list(read_log(path))
    assert [item.line for item in whole] == list(range(1, 1001))
    for after in (299, 300, 301, 999, 1000):
        assert list(read_log(path, after=after)) == whole[after:]


def test_text_that_is_not_utf8_costs_its_row(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    offsets = pyarrow.py_buffer(b"".join(n.to_bytes(4, "little") for n in (0, 1, 2, 3)))
    broken = pyarrow.Array.from_buffers(
        pyarrow.string(), 3, [None, offsets, pyarrow.py_buffer(b"a\xffc")]
    )
    parquet.write_table(pyarrow.table({"input": ["x", "y", "z"], "output": broken}), path)
    found = list(read_log(path))
    assert [type(item) for item in found] == [Row, Skipped, Row]


def test_damaged_group_is_said_and_the_others_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pyarrow.table({"input": ["a"] * 400, "output": [f"{n:>50}" for n in range(400)]})
    parquet.write_table(table, path, row_group_size=100, compression="snappy", use_dictionary=False)
    about = parquet.ParquetFile(path).metadata.row_group(1).column(1)
    raw = bytearray(path.read_bytes())
    begin = about.data_page_offset
    raw[begin : begin + about.total_compressed_size] = b"\xff" * about.total_compressed_size
    path.write_bytes(bytes(raw))
    found = list(read_log(path))
    assert [item.line for item in found if isinstance(item, Skipped)] == [101]
    assert len([item for item in found if isinstance(item, Row)]) == 300


def test_empty_table_has_columns_and_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table({"prompt": pyarrow.array([], pyarrow.string())}), path)
    assert list(read_log(path)) == []
    assert preview_log(path).columns == ("prompt",)


def test_absent_library_is_named_with_what_brings_it(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1")
    code = (
        "import sys; sys.modules['pyarrow'] = None\n"  # as where it is not installed
        "from pathlib import Path\n"
        "from evidence.reading import read_log\n"
        "read_log(Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=False
    )
    assert 'needs pyarrow, which the parquet extra brings: pip install "formfact[parquet]"' in (
        done.stderr
    )
