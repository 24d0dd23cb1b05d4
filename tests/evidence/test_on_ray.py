from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.lines import line_of
from evidence.on_ray import setup_for
from evidence.pipeline import diagnose_all
from evidence.reading import read_log
from tests.evidence.test_pipeline import some_records

ROOT = Path(__file__).parents[2]
TWO_WORKERS = """
import json, sys
from pathlib import Path

import ray
import ray.data

from evidence.on_ray import diagnose_dataset, setup_for

log = Path(sys.argv[1])
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
lines = diagnose_dataset(ray.data.read_text(str(log)), setup_for(log), workers=2)
print(json.dumps([json.loads(row["text"]) for row in lines.iter_rows()]))
ray.shutdown()
"""


def test_two_ray_workers_give_the_same_as_one_process(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="needs the extra ray: pip install 'formfact[ray]'")
    log = tmp_path / "log.jsonl"
    lines = [record.model_dump_json() for record in some_records()]
    log.write_text("\n".join([*lines, '{"id": "no output"}']) + "\n", encoding="utf-8")

    # a process of its own: Ray leaves threads and changes signal handlers
    done = subprocess.run(
        [sys.executable, "-c", TWO_WORKERS, str(log)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )

    assert done.returncode == 0, done.stderr[-2_000:]
    *found, skipped = json.loads(done.stdout.splitlines()[-1])
    rows = [row for row in diagnose_all(read_log(log), setup_for(log)) if isinstance(row, tuple)]
    assert found == json.loads(json.dumps([line_of(diagnosed) for _, diagnosed in rows]))
    assert len(found) == len(some_records())
    assert "output" in skipped["skipped"]
