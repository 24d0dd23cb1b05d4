from __future__ import annotations

from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from app import urls
from app.settings import LOOPBACK, Settings
from app.web import create_app
from app.web.guard import HEADERS, host_allowed
from tests.app.conftest import serving

TEN_MEGABYTES = 10_000_000
PLACES = ["/", urls.API_CASES, urls.OPENAPI, "/nothing", "/api/v1/nothing", "/static/formfact.css"]


@pytest.mark.parametrize("path", PLACES)
def test_every_answer_carries_the_security_headers(remote: httpx2.Client, path: str) -> None:
    answer = remote.get(path)
    for name, value in HEADERS.items():
        assert answer.headers.get_list(name) == [value]
    assert "server" not in answer.headers


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline() -> None:
    policy = HEADERS["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("localhost:8000", True),
        ("LOCALHOST", True),
        ("127.0.0.1:1", True),
        ("[::1]:8000", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("evil.example:8000", False),
        ("localhost:8000@evil.example", False),
        ("", False),
        ("local host", False),
        ("127.0.0.1, localhost", False),
    ],
)
def test_the_server_answers_to_its_own_names_alone(host: str, allowed: bool) -> None:
    assert host_allowed(host, LOOPBACK) is allowed


def test_names_under_a_domain_can_be_allowed() -> None:
    assert host_allowed("a.b.example.org:443", (".example.org",))
    assert not host_allowed("example.org.evil.net", (".example.org",))
    assert host_allowed("anything at all", ("*",))


@pytest.mark.parametrize("path", PLACES)
def test_a_rebound_name_is_refused(remote: httpx2.Client, path: str) -> None:
    answer = remote.get(path, headers={"host": "evil.example"})
    assert answer.status_code == 400
    assert "content-security-policy" in answer.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://127.0.0.1:1"},
    ],
    ids=str,
)
def test_a_page_of_another_site_cannot_write(
    remote: httpx2.Client, headers: dict[str, str]
) -> None:
    before = remote.get(urls.API_CASES).json()["total"]
    for path in (urls.API_CASES, "/cases/new"):
        answer = remote.post(path, json={"name": "bot"}, headers=headers)
        assert answer.status_code == 403
    assert remote.get(urls.API_CASES).json()["total"] == before
    assert remote.get(urls.API_CASES, headers=headers).status_code == 200


def test_our_own_page_can_write(remote: httpx2.Client, address: str) -> None:
    own = {"origin": address, "sec-fetch-site": "same-origin"}
    assert remote.post(urls.API_CASES, json={"name": "bot"}, headers=own).status_code == 201


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "json"]
)
def test_a_form_cannot_pass_for_json(remote: httpx2.Client, kind: str) -> None:
    answer = remote.post(urls.API_CASES, content=b'{"name": "bot"}', headers={"content-type": kind})
    assert answer.status_code == 415
    assert answer.headers["accept"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", urls.API_CASES),
        ("POST", urls.RECOMMEND),
        ("PATCH", f"{urls.API_CASES}/x/facts"),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
def test_ten_megabytes_are_refused(
    remote: httpx2.Client, method: str, path: str, announced: bool
) -> None:
    content = b'{"name": "' + b"x" * TEN_MEGABYTES + b'"}'
    pieces = (content[start : start + 50_000] for start in range(0, len(content), 50_000))
    answer = remote.request(
        method,
        path,
        content=content if announced else pieces,
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
    assert remote.get(urls.HEALTH_LIVE).status_code == 200


def test_a_body_of_just_the_largest_size_is_taken(remote: httpx2.Client) -> None:
    frame = b'{"name": "bot", "description": ""}'
    fits = frame + b" " * (Settings().max_body_bytes - len(frame))
    kind = {"content-type": "application/json"}
    assert remote.post(urls.API_CASES, content=fits, headers=kind).status_code == 201
    assert remote.post(urls.API_CASES, content=fits + b" ", headers=kind).status_code == 413


@pytest.mark.parametrize(
    "path", [urls.HEALTH_LIVE, urls.API_FACTS, urls.OPENAPI, "/static/formfact.css"]
)
def test_the_head_of_an_answer_can_be_asked_for_alone(remote: httpx2.Client, path: str) -> None:
    head, whole = remote.head(path), remote.get(path)
    assert head.status_code == whole.status_code
    assert head.content == b""
    assert head.headers["content-type"] == whole.headers["content-type"]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "TRACE", "PATCH", "OPTIONS", "PROPFIND"])
def test_a_wrong_method_is_told_the_right_ones(remote: httpx2.Client, method: str) -> None:
    answer = remote.request(method, urls.API_CASES)
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"
    assert answer.json()["status"] == 405


@pytest.fixture
def broken(tmp_path: Path) -> FastAPI:
    app = create_app(Settings(data_dir=tmp_path))

    async def fail() -> None:
        raise RuntimeError("the password is hunter2")

    app.add_api_route("/api/v1/broken", fail, methods=["GET", "POST"])
    app.add_api_route("/broken", fail)
    return app


@pytest.mark.filterwarnings("default")
def test_a_fault_is_answered_and_says_nothing_of_the_inside(
    broken: FastAPI, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(broken) as address, httpx2.Client(base_url=address) as client:
        for path in ("/api/v1/broken", "/broken"):
            answer = client.get(path)
            assert answer.status_code == 500
            assert "hunter2" not in answer.text
            assert "RuntimeError" not in answer.text
            assert "content-security-policy" in answer.headers
        assert client.get("/api/v1/broken").json()["type"] == "urn:formfact:problem:fault"
        assert client.get(urls.HEALTH_LIVE).status_code == 200
    assert "hunter2" in caplog.text


def test_a_database_that_is_gone_is_said_to_be_gone(tmp_path: Path) -> None:
    app = create_app(Settings(data_dir=tmp_path))
    with serving(app) as address, httpx2.Client(base_url=address) as client:
        assert client.get(urls.HEALTH_READY).status_code == 200
        app.state.services.database.close()
        for file in tmp_path.iterdir():
            file.unlink()
        tmp_path.rmdir()
        assert client.get(urls.HEALTH_READY).status_code == 503
        assert client.get(urls.HEALTH_LIVE).status_code == 200
