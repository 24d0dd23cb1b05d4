"""A job's files become parts that are trained on, the same ones every time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trainer.contract import Data, RunFolder, Task, TrainSpec
from trainer.dataset import BadData, prepare
from trainer.dataset.rows import load

WORDS = ("red", "green", "blue", "grey", "pink", "gold", "teal", "plum", "lime", "rust")


def rows_of(count: int) -> list[dict[str, Any]]:
    return [
        {"messages": [{"role": "user", "content": f"{WORDS[n % 10] * 5} {n * 7919}"},
                      {"role": "assistant", "content": f"answer {n}"}], "group": str(n // 2)}
        for n in range(count)
    ]  # fmt: skip


def write(path: Path, rows: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")


def test_parts_are_written_once_and_the_same_again(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    write(tmp_path / "input/train.jsonl", rows_of(40))
    write(tmp_path / "input/safety.jsonl", [{"messages": [{"role": "user", "content": "q"}],
                                             "expect": "refuse"}])  # fmt: skip
    spec = TrainSpec(model="m", data=Data(train="input/train.jsonl", safety="input/safety.jsonl"),
                     task=Task(system="Be brief."))  # fmt: skip
    made = prepare(spec, folder)
    assert sum(made["rows"][part] for part in ("train", "validation", "test")) == 40
    assert made["rows"]["safety"] == 1
    assert prepare(spec, folder) == made
    parts = {part: load(folder.data / f"{part}.jsonl") for part in ("train", "validation", "test")}
    groups = [{row.group for row in part.rows} for part in parts.values()]
    assert not groups[0] & groups[1]
    assert not groups[0] & groups[2]
    assert not groups[1] & groups[2]
    assert all(row.messages[0]["content"] == "Be brief." for row in parts["test"].rows)
    assert prepare(spec.model_copy(update={"seed": 8}), folder)["hash"] != made["hash"]


def test_given_parts_are_kept_whole(tmp_path: Path) -> None:
    write(tmp_path / "t.jsonl", rows_of(20))
    write(tmp_path / "v.jsonl", rows_of(5))
    spec = TrainSpec(model="m", data=Data(train="t.jsonl", validation="v.jsonl", test_share=0.0))
    assert prepare(spec, RunFolder(tmp_path))["rows"] == {"train": 20, "validation": 5}


def test_files_that_lie_where_parts_are_written_are_split_once(tmp_path: Path) -> None:
    write(tmp_path / "data/train.jsonl", rows_of(40))
    spec = TrainSpec(model="m", data=Data(train="data/train.jsonl"))
    folder = RunFolder(tmp_path)
    assert prepare(spec, folder) == prepare(spec, folder)


def test_all_bad_rows_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path / "t.jsonl", [*rows_of(1), {}, [], *[7] * 30])
    spec = TrainSpec(model="m", data=Data(train="t.jsonl"))
    with pytest.raises(BadData) as caught:
        prepare(spec, RunFolder(tmp_path))
    assert len(caught.value.problems) == 21
    assert "row 2 of train" in caught.value.problems[0]
    assert caught.value.problems[-1] == "and 12 more"
    assert not (tmp_path / "data").exists()


def test_absent_and_empty_files_are_said(tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    with pytest.raises(BadData, match="test: there is no file nowhere"):
        prepare(TrainSpec(model="m", data=Data(train="empty.jsonl", test="nowhere")),
                RunFolder(tmp_path))  # fmt: skip
    with pytest.raises(BadData, match="no rows"):
        prepare(TrainSpec(model="m", data=Data(train="empty.jsonl")), RunFolder(tmp_path))
