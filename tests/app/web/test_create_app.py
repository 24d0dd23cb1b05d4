from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from advisor_rules import InvalidFile
from app import urls
from app.settings import Settings
from app.web import create_app, routers
from tests.app.conftest import serving
from tests.app.postgres import Postgres

ROOT = Path(__file__).parents[3]


def test_every_module_in_the_folders_is_found() -> None:
    for package, fewest in (("app.api.routes", 6), ("app.web.pages", 1)):
        folder = ROOT / package.replace(".", "/")
        files = [path for path in folder.glob("*.py") if path.stem != "__init__"]
        assert len(routers(package)) == len(files) >= fewest


def test_the_server_begins_on_an_empty_folder_and_keeps_what_it_is_given(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "data")
    for total in (1, 2):
        with serving(create_app(settings)) as address, httpx2.Client(base_url=address) as client:
            client.post(urls.API_CASES, json={"name": "bot"})
            assert client.get(urls.API_CASES).json()["total"] == total


def test_the_server_works_on_postgresql(tmp_path: Path, postgres: Postgres) -> None:
    name = f"served_{time.monotonic_ns()}"
    postgres.run(f"create database {name}")
    settings = Settings(data_dir=tmp_path, database_url=postgres.url(name))
    with serving(create_app(settings)) as address, httpx2.Client(base_url=address) as client:

        def make(_: int) -> str:
            headers = {"idempotency-key": "crowd"}
            made = httpx2.post(address + urls.API_CASES, json={"name": "bot"}, headers=headers)
            return str(made.headers["location"])

        with ThreadPoolExecutor(8) as pool:
            (path,) = set(pool.map(make, range(16)))
        client.patch(f"{path}/facts", json={"facts": {"evaluation_exists": False}})
        assert client.post(f"{path}/advice").json()["step"] == "define_evaluation"
        assert client.get(f"{path}/report").status_code == 200
        assert client.get(urls.API_CASES).json()["total"] == 1


def test_rules_that_cannot_be_read_stop_the_start(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text("- {id: half_a_rule}\n")
    with pytest.raises(InvalidFile):
        create_app(Settings(rules_dir=(tmp_path,)))


def test_the_web_never_loads_torch(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from app.settings import Settings\n"
        "from app.web import create_app\n"
        f"create_app(Settings(data_dir=Path({str(tmp_path)!r}))).openapi()\n"
        "print(sorted({'torch', 'transformers', 'numpy'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_static_files_may_be_kept_for_long_only_under_a_versioned_address(
    remote: httpx2.Client,
) -> None:
    assert "immutable" not in remote.get("/static/formfact.css").headers["cache-control"]
    assert "immutable" in remote.get("/static/formfact.css?v=1").headers["cache-control"]
    assert remote.get("/static/..%2f..%2fpyproject.toml").status_code == 404
