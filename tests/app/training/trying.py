"""Training jobs for the tests: launched here, run by real workers with a small trainer."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.background import environment_of
from app.settings import Settings
from app.storage import Database, TrainEvent, TrainJob
from app.training import jobs
from app.training.events import events_since
from app.training.folders import folder_of
from app.training.jobs import Launch
from app.training.worker import Worker
from tests.app.training.worker_process import SMALL
from trainer.contract import ENDED, Data, TrainSpec

ROOT = Path(__file__).parents[3]
SECONDS = 60.0
SEED = 7


def spec(**params: Any) -> TrainSpec:
    return TrainSpec(name="polite", model="tiny", data=Data(train="rows.jsonl"), params=params)


def launch(rows: str = "{}\n", **given: Any) -> Launch:
    fields: dict[str, Any] = {"files": {"train": rows.encode()}}
    fields |= {name: given.pop(name) for name in list(given) if name in Launch.__slots__}
    return Launch(**({"spec": spec(**given)} | fields))


def launched(database: Database, settings: Settings, rows: str = "{}\n", **given: Any) -> str:
    """A new job; its id."""
    with database.writing() as session:
        return jobs.create_job(session, settings, launch(rows, **given)).id


def queued(database: Database, settings: Settings, **given: Any) -> str:
    """A job whose preflight is done; its id."""
    job_id = launched(database, settings, **given)
    with database.writing() as session:
        job = session.get_one(TrainJob, job_id)
        job.preflight = {"findings": []}
        job.state = "queued"
    return job_id


def job_of(database: Database, job_id: str) -> TrainJob:
    with database.reading() as session:
        return session.get_one(TrainJob, job_id)


def events_of(database: Database, job_id: str) -> list[TrainEvent]:
    with database.reading() as session:
        return events_since(session, job_id, limit=1_000)


def weights(steps: int) -> str:
    """The hash that undisturbed training ends with."""
    state = str(SEED)
    for _ in range(steps):
        state = hashlib.sha256(state.encode()).hexdigest()
    return state


def wait_for(
    database: Database, job_id: str, holds: Callable[[TrainJob], Any], seconds: float = SECONDS
) -> TrainJob:
    deadline = time.monotonic() + seconds
    while not holds(job := job_of(database, job_id)):
        assert time.monotonic() < deadline, {k: v for k, v in vars(job).items() if v}
        time.sleep(0.02)
    return job


def ended(database: Database, job_id: str) -> TrainJob:
    return wait_for(database, job_id, lambda job: job.state in ENDED)


def turn_until(worker: Worker, holds: Callable[[], Any], seconds: float = SECONDS) -> None:
    """Have a worker of this process look round until something holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        worker.turn()
        time.sleep(0.02)


@contextmanager
def worker_here(database: Database, settings: Settings) -> Iterator[Worker]:
    """A worker of this process, whose rounds the test makes."""
    found = Worker(database, settings, SMALL)
    try:
        yield found
    finally:
        found.close()


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **environment_of(settings), "PYTHONPATH": str(ROOT)}
    module = "tests.app.training.worker_process"
    return subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env=environment)


@contextmanager
def workers(settings: Settings, count: int = 1) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Real worker processes, stopped in good order at the end."""
    found = [start_worker(settings) for _ in range(count)]
    try:
        yield found
    finally:
        for process in found:
            process.terminate()
        for process in found:
            process.wait(timeout=SECONDS)


def on_disk(database: Database, settings: Settings, **more: Any) -> Settings:
    """Settings by which another process finds the same database."""
    url = database.engine.url.render_as_string(hide_password=False)
    return Settings(data_dir=settings.data_dir, database_url=url, **more)


def runners_at_once(settings: Settings, job_id: str) -> int:
    """The most processes that worked on a job at one time."""
    lines = (folder_of(settings, job_id).root / "runners").read_text().splitlines()
    spans: dict[str, list[float]] = {}
    for pid, at in (line.split() for line in lines):
        spans.setdefault(pid, []).append(float(at))
    return max(
        sum(min(other) <= start <= max(other) for other in spans.values())
        for start in map(min, spans.values())
    )


def steps_told(database: Database, job_id: str) -> list[int | None]:
    return [event.step for event in events_of(database, job_id) if event.kind == "metric"]
