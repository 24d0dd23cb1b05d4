from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.app.cli.conftest import PROGRAM
from tests.trainer.toy import PATIENCE, make_base, make_job, steps_told
from trainer.contract import RunFolder, RunReport

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec beside its data and its base model."""
    folder = make_job(tmp_path, make_base(tmp_path / "base"), task={"score": "json"})
    content = json.loads(folder.spec.read_text(encoding="utf-8")) | {"model": "base"}
    path = tmp_path / "sums.yaml"
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def test_a_run_is_paused_by_control_c_and_the_same_command_ends_it(spec: Path) -> None:
    run = RunFolder(spec.with_suffix(".run"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [*PROGRAM, "train", str(spec), "--json"]
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        until = time.monotonic() + PATIENCE
        while steps_told(run) < 3 and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1
    assert b"Paused" in told
    assert not run.report.exists()
    done = subprocess.run(
        command, env=environment, capture_output=True, check=False, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr.decode()
    report = RunReport.model_validate_json(done.stdout)
    assert report.weights_hash
    assert report.verdict is not None
    assert report.memory["dry_run_bytes"] > 0
    assert b"Training" not in done.stderr.partition(b"step")[0]  # gone on with, not begun again
    assert (run.root / report.files["adapter"]).is_dir()


def test_a_bad_spec_is_told_line_by_line(formfact: Formfact, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("model: tiny\ncolour: green\nseed: -1\n", encoding="utf-8")
    done = formfact("train", path)
    assert done.status == 2
    assert {"colour", "seed", "data"} <= {line.split(": ")[1] for line in done.err.splitlines()}
    assert not path.with_suffix(".run").exists()


def test_missing_files_are_told_before_anything_is_written(
    formfact: Formfact, tmp_path: Path
) -> None:
    path = tmp_path / "job.yaml"
    path.write_text("model: tiny\ndata: {train: nothing.jsonl}\n", encoding="utf-8")
    done = formfact("train", path)
    assert done.status == 2
    assert "there is no file" in done.err
    assert not path.with_suffix(".run").exists()


def test_a_folder_with_another_run_is_left_alone(formfact: Formfact, tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n", encoding="utf-8")
    (tmp_path / "job.run").mkdir()
    (tmp_path / "job.run" / "asked.json").write_text('{"spec": {}}', encoding="utf-8")
    path = tmp_path / "job.yaml"
    path.write_text("model: tiny\ndata: {train: rows.jsonl}\n", encoding="utf-8")
    done = formfact("train", path)
    assert done.status == 2
    assert "--out" in done.err
