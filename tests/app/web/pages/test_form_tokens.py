from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.settings import Settings
from app.web import create_app, routers
from app.web.csrf import posted, posted_file, posted_files
from tests.team import Team

COOKIE = "formfact"


def test_the_cookie_is_strict_and_out_of_reach_of_scripts(client: TestClient) -> None:
    header = client.get("/new").headers["set-cookie"].lower()

    assert header.startswith("formfact=")
    assert "samesite=strict" in header
    assert "httponly" in header
    assert "secure" not in header


def test_behind_https_the_cookie_travels_by_https_alone(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path, secure_cookies=True))
    with TestClient(app, base_url="https://localhost") as client:
        assert "secure" in client.get("/new").headers["set-cookie"].lower()


def test_a_browser_that_has_a_cookie_keeps_it(client: TestClient) -> None:
    client.get("/new")

    assert "set-cookie" not in client.get("/cases").headers


@pytest.mark.parametrize("token", ["", "nonsense", "eyJ.eyJ.eyJ"])
def test_a_form_without_a_good_token_is_refused_and_keeps_what_was_typed(
    token: str, client: TestClient
) -> None:
    client.get("/new")
    answer = client.post("/cases", data={"csrf_token": token, "name": "Kept <b>text</b>"})

    assert answer.status_code == 403
    assert "grown stale" in answer.text
    assert "Kept &lt;b&gt;text&lt;/b&gt;" in answer.text
    assert "Kept" not in client.get("/cases").text


def test_a_token_of_another_browser_is_refused(client: TestClient, team: Team) -> None:
    stolen = team.token()
    client.cookies.clear()
    client.get("/new")

    assert client.post("/cases", data={"csrf_token": stolen, "name": "Theirs"}).status_code == 403


def test_a_token_without_the_cookie_is_refused(client: TestClient, team: Team) -> None:
    token = team.token()
    client.cookies.clear()

    assert client.post("/cases", data={"csrf_token": token, "name": "None"}).status_code == 403


def test_a_forged_cookie_is_replaced(client: TestClient) -> None:
    client.cookies.set(COOKIE, "x")

    assert "set-cookie" in client.get("/new").headers


def test_a_live_request_sends_its_token_in_a_header(client: TestClient, team: Team) -> None:
    case = team.new_case()
    headers = {"X-CSRF-Token": team.token(), "HX-Request": "true"}
    answer = client.post(
        f"/cases/{case}/answers/facts_change", data={"facts_change": "true"}, headers=headers
    )

    assert answer.status_code == 200
    assert "Saved" in answer.text


def test_another_site_cannot_write_and_is_not_offered_to_send_again(
    client: TestClient, team: Team
) -> None:
    data = {"csrf_token": team.token(), "name": "From elsewhere"}
    answer = client.post("/cases", data=data, headers={"Sec-Fetch-Site": "cross-site"})

    assert answer.status_code == 403
    assert "From elsewhere" not in answer.text
    assert "Send again" not in answer.text


def test_every_page_that_writes_asks_for_the_token() -> None:
    routes = [
        route
        for router in routers("app.web.pages")
        for route in router.routes
        if isinstance(route, APIRoute) and (route.methods or set()) - {"GET", "HEAD"}
    ]
    guards = {posted, posted_file, posted_files}
    open_doors = [
        route.path
        for route in routes
        if not guards & {item.call for item in route.dependant.dependencies}
    ]

    assert len(routes) >= 8
    assert open_doors == []


def test_every_form_that_writes_carries_the_token(team: Team, client: TestClient) -> None:
    case = team.example()
    pages = (
        "/cases",
        "/new",
        f"/cases/{case}/edit",
        f"/cases/{case}/questions/data",
        f"/cases/{case}/what-if?evaluation_exists=false",
    )
    for page in pages:
        forms = re.findall(r'<form[^>]*method="post".*?</form>', client.get(page).text, re.DOTALL)
        assert forms, page
        assert all('name="csrf_token"' in form for form in forms), page
