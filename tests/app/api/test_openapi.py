from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from jsonschema_rs import Draft202012Validator

from app import urls
from app.api import examples, train_examples
from app.problems import MEDIA_TYPE
from tests.app.failures import diagnosed, new_log
from tests.app.probing import manual, new_probe, probe_ended, send_document

Json = dict[str, Any]
SECONDS_OF_ATTACK = 50


@pytest.fixture(scope="module")
def document(address: str) -> Json:
    found: Json = httpx2.get(address + urls.OPENAPI).json()
    return found


def operations(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def validator(document: Json, schema: Json) -> Draft202012Validator:
    return Draft202012Validator({**schema, "components": document["components"]})


def test_every_api_url_is_described(document: Json) -> None:
    made = {
        value
        for name, value in vars(urls).items()
        if isinstance(value, str) and value.startswith((urls.API + "/", "/health"))
    }
    assert made - {urls.OPENAPI} == set(document["paths"])


def test_every_operation_says_what_it_does_and_shows_an_example(document: Json) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["description"], path
        for status, response in operation["responses"].items():
            for kind, content in response.get("content", {}).items():
                if kind in ("application/json", MEDIA_TYPE):
                    assert "example" in content, (method, path, status)


def test_every_example_fits_its_schema(document: Json) -> None:
    checked = 0
    for method, path, operation in operations(document):
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in (item for part in parts for item in part.get("content", {}).values()):
            if "example" in content:
                error = validator(document, content["schema"]).iter_errors(content["example"])
                assert [str(item) for item in error] == [], (method, path)
                checked += 1
    assert checked > 60


def measured(client: httpx2.Client, case_id: str) -> Json:
    """The parts of addresses for a document and a probe that is done."""
    document = send_document(client, case_id, "manual.md", manual(1)).json()
    example = examples.REQUESTS["post", urls.API_PROBES]
    body = example | {"questions": [{"text": "E001?", "reference": "valve 1 is stuck"}]}
    probe = probe_ended(client, case_id, new_probe(client, case_id, body).json()["id"])
    assert probe["state"] == "done", probe
    parts = {"case_id": case_id, "probe_id": probe["id"]}
    found = client.get(urls.to(urls.API_PROBE_NEXT, **parts)).json()
    return parts | {"document_id": document["id"], "passage_id": found["passage"]["id"]}


def test_every_error_is_documented_as_problem_details(document: Json) -> None:
    for method, path, operation in operations(document):
        errors = {s: r for s, r in operation["responses"].items() if not s.startswith("2")}
        assert all(list(response["content"]) == [MEDIA_TYPE] for response in errors.values())
        expected = {"413", "415", "403", "400", "422"} if method != "get" else set()
        assert expected <= set(errors), (method, path)
        assert ("404" in errors) == ("{" in path)


def test_every_example_of_a_request_is_accepted(client: httpx2.Client) -> None:
    case_id = client.post(urls.API_CASES, json={"name": "bot"}).json()["id"]
    logs = {"": new_log(client, case_id), urls.API_LOG_MAPPING: new_log(client, case_id)}
    diagnosed(client, case_id, logs[""])
    parts = measured(client, case_id)
    for (method, path), body in examples.REQUESTS.items():
        log_id = logs.get(path, logs[""])
        url = urls.to(path, log_id=log_id, number=1, **parts)
        sent = body | {"passage_id": parts["passage_id"]} if "passage_id" in body else body
        assert client.request(method, url, json=sent).status_code in (200, 201, 202), path


def test_answers_fit_their_schemas(client: httpx2.Client, document: Json) -> None:
    case = client.post(urls.API_CASES, json={"name": "bot"})
    path = case.headers["location"]
    client.patch(f"{path}/facts", json={"facts": {"evaluation_exists": False, "ml_skill": None}})
    client.post(f"{path}/advice")
    parts = {"case_id": case.json()["id"], "number": 1, "rule_id": "no_evaluation_no_step"}
    parts["log_id"] = new_log(client, case.json()["id"])
    diagnosed(client, case.json()["id"], parts["log_id"])
    job = client.post(urls.API_JOBS, json=train_examples.NEW).json()["id"]
    parts |= {"job_id": job, "other_id": job}
    parts |= measured(client, case.json()["id"])
    checked = 0
    for method, template, operation in operations(document):
        content = operation["responses"]["200"]["content"] if method == "get" else {}
        if "application/json" in content and "report" not in template:
            answer = client.get(urls.to(template, **parts), params={"annotator": "Ada"})
            assert answer.status_code == 200, template
            found = validator(document, content["application/json"]["schema"])
            assert [str(item) for item in found.iter_errors(answer.json())] == [], template
            checked += 1
    assert checked >= 10


def test_no_request_that_can_be_made_brings_the_server_down(address: str, tmp_path: Path) -> None:
    """Schemathesis sends what fits the description and what does not, over every operation."""
    program = Path(sys.executable).parent / "schemathesis"
    command: list[str | Path] = [
        program,
        "run",
        f"{address}{urls.OPENAPI}",
        "--phases=examples,coverage,fuzzing",
        "--checks=not_a_server_error,status_code_conformance,content_type_conformance,"
        "response_schema_conformance,unsupported_method",
        "--max-examples=12",
        "--generation-deterministic",
        "--workers=1",  # Python 3.11 cannot read code in two threads at once (gh-106905)
        "--exclude-path-regex=^/health",
        f"--max-time={SECONDS_OF_ATTACK}",
    ]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_OF_ATTACK * 3,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert re.search(r"\b[1-9]\d{2,} generated", done.stdout), done.stdout[-2000:]
