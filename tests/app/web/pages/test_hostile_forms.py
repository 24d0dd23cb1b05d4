"""Forms filled in by somebody who means harm: refused or shown as text, never a fault."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app.web import routers
from tests.team import Team

SCRIPT = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
NASTY = {
    "markup": SCRIPT,
    "control characters": "a\x00b\x07\u202ec",
    "not a number": "1e9999",
    "a lone half of a pair": b"\xed\xa0\x80",
    "broken encoding": b"\xff\xfe",
    "much": "x" * 6_000,
    "a path": "../../etc/passwd",
}
FIELDS = (
    "name",
    "description",
    "version",
    "go",
    "confirm",
    "evaluation_exists",
    "evaluation_exists.choice",
    "labelled_examples",
    "retrieval_in_use",
    "annotator",
    "label",
    "number",
    "column",
    "field",
    "file",
)
WRITES = sorted(
    route.path
    for router in routers("app.web.pages")
    for route in router.routes
    if isinstance(route, APIRoute) and "POST" in (route.methods or set())
)


@pytest.mark.parametrize("kind", NASTY)
@pytest.mark.parametrize("path", WRITES)
def test_no_form_makes_the_server_fail(
    path: str, kind: str, client: TestClient, team: Team
) -> None:
    case = team.new_case("Reader", "We have no evaluation.")
    places = {"section": "evaluation", "fact": "labelled_examples", "number": "1"}
    places |= dict.fromkeys(("log_id", "document_id", "probe_id", "passage_id", "job_id"), "none")
    places["action"] = "retry"
    url = path.format(case_id=case, **places)
    data = {"csrf_token": team.token(), **dict.fromkeys(FIELDS, NASTY[kind])}
    answer = client.post(url, data=data)

    assert answer.status_code < 500
    assert "<script>alert" not in answer.text
    assert client.get(f"/cases/{case}/history").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/cases?q={}&offset={}",
        "/cases/{}",
        "/cases/{}/advice/{}",
        "/rulebook?q={}&step={}&fact={}&source={}",
        "/rulebook/rules/{}",
        "/cases/{}/logs/{}/records/{}",
    ],
)
@pytest.mark.parametrize("text", ["%00", "%3Cscript%3Ealert(1)", "%FF", "%D9%A3", "9" * 40])
def test_no_address_makes_the_server_fail(path: str, text: str, client: TestClient) -> None:
    answer = client.get(path.replace("{}", text))

    assert answer.status_code < 500
    assert "<script>alert" not in answer.text


def test_text_that_means_harm_is_shown_as_text(client: TestClient, team: Team) -> None:
    case = team.new_case(SCRIPT, f"We have no evaluation {SCRIPT}")
    team.send(f"/cases/{case}/description", **{"evaluation_exists.choice": "keep"})
    team.advise(case)

    for path in ("/cases", *(f"/cases/{case}/{end}" for end in ("advice", "history", "edit"))):
        page = client.get(path).text
        assert "&lt;script&gt;alert(1)" in page, path
        assert "<script>alert" not in page
        assert "<img" not in page
    assert "<script>alert" not in client.get(f"/cases/{case}/advice/1/report/html").text
