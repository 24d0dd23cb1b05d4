from __future__ import annotations

import re
import stat
import threading
from pathlib import Path

import pytest

from app.errors import Invalid
from app.settings import LOOPBACK, Settings, described

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"


def test_without_variables_the_server_listens_to_this_machine_alone(tmp_path: Path) -> None:
    settings = Settings.from_environment({})
    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.names == (*LOOPBACK, "127.0.0.1")
    assert settings.url == f"sqlite:///{Path.home() / '.local/share/formfact/formfact.db'}"


def test_variables_are_read(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {
            "FORMFACT_PORT": " 9000 ",
            "FORMFACT_DATA_DIR": str(tmp_path),
            "FORMFACT_RULES_DIR": f"{tmp_path}:{tmp_path.parent}",
            "FORMFACT_ALLOWED_HOSTS": "Advice.example.org, .example.net",
            "FORMFACT_SECURE_COOKIES": "true",
            "FORMFACT_DATABASE_URL": "postgresql://formfact@db/formfact",
            "FORMFACT_HOST": "",
        }
    )
    assert settings.port == 9000
    assert settings.rules_dir == (tmp_path, tmp_path.parent)
    assert settings.allowed_hosts == ("advice.example.org", ".example.net")
    assert settings.secure_cookies
    assert settings.url == "postgresql+psycopg://formfact@db/formfact"
    assert settings.host == "127.0.0.1"


def test_every_wrong_variable_is_named_at_once() -> None:
    wrong = {
        "FORMFACT_PORT": "70000",
        "FORMFACT_RULES_DIR": "/nowhere/at/all",
        "FORMFACT_SECRET_KEY": "short",
        "FORMFACT_DATABASE_URL": "mysql://x",
        "FORMFACT_SECURE_COOKIES": "perhaps",
        "FORMFACT_MAX_BODY_BYTES": "many",
    }
    with pytest.raises(Invalid) as caught:
        Settings.from_environment(wrong)
    assert {problem.where for problem in caught.value.problems} == set(wrong)


@pytest.mark.parametrize("url", ["nonsense", "://", "oracle://x/y"])
def test_a_database_that_is_not_known_is_refused(url: str) -> None:
    with pytest.raises(Invalid):
        Settings.from_environment({"FORMFACT_DATABASE_URL": url})


def test_secrets_are_not_shown() -> None:
    settings = Settings(secret_key="s" * 40, database_url="postgresql://me:hunter2@db/x")
    assert "sss" not in repr(settings)
    assert "hunter2" not in repr(settings)


def test_a_secret_is_made_once_and_kept_for_its_owner(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    secret = settings.secret()
    assert len(secret) >= 32
    assert settings.secret() == secret
    file = settings.folder / "secret-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in settings.folder.iterdir()] == ["secret-key"]
    assert Settings(secret_key="x" * 32, data_dir=tmp_path / "other").secret() == "x" * 32
    assert not (tmp_path / "other").exists()


def test_processes_that_start_together_share_one_secret(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    found: list[str] = []
    start = threading.Barrier(8)

    def ask() -> None:
        start.wait()
        found.append(settings.secret())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1


def test_a_server_on_every_interface_answers_to_its_allowed_names_alone() -> None:
    assert Settings(host="::").names == LOOPBACK
    assert "192.0.2.7" in Settings(host="192.0.2.7").names


def test_every_setting_is_documented_with_its_default() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    for name, default, words in described():
        row = next(line for line in text.splitlines() if line.startswith(f"| `{name}`"))
        assert words in row
        assert (f"`{default}`" if default else "–") in row
    assert set(re.findall(r"^\| `(FORMFACT_\w+)`", text, re.M)) == {row[0] for row in described()}


def test_a_judge_is_named_by_three_variables_and_its_key_is_not_shown() -> None:
    given = {
        "FORMFACT_JUDGE_URL": "https://models.example.org/v1",
        "FORMFACT_JUDGE_MODEL": "small",
        "FORMFACT_JUDGE_KEY": "sk-hunter2",
    }
    settings = Settings.from_environment(given)
    assert (settings.judge_url, settings.judge_model) == (
        given["FORMFACT_JUDGE_URL"],
        given["FORMFACT_JUDGE_MODEL"],
    )
    assert settings.judge_key == "sk-hunter2"
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("FORMFACT_JUDGE_URL", "ftp://hunter2"),
        ("FORMFACT_JUDGE_URL", "https://me:hunter2@models.example.org/v1"),
        ("FORMFACT_JUDGE_URL", "https://models.example.org/v1?key=hunter2"),
        ("FORMFACT_JUDGE_URL", "http://[hunter2"),
        ("FORMFACT_JUDGE_MODEL", "hunter2" * 40),
        ("FORMFACT_JUDGE_KEY", "hunter2\u00e9"),
    ],
)
def test_a_judge_that_cannot_be_is_refused_without_repeating_what_may_be_secret(
    name: str, text: str
) -> None:
    with pytest.raises(Invalid) as caught:
        Settings.from_environment({name: text})
    assert [problem.where for problem in caught.value.problems] == [name]
    assert "hunter2" not in str(caught.value)
