from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.cli.program import run

PROGRAM = (sys.executable, "-c", "from app.cli import main; main()")


@dataclass(frozen=True)
class Done:
    status: int
    out: str
    err: str


Formfact = Callable[..., Done]


@pytest.fixture
def formfact(capsys: pytest.CaptureFixture[str]) -> Formfact:
    """Runs the program in this process; what it prints is kept apart."""

    def call(*arguments: str | Path) -> Done:
        capsys.readouterr()
        status = run([str(argument) for argument in arguments])
        return Done(status, *capsys.readouterr())

    return call


@pytest.fixture
def process(tmp_path: Path) -> Formfact:
    """Runs the program in a process of its own, in an empty folder."""

    def call(*arguments: str | Path, given: bytes = b"", **environment: str) -> Done:
        done = subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            input=given,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout.decode(), done.stderr.decode())

    return call


@pytest.fixture
def facts_file(tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str, name: str = "facts.yaml") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write
