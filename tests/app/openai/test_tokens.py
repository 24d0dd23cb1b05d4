from __future__ import annotations

import logging
from pathlib import Path

import httpx2
import openai
import pytest

from app.settings import Settings
from app.storage import Database
from app.web import create_app
from tests.app.cli.conftest import Formfact, formfact
from tests.app.conftest import serving

__all__ = ["formfact"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("FORMFACT_DATA_DIR", str(tmp_path / "data"))
    return Settings.from_environment()


def status(address: str, token: str | None) -> int:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx2.get(f"{address}/v1/models", headers=headers).status_code


def test_a_token_is_asked_for_from_the_first_one_on_and_also_after_the_last(
    home: Settings, formfact: Formfact, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(create_app(home)) as address, caplog.at_level(logging.DEBUG):
        assert status(address, None) == 200

        secret = formfact("token", "new", "Ada").out.strip()
        other = formfact("token", "new", "Grace").out.strip()
        assert status(address, None) == 401
        assert status(address, "ff-" + "x" * 43) == 401
        assert status(address, "nonsense") == 401
        assert status(address, secret) == status(address, other) == 200

        url = f"{address}/v1"
        with (
            openai.OpenAI(base_url=url, api_key="wrong", max_retries=0) as client,
            pytest.raises(openai.AuthenticationError) as refused,
        ):
            client.models.list()
        assert refused.value.code == "invalid_api_key"

        [first, second] = formfact("token", "list").out.splitlines()
        assert "Ada" in first
        assert secret[-4:] in first
        for line in (first, second):
            assert formfact("token", "revoke", line.split()[0]).status == 0
        assert status(address, secret) == status(address, other) == status(address, None) == 401
        assert "revoked" in formfact("token", "list").out
    assert secret not in caplog.text
    assert secret not in formfact("token", "list", "--json").out


def test_a_token_is_kept_by_its_digest_alone(home: Settings, formfact: Formfact) -> None:
    secret = formfact("token", "new", "Ada").out.strip()
    for path in home.folder.glob("formfact.db*"):
        assert secret.encode() not in path.read_bytes()
    Database(home.url).close()


def test_where_others_reach_the_server_nothing_is_open(home: Settings) -> None:
    open_to_all = Settings(data_dir=home.data_dir, allow_remote=True, host="0.0.0.0")  # noqa: S104
    with serving(create_app(open_to_all)) as address:
        assert status(address, None) == 401


def test_a_name_is_needed_and_an_unknown_token_said(home: Settings, formfact: Formfact) -> None:
    assert formfact("token", "new", " ").status == 2
    assert formfact("token", "revoke", "nobody").status == 2
