"""One job from launch to report with the real trainer, its worker killed on the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.background import environment_of
from app.settings import Settings
from app.storage import Database
from app.training import jobs
from app.training.jobs import Launch
from tests.app.training.trying import ROOT, events_of, wait_for
from trainer.contract import ENDED, Data, Evaluation, TrainSpec

SECONDS = 240.0
MODEL = """
import json, sys
from trainer.tiny.shape import make_untrained
make_untrained(sys.argv[1], json.loads(sys.argv[2]))
"""
ROWS = [
    {
        "messages": [
            {"role": "user", "content": f"Which number follows {number}?"},
            {"role": "assistant", "content": json.dumps({"number": number + 1})},
        ],
        "group": str(number),
    }
    for number in range(60)
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A base model with random weights, made in a process of its own: it loads torch."""
    folder = tmp_path_factory.mktemp("model") / "base"
    texts = json.dumps([message["content"] for row in ROWS for message in row["messages"]])  # type: ignore[index]
    subprocess.run([sys.executable, "-c", MODEL, folder, texts], check=True, cwd=ROOT)
    return folder


@contextmanager
def real_worker(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = {**os.environ, **environment_of(settings), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.training.worker"],
        env=environment,
        stdin=subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def test_real_training_survives_its_worker_and_ends_with_a_report(
    tmp_path: Path, base: Path
) -> None:
    settings = Settings(data_dir=tmp_path, train_lease_seconds=10)
    database = Database(settings.url)
    database.upgrade()
    spec = TrainSpec(
        model=str(base),
        data=Data(train="rows"),
        params={"epochs": 2, "batch_size": 8, "micro_batch_size": 8, "checkpoint_steps": 2},
        evaluation=Evaluation(most_items=4, max_new_tokens=8, forgetting=False),
        merged=False,
        device="cpu",
        threads=1,
    )
    rows = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    launch = Launch(spec, {"train": rows}, accept_warnings=True)
    with database.writing() as session:
        job_id = jobs.create_job(session, settings, launch).id
    with real_worker(settings) as first:
        wait_for(database, job_id, lambda job: job.step or job.state in ENDED, SECONDS)
        first.kill()
        first.wait()
    with real_worker(settings):
        job = wait_for(database, job_id, lambda job: job.state in ENDED, SECONDS)
    assert job.state in ("succeeded", "succeeded_with_warnings"), (job.reason, job.failure)
    assert job.report is not None
    assert job.tries == 2
    assert len(job.report["weights_hash"]) == 64
    told = [event.step for event in events_of(database, job_id) if event.kind == "metric"]
    assert sorted(told, key=lambda step: step or 0) == list(range(1, (job.step or 0) + 1))
    database.close()
