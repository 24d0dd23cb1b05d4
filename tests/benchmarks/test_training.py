from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import classify, formats
from benchmarks.common import MISSING
from benchmarks.runs import rows_of, task_of, without


@pytest.mark.parametrize("main", [classify.main, formats.main])
def test_where_there_is_no_data_it_says_so(
    main: object, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert callable(main)
    assert main(["--data", str(tmp_path), "--json"]) == MISSING
    assert "no benchmark data" in capsys.readouterr().err


def test_rows_of_a_set_have_its_system_message_and_are_drawn_the_same_way(tmp_path: Path) -> None:
    (tmp_path / "task.json").write_text('{"system": "Sort.", "labels": ["x", "y"]}')
    row = {"messages": [{"role": "user", "content": "?"}, {"role": "assistant", "content": "x"}]}
    lines = (json.dumps({**row, "id": str(place)}) for place in range(20))
    (tmp_path / "train.jsonl").write_text("\n".join(lines) + "\n")
    rows = rows_of(tmp_path, "train", 10)
    assert len(rows) == 10
    assert rows == rows_of(tmp_path, "train", 10)
    assert rows[0]["messages"][0] == {"role": "system", "content": "Sort."}
    assert task_of(tmp_path).choices == ("x", "y")
    parts = without(rows)
    assert len(parts["validation"]) == 1
    assert len(parts["train"]) == 9
