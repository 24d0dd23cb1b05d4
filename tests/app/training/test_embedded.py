"""The worker that the server brings along."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from app.background import environment_of
from app.settings import Settings
from app.storage import Database
from app.training.embedded import embedded_worker
from app.training.presence import Standing, list_workers
from tests.app.training.trying import ROOT, SECONDS, ended, queued, wait_for, weights

SERVER = """
import sys, time
from app.settings import Settings
from app.training.embedded import embedded_worker
command = (sys.executable, "-m", "tests.app.training.worker_process", "tied")
with embedded_worker(Settings.from_environment(), command):
    print("up", flush=True)
    time.sleep(600)
"""


def standing(database: Database) -> list[Standing]:
    with database.reading() as session:
        return list_workers(session)


def server(settings: Settings) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **environment_of(settings), "PYTHONPATH": str(ROOT)}
    return subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, env=environment)


def test_a_killed_server_takes_its_worker_along_and_the_job_goes_on_with_the_next(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path, train_lease_seconds=4)
    database = Database(settings.url)
    database.upgrade()
    job_id = queued(database, settings, steps=60, seconds=0.05, every=1_000)
    first = server(settings)
    wait_for(database, job_id, lambda job: (job.step or 0) > 3)
    first.send_signal(signal.SIGKILL)
    first.wait()
    wait_for(database, job_id, lambda job: job.state == "queued")
    deadline = time.monotonic() + SECONDS
    while any(item.alive for item in standing(database)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    second = server(settings)
    job = ended(database, job_id)
    second.terminate()
    second.wait()
    database.close()
    assert job.report is not None
    assert job.report["weights_hash"] == weights(60)
    assert job.tries == 2


def test_no_worker_is_started_where_the_settings_want_none(tmp_path: Path) -> None:
    settings = replace(Settings(data_dir=tmp_path), train_worker=False)
    with embedded_worker(settings, ("no such program",)):
        pass
