"""A server of its own for tests that stop it, with its data folder at hand."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from app.settings import Settings
from app.storage import Database
from tests.team import Team

SECONDS = 60.0
GRACE = ("--timeout-graceful-shutdown", "1")


@dataclass
class Site:
    """A server that can be stopped and started again at the same address."""

    settings: Settings
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self, *command: str) -> None:
        """Start it, by another command than that without a worker, and wait until it answers."""
        usual = ("-m", "uvicorn", "--factory", "app.web:create_app", *GRACE)
        arguments = (*(command or usual), "--port", str(self.port))
        settings = {"FORMFACT_DATA_DIR": str(self.settings.data_dir), "OMP_NUM_THREADS": "1"}
        environment = {**os.environ, **settings}
        log = (Path(self.settings.data_dir) / "server.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                (sys.executable, *arguments), env=environment, stdout=log, stderr=log
            )
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                httpx2.get(f"{self.url}/about")
            except httpx2.TransportError:
                assert self.process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            else:
                return

    def stop(self) -> None:
        """Kill it, as a crash would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def database(self) -> Database:
        """Its database."""
        return Database(self.settings.url)

    @contextmanager
    def team(self) -> Iterator[Team]:
        """Somebody who uses it without scripts."""
        with httpx2.Client(base_url=self.url, timeout=30) as client:
            yield Team(client)


def new_site(folder: Path) -> Site:
    """A server at a free port, not started yet."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    return Site(Settings(data_dir=folder), port)
