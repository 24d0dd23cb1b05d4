from __future__ import annotations

import io
import json
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from app import urls
from app.api.train_examples import NEW
from app.settings import Settings
from app.training.folders import folder_of
from app.web import create_app
from tests.app.conftest import serving
from tests.app.training.trying import SECONDS, weights, workers

Json = dict[str, Any]
STREAM = {"accept": "text/event-stream"}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"), train_lease_seconds=4)


@pytest.fixture(scope="module")
def training(here: Settings) -> Iterator[str]:
    """The address of a server beside which a worker runs jobs."""
    with serving(create_app(here)) as found, workers(here):
        yield found


@pytest.fixture
def client(training: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=training, timeout=30) as found:
        yield found


def new_job(client: httpx2.Client, rows: str = "{}\n", **given: Any) -> Json:
    params = given.pop("params", {"steps": 5})
    body = {**NEW, "files": {"train": rows}, "held": False, **given}
    body["spec"] = {**NEW["spec"], "params": params}
    answer = client.post(urls.API_JOBS, json=body)
    assert answer.status_code == 201, answer.text
    found: Json = answer.json()
    return found


def job(client: httpx2.Client, job_id: str) -> Json:
    found: Json = client.get(urls.to(urls.API_JOB, job_id=job_id)).json()
    return found


def wait_for(client: httpx2.Client, job_id: str, *states: str) -> Json:
    deadline = time.monotonic() + SECONDS
    while (found := job(client, job_id))["state"] not in states:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def post(client: httpx2.Client, pattern: str, job_id: str, **body: Any) -> httpx2.Response:
    return client.post(urls.to(pattern, job_id=job_id), json=body)


def messages(lines: Iterator[str]) -> Iterator[Json]:
    """Server-sent events as they come: id, event, data."""
    message: Json = {}
    for line in lines:
        if line.startswith(("id:", "event:", "data:")):
            name, _, value = line.partition(": ")
            message[name] = value
        elif not line and "data" in message:
            yield message
            message = {}


def test_a_job_is_launched_watched_and_taken_away(client: httpx2.Client, here: Settings) -> None:
    job_id = new_job(client)["id"]
    done = wait_for(client, job_id, "succeeded")
    assert (done["step"], done["total_steps"], done["waiting_before"]) == (5, 5, None)
    report = client.get(urls.to(urls.API_JOB_REPORT, job_id=job_id)).json()
    assert report["weights_hash"] == weights(5)
    archive = client.get(urls.to(urls.API_JOB_FILE, job_id=job_id, name="adapter"))
    assert archive.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(archive.content)) as found:
        assert found.namelist() == ["adapter_model.safetensors"]
        assert found.read("adapter_model.safetensors").decode() == weights(5)
    log = client.get(urls.to(urls.API_JOB_FILE, job_id=job_id, name="log"))
    assert log.headers["content-type"].startswith("text/plain")
    assert client.get(urls.to(urls.API_JOB_FILE, job_id=job_id, name="merged")).status_code == 404
    assert client.delete(urls.to(urls.API_JOB, job_id=job_id)).json()["deleted"]
    assert client.get(urls.to(urls.API_JOB, job_id=job_id)).status_code == 404
    assert folder_of(here, job_id).root.is_relative_to(here.folder)


def test_nothing_from_outside_the_folder_is_sent(client: httpx2.Client, here: Settings) -> None:
    job_id = new_job(client)["id"]
    wait_for(client, job_id, "succeeded")
    run = folder_of(here, job_id)
    secret = here.folder / "secret"
    secret.write_text("key")
    (run.adapter / "link").symlink_to(secret)
    run.merged.symlink_to(here.folder)
    archive = client.get(urls.to(urls.API_JOB_FILE, job_id=job_id, name="adapter"))
    with zipfile.ZipFile(io.BytesIO(archive.content)) as found:
        assert found.namelist() == ["adapter_model.safetensors"]
    for name in ("merged", "..%2f..", "spec", "card"):
        url = urls.to(urls.API_JOB_FILE, job_id=job_id, name=name)
        assert client.get(url).status_code in (404, 422), name


def test_a_stream_of_events_goes_on_after_the_last_one_that_was_read(
    client: httpx2.Client,
) -> None:
    job_id = new_job(client, params={"steps": 40, "seconds": 0.03})["id"]
    url = urls.to(urls.API_JOB_EVENTS, job_id=job_id)
    seen: list[Json] = []
    with client.stream("GET", url, headers=STREAM) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for message in messages(answer.iter_lines()):
            seen.append(message)
            if message["event"] == "metric" and len(seen) > 8:
                break
    again = STREAM | {"last-event-id": seen[-1]["id"]}
    with client.stream("GET", url, headers=again) as answer:
        seen += messages(answer.iter_lines())
    assert seen.pop()["event"] == "end"
    every = client.get(url, params={"limit": 1000}).json()
    assert [int(item["id"]) for item in seen] == [item["id"] for item in every["items"]]
    assert [json.loads(item["data"])["key"] for item in seen] == [
        item["key"] for item in every["items"]
    ]
    over = client.get(url, headers=STREAM | {"last-event-id": str(every["last"])})
    assert over.status_code == 204


