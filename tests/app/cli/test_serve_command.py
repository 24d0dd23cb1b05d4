from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2 as httpx
import pytest

from app.cli.commands.serve import is_loopback

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact

SERVE = (sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", "0")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    environment = {**os.environ, "FORMFACT_DATA_DIR": str(tmp_path)}
    with subprocess.Popen(SERVE, env=environment, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        url = ""
        for line in server.stderr:
            url = url or (re.findall(r"http://[\d.:]+", line) or [""])[0]
            if "startup complete" in line:
                break
        yield server, url
        server.kill()
        server.stderr.close()


def test_server_answers_and_stops_when_told(served: tuple[subprocess.Popen[str], str]) -> None:
    server, url = served
    given = {"facts": {"evaluation_exists": False}}
    answer = httpx.post(f"{url}/api/v1/recommend", json=given, timeout=10)
    assert answer.json()["step"] == "define_evaluation"
    server.send_signal(signal.SIGTERM)
    assert server.wait(timeout=10) in (0, -signal.SIGTERM)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org"])  # noqa: S104
def test_address_that_others_reach_is_refused(
    formfact: Formfact, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("FORMFACT_ALLOW_REMOTE", raising=False)
    done = formfact("serve", "--host", host)
    assert (done.status, done.out) == (2, "")
    assert "FORMFACT_ALLOW_REMOTE" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.53", "::1", "[::1]", "localhost"])
def test_this_machine_alone_reaches_loopback(host: str) -> None:
    assert is_loopback(host)


def test_port_in_use_is_told_in_one_line(formfact: Formfact) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = formfact("serve", "--port", str(taken.getsockname()[1]))
    assert done.status == 2
    assert "Address already in use; choose another with --port" in done.err
    assert done.err.count("\n") == 1


def test_database_that_cannot_be_opened_is_told_in_one_line(
    formfact: Formfact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMFACT_DATABASE_URL", f"sqlite:///{tmp_path}")
    done = formfact("serve", "--port", "0")
    assert done.status == 2
    assert done.err.startswith("database: unable to open database file")
    assert done.err.count("\n") == 1
