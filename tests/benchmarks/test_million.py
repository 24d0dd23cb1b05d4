"""The log of the long run has no two records alike; a run over it is watched to its end."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from typing import Any

from benchmarks.million import measure, varied, watch, write_log
from evidence.reading import Row, read_log
from evidence.reading.duplicates import content_digest

ROWS: list[dict[str, Any]] = [
    {"id": "a", "input": "How many legs has a spider?", "output": "Six.", "reference": "eight"},
    {"id": "b", "input": [{"role": "user", "content": "Say hello."}], "output": "I will not."},
]


def test_records_that_are_used_again_differ(tmp_path: Path) -> None:
    write_log(tmp_path / "log.jsonl", ROWS, 9)
    read = [row.record for row in read_log(tmp_path / "log.jsonl") if isinstance(row, Row)]

    assert len({content_digest(record) for record in read}) == 9
    assert [row["id"] for row in islice(varied(ROWS), 3)] == ["a-0", "b-0", "a-1"]


def test_a_short_log_is_diagnosed_to_its_end(tmp_path: Path) -> None:
    result = measure(ROWS, 40, tmp_path)

    assert result["records"] == 40
    assert result["peak_mb"] > 0
    assert len((tmp_path / "labelled.jsonl").read_bytes().splitlines()) == 40


def test_the_status_of_a_program_that_fails_is_seen(tmp_path: Path) -> None:
    seen = watch([sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "none")

    assert seen.status == 3
    assert seen.seconds > 0