def test_a_job_is_paused_resumed_cancelled_and_tried_again(client: httpx2.Client) -> None:
    job_id = new_job(client, params={"steps": 60, "seconds": 0.03})["id"]
    wait_for(client, job_id, "running")
    assert post(client, urls.API_JOB_PAUSE, job_id).status_code == 200
    wait_for(client, job_id, "paused")
    assert post(client, urls.API_JOB_RESUME, job_id).json()["state"] == "queued"
    wait_for(client, job_id, "running")
    post(client, urls.API_JOB_CANCEL, job_id)
    wait_for(client, job_id, "cancelled")
    assert post(client, urls.API_JOB_PAUSE, job_id).status_code == 409
    assert post(client, urls.API_JOB_RETRY, job_id, reason="").status_code == 422
    again = post(client, urls.API_JOB_RETRY, job_id, reason="it was a slip").json()
    assert (again["state"], again["reason"]) == ("queued", "it was a slip")
    wait_for(client, job_id, "succeeded")


def test_a_preflight_with_warnings_waits_for_somebody(client: httpx2.Client) -> None:
    job_id = new_job(client, "warning\n")["id"]
    url = urls.to(urls.API_JOB_PREFLIGHT, job_id=job_id)
    deadline = time.monotonic() + SECONDS
    while not (found := client.get(url).json())["waits_for_start"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert not found["blocked"]
    assert found["report"]["findings"][0]["rows"] == [1]
    assert post(client, urls.API_JOB_START, job_id).status_code == 409
    started = post(client, urls.API_JOB_START, job_id, accept_warnings=True)
    assert started.json()["state"] == "queued"
    blocked = new_job(client, "error\n")["id"]
    assert wait_for(client, blocked, "failed")["failure"]["code"] == "bad_data"


def test_the_queue_is_reordered_and_the_same_key_makes_one_job(client: httpx2.Client) -> None:
    busy = new_job(client, params={"steps": 10_000, "seconds": 0.02})["id"]
    wait_for(client, busy, "running")
    a, b, c = (new_job(client, client_key=f"night-{number}")["id"] for number in range(3))
    assert new_job(client, client_key="night-0")["id"] == a
    for found in (a, b, c):
        wait_for(client, found, "queued")
    place = client.put(urls.to(urls.API_JOB_PLACE, job_id=c), json={"before": a})
    assert place.json()["waiting_before"] == 0
    queue = client.get(urls.API_JOB_QUEUE).json()
    assert [item["id"] for item in queue["queued"]] == [c, a, b]
    assert [item["id"] for item in queue["running"]] == [busy]
    (worker,) = client.get(urls.API_JOB_WORKERS).json()["items"]
    assert (worker["alive"], worker["jobs"]) == (True, [busy])
    post(client, urls.API_JOB_CANCEL, busy)
    for found in (a, b, c):
        wait_for(client, found, "succeeded")
    compared = urls.to(urls.API_JOB_COMPARE, job_id=a, other_id=busy)
    told = client.get(compared).json()["told"]
    assert {"name": "params.steps", "a": 5, "b": 10_000} in told
    assert client.get(urls.API_JOBS, params={"state": "cancelled"}).json()["total"] >= 1


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"case_id": "nobody"}, "case_id"),
        ({"files": {"test": "{}"}}, "files.train"),
        ({"priority": 1_000}, "priority"),
        ({"override_reason": "\u202e"}, "override_reason"),
    ],
)
def test_what_cannot_be_accepted_is_named(
    client: httpx2.Client, change: Json, where: str, tmp_path: Path
) -> None:
    answer = client.post(urls.API_JOBS, json={**NEW, **change})
    assert answer.status_code == 422
    assert where in [item["where"] for item in answer.json()["errors"]]


def test_the_advice_against_training_is_a_problem_until_there_is_a_reason(
    client: httpx2.Client,
) -> None:
    case_id = client.post(urls.API_CASES, json={"name": "Support"}).json()["id"]
    facts = {"facts": {"facts_wrong": True, "form_wrong": False, "failures_reviewed": 60}}
    client.patch(urls.to(urls.API_CASE_FACTS, case_id=case_id), json=facts)
    assert client.post(urls.to(urls.API_ADVICE, case_id=case_id), json={}).status_code < 300
    body = {**NEW, "files": {"train": "{}\n"}, "case_id": case_id, "client_key": "against"}
    refused = client.post(urls.API_JOBS, json=body | {"override_reason": ""})
    assert refused.status_code == 409
    problem = refused.json()
    assert problem["type"] == "urn:formfact:problem:against-advice"
    assert "missing_facts" in {item["where"] for item in problem["errors"]}
    made = client.post(urls.API_JOBS, json=body | {"override_reason": "the form fails as well"})
    assert made.status_code == 201, made.text
    assert made.json()["override_reason"] == "the form fails as well"
