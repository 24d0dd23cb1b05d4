from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.settings import Settings
from app.web import create_app
from tests.team import Team


def test_an_address_with_nothing_says_so(client: TestClient) -> None:
    answer = client.get("/nowhere/<script>")

    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text
    assert "<script>" not in answer.text.split("</head>")[1]


def test_a_form_address_opened_as_a_page_says_so(client: TestClient, team: Team) -> None:
    answer = client.get(f"/cases/{team.new_case()}/undo")

    assert answer.status_code == 405
    assert "does not work that way" in answer.text


def test_too_much_text_is_refused(team: Team) -> None:
    answer = team.send("/cases", name="Big", description="x" * 60_000)

    assert answer.status_code == 413
    assert "too large" in answer.text


def test_a_live_request_that_fails_replaces_nothing_on_the_page(client: TestClient) -> None:
    answer = client.get("/nowhere", headers={"HX-Request": "true"})

    assert answer.headers["hx-reswap"] == "none"


def test_a_fault_is_told_without_its_inside(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path))
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        app.state.services.database.close()
        (tmp_path / "formfact.db").unlink()
        answer = client.get("/cases")

    assert answer.status_code == 500
    assert "Something went wrong on the server" in answer.text
    assert "sqlite" not in answer.text.lower()
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("path", ["/cases", "/nowhere", "/about", "/rulebook", "/new"])
def test_every_answer_carries_the_policy(path: str, client: TestClient) -> None:
    policy = client.get(path).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
