"""The Compose file says what the specification allows, and its commands do their work."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from tests.app.postgres import Postgres

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "docker-compose.yml"
SECONDS = 60.0
PINNED = re.compile(r":\d+(\.\d+)+")
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return found


def test_the_file_keeps_to_the_specification() -> None:
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_service_is_pinned_watched_and_not_root(compose: dict[str, Any]) -> None:
    assert set(compose["services"]) == {"web", "worker-cpu", "worker-gpu", "postgres"}
    for service in compose["services"].values():
        assert PINNED.search(service["image"])
        assert service["user"] not in ("root", "0")
        assert service["healthcheck"]["test"]
        assert service["volumes"]
    for stage in re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE):
        assert stage == "base" or PINNED.search(stage)


def test_workers_come_by_profile_and_the_web_trains_nothing(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["worker-cpu"]["profiles"] == ["cpu"]
    assert services["worker-gpu"]["profiles"] == ["gpu"]
    devices = services["worker-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert devices[0]["capabilities"] == ["gpu"]
    assert services["web"]["environment"]["FORMFACT_TRAIN_WORKER"] == "false"
    assert "profiles" not in services["web"]


def test_web_and_worker_share_database_and_files(compose: dict[str, Any]) -> None:
    web, worker = compose["services"]["web"], compose["services"]["worker-cpu"]
    shared = ("FORMFACT_DATABASE_URL", "FORMFACT_DATA_DIR")
    assert all(web["environment"][name] == worker["environment"][name] for name in shared)
    assert web["volumes"] == worker["volumes"]


class Stack:
    """The commands of the file as processes here, with this machine's database and folder."""

    def __init__(self, compose: dict[str, Any], url: str, folder: Path) -> None:
        self.services = compose["services"]
        self.url, self.folder = url, folder
        self.running: list[subprocess.Popen[bytes]] = []

    def environment(self, name: str) -> dict[str, str]:
        own = {**self.services[name]["environment"], "FORMFACT_ALLOW_REMOTE": "true"}
        own |= {"FORMFACT_DATABASE_URL": self.url, "FORMFACT_DATA_DIR": str(self.folder)}
        return {**os.environ, **own, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

    def start(self, name: str, *changed: tuple[str, str]) -> None:
        command = [dict(changed).get(part, part) for part in self.services[name]["command"]]
        command[0] = str(BIN / command[0])
        self.running.append(subprocess.Popen(command, env=self.environment(name), cwd=self.folder))

    def is_healthy(self, name: str, *changed: tuple[str, str]) -> bool:
        given = self.services[name]["healthcheck"]["test"]
        assert given[0] == "CMD"
        command = given[1:]
        for old, new in changed:
            command = [part.replace(old, new) for part in command]
        program = shutil.which(command[0], path=self.environment(name)["PATH"])
        assert program
        done = subprocess.run(
            [program, *command[1:]], env=self.environment(name), capture_output=True, check=False
        )
        return done.returncode == 0

    def stop(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            process.kill()
            process.wait()


@pytest.fixture
def stack(compose: dict[str, Any], postgres: Postgres, tmp_path: Path) -> Iterator[Stack]:
    postgres.run("create database composed")
    made = Stack(compose, postgres.url("composed"), tmp_path)
    yield made
    made.stop()


def test_the_commands_of_the_file_serve_and_take_jobs(stack: Stack) -> None:
    free = _free_port()
    port = ("8000", str(free))
    stack.start("web", port)
    _until(lambda: stack.is_healthy("web", port))
    assert not stack.is_healthy("worker-cpu")
    stack.start("worker-cpu")
    _until(lambda: stack.is_healthy("worker-cpu"))
    answer = httpx2.get(f"http://127.0.0.1:{free}/api/v1/training-workers")
    assert [item["alive"] for item in answer.json()["items"]] == [True]


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])


def _until(holds: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.3)
