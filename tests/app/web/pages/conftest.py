"""The whole product over HTTP, with a database of its own for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.settings import Settings
from app.web import create_app
from tests.team import Team


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, max_body_bytes=50_000)


@pytest.fixture
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(
        create_app(settings), base_url="http://localhost", raise_server_exceptions=False
    ) as running:
        yield running


@pytest.fixture
def team(client: TestClient) -> Team:
    return Team(client)
