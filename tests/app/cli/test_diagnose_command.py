from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from app.labelled_file import LabelledFile
from tests.app.cli.conftest import PROGRAM, Formfact

RECORDS: list[dict[str, Any]] = [
    {"id": "right", "input": "2 + 2?", "output": "4", "reference": "4"},
    {"id": "wrong", "input": "Capital of France?", "output": "Rome", "reference": "Paris"},
    {"id": "broken", "input": "As JSON.", "output": "{", "format_spec": {"type": "json"}},
]


def written(path: Path, records: list[Any]) -> Path:
    lines = (item if isinstance(item, str) else json.dumps(item) for item in records)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return written(tmp_path / "log.jsonl", RECORDS)


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_log_is_summed_up_in_words(formfact: Formfact, log: Path) -> None:
    done = formfact("diagnose", log)

    assert done.status == 0
    assert "Of 2 failing records" in done.out
    assert "Malformed output" in done.out


def test_json_has_the_shape_that_others_rely_on(formfact: Formfact, log: Path) -> None:
    with log.open("a", encoding="utf-8") as file:
        file.write("not json\n")

    summary = json.loads(formfact("diagnose", log, "--json").out)

    assert summary["records"] == 3
    assert [row["line"] for row in summary["skipped"]] == [4]
    assert {"count", "share", "low", "high"} <= set(summary["labels"]["information"])
    assert summary["labels"]["information"]["count"] == 1
    assert set(summary["rulebook"]) == {"version", "hash"}
    assert summary["seconds"] >= 0


def test_out_has_a_line_for_each_record_in_order(
    formfact: Formfact, log: Path, tmp_path: Path
) -> None:
    done = formfact("diagnose", log, "--out", tmp_path / "out.jsonl")

    lines = lines_of(tmp_path / "out.jsonl")
    assert done.status == 0
    assert [line["id"] for line in lines] == ["right", "wrong", "broken"]
    assert [line["label"] for line in lines] == ["neither", "information", "behavior"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log.jsonl", "out.jsonl"]


def test_a_repeat_has_its_line_and_counts_once(formfact: Formfact, tmp_path: Path) -> None:
    again = written(tmp_path / "log.jsonl", [*RECORDS, {**RECORDS[1], "id": "again"}])

    summary = json.loads(formfact("diagnose", again, "--json", "--out", tmp_path / "o").out)

    assert "1 record repeats an earlier one" in formfact("diagnose", again).out
    assert (summary["records"], summary["repeats"]) == (3, 1)
    assert [line["id"] for line in lines_of(tmp_path / "o")][-1] == "again"


def test_an_id_used_twice_is_told_apart(formfact: Formfact, tmp_path: Path) -> None:
    twice = written(
        tmp_path / "log.jsonl", [*RECORDS, {**RECORDS[1], "id": "right", "output": "Oslo"}]
    )

    summary = json.loads(formfact("diagnose", twice, "--json", "--out", tmp_path / "o").out)

    assert "line 4: id 'right' is used" in summary["warnings"][0]
    assert lines_of(tmp_path / "o")[3]["id"] == "right#2"


@pytest.mark.parametrize(
    ("condition", "status"),
    [("information.share > 0.3", 1), ("information.share > 0.4", 0), ("outdated.count > 0", 0)],
)
def test_a_gate_decides_the_exit_status(
    formfact: Formfact, log: Path, condition: str, status: int
) -> None:
    done = formfact("diagnose", log, "--fail-if", condition)

    assert done.status == status
    assert ("failed: " in done.err) is bool(status)


def test_gates_that_cannot_be_read_are_named_before_anything_is_done(
    formfact: Formfact, log: Path, tmp_path: Path
) -> None:
    done = formfact(
        "diagnose", log, "--out", tmp_path / "o", "--fail-if", "much", "--fail-if", "behaviour > 0"
    )

    assert done.status == 2
    assert len(done.err.splitlines()) == 2
    assert "no figure 'behaviour'" in done.err
    assert not done.out
    assert not (tmp_path / "o").exists()


def test_columns_can_be_named(formfact: Formfact, tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user said,bot said,gold\nCapital of France?,Rome,Paris\n", encoding="utf-8")
    named = ["--map", "user said=input", "--map", "bot said=output", "--map", "gold=reference"]

    summary = json.loads(formfact("diagnose", path, *named, "--json").out)

    assert summary["labels"]["information"]["count"] == 1


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--map", "nonsense"], "write COLUMN=FIELD"),
        (["--resume"], "name it"),
        (["--with", "clairvoyance"], "clairvoyance"),
        (["--map", "x=outcome"], "outcome"),
    ],
)
def test_bad_options_are_refused_in_one_line(
    formfact: Formfact, log: Path, options: list[str], words: str
) -> None:
    done = formfact("diagnose", log, *options)

    assert done.status == 2
    assert words in done.err
    assert "Traceback" not in done.err


def test_a_log_that_is_no_log_is_refused_with_its_name(formfact: Formfact, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)

    done = formfact("diagnose", path)

    assert done.status == 2
    assert "picture.png" in done.err
    assert "Traceback" not in done.err


def test_a_stopped_run_goes_on_and_ends_as_if_it_had_not_been_stopped(tmp_path: Path) -> None:
    many = written(
        tmp_path / "log.jsonl",
        [{**RECORDS[number % 3], "id": str(number)} for number in range(20_000)],
    )
    out, whole = tmp_path / "out.jsonl", tmp_path / "whole.jsonl"
    run = [*PROGRAM, "diagnose", str(many), "--workers", "1", "--json", "--out"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    draft = tmp_path / "out.jsonl.part"
    with subprocess.Popen([*run, str(out)], env=environment, stderr=subprocess.PIPE) as child:
        while not draft.exists() or draft.stat().st_size < 100_000:
            time.sleep(0.02)
            assert child.poll() is None
        child.send_signal(signal.SIGKILL)

    assert not out.exists()
    resumed = subprocess.run(
        [*run, str(out), "--resume"], env=environment, capture_output=True, check=True
    )
    straight = subprocess.run([*run, str(whole)], env=environment, capture_output=True, check=True)

    assert out.read_bytes() == whole.read_bytes()
    first, second = json.loads(resumed.stdout), json.loads(straight.stdout)
    assert {**first, "seconds": 0} == {**second, "seconds": 0}
    assert not draft.exists()


def test_a_run_of_another_log_is_not_resumed(formfact: Formfact, log: Path, tmp_path: Path) -> None:
    with LabelledFile(tmp_path / "out.jsonl", {"log": "another"}):
        pass

    done = formfact("diagnose", log, "--out", tmp_path / "out.jsonl", "--resume")

    assert done.status == 2
    assert "another log" in done.err


def test_there_is_nothing_to_resume_without_a_draft(
    formfact: Formfact, log: Path, tmp_path: Path
) -> None:
    done = formfact("diagnose", log, "--out", tmp_path / "out.jsonl", "--resume")

    assert done.status == 2
    assert "no stopped run" in done.err


@pytest.mark.parametrize("rows", [[], ["garbage", '{"input": {}, "output": "x"}']])
def test_a_log_without_a_single_record_is_bad_input_and_leaves_nothing(
    formfact: Formfact, tmp_path: Path, rows: list[str]
) -> None:
    path = written(tmp_path / "log.jsonl", rows)

    done = formfact("diagnose", path, "--out", tmp_path / "out.jsonl")

    assert done.status == 2
    assert str(path) in done.err
    assert [item.name for item in tmp_path.iterdir()] == ["log.jsonl"]
