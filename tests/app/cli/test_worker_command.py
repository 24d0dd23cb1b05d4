from __future__ import annotations

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.settings import Settings
from app.storage import Database
from app.training.presence import register, sign_off

if TYPE_CHECKING:
    from tests.app.cli.conftest import Formfact


def test_check_says_whether_a_worker_of_this_machine_is_alive(
    formfact: Formfact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORMFACT_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("FORMFACT_DATABASE_URL", raising=False)
    database = Database(Settings(data_dir=tmp_path).url)
    database.upgrade()
    assert formfact("worker", "--check").status == 1
    with database.writing() as session:
        register(session, "here", 1)
    done = formfact("worker", "--check")
    assert done.status == 0
    assert done.out == f"workers alive on {socket.gethostname()}: 1, jobs that they run: 0\n"
    with database.writing() as session:
        sign_off(session, "here")
    assert formfact("worker", "--check").status == 1
    database.close()
