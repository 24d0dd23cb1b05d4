"""A second opinion over REST: real server, job and model."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import httpx2

from app import urls
from app.settings import Settings
from app.web import create_app
from tests.app.conftest import serving
from tests.app.failures import as_lines, diagnosed, new_log
from tests.app.judge import model, open_record

SECONDS = 60.0
KEY = "sk-very-secret"


def scene(client: httpx2.Client, count: int = 6) -> dict[str, str]:
    """A diagnosed log of records that cannot be told."""
    case_id = client.post(urls.API_CASES, json={"name": "bot"}).json()["id"]
    content = as_lines(open_record(number, wrong=number % 2 == 0) for number in range(count))
    log_id = new_log(client, case_id, content, "log.jsonl")
    diagnosed(client, case_id, log_id)
    return {"case_id": case_id, "log_id": log_id}


def at(pattern: str, place: dict[str, str]) -> str:
    """The address for a pattern."""
    return urls.to(pattern, None, "", **place)


def over(client: httpx2.Client, place: dict[str, str]) -> dict[str, Any]:
    """Wait until nobody is asked any more; how things stand then."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(at(urls.API_LOG_JUDGE, place)).json()
        if found["run"]["state"] not in ("queued", "running"):
            return found
        time.sleep(0.1)
    raise AssertionError(f"not over in {SECONDS} seconds: {found}")


def test_a_program_asks_watches_and_reads_shares(tmp_path: Path) -> None:
    with model() as served:
        settings = Settings(
            data_dir=tmp_path, judge_url=served.base_url, judge_model="small", judge_key=KEY
        )
        with (
            serving(create_app(settings)) as address,
            httpx2.Client(base_url=address, timeout=30) as client,
        ):
            place = scene(client)
            url = at(urls.API_LOG_JUDGE, place)
            assert client.get(url).json() == {
                "why_not": "",
                "to_ask": 6,
                "run": None,
                "found": None,
            }
            answer = client.post(url, headers={"idempotency-key": "one"})
            assert answer.status_code == 202, answer.text
            assert answer.headers["location"] == url
            assert client.post(url, headers={"idempotency-key": "one"}).json() == answer.json()
            found = over(client, place)
            assert (found["run"]["state"], found["run"]["position"]) == ("done", 6)
            assert found["found"]["raw"]["information"]["count"] == 3
            assert found["found"]["corrected"] is None
            summary = client.get(at(urls.API_LOG_SUMMARY, place)).json()
            assert summary["judge"]["answered"] == 6
            record = client.get(at(urls.API_LOG_RECORD, place | {"number": "1"})).text
            assert "judge_information" in record
            stopped = client.post(at(urls.API_LOG_JUDGE_CANCEL, place))
            assert stopped.status_code == 409
            assert KEY not in str(found) + record
        assert len(served.requests) == 6


def test_a_server_without_a_model_says_what_is_missing(client: httpx2.Client) -> None:
    place = scene(client, 1)
    url = at(urls.API_LOG_JUDGE, place)
    assert "FORMFACT_JUDGE_URL" in client.get(url).json()["why_not"]
    answer = client.post(url)
    assert answer.status_code == 409
    assert "FORMFACT_JUDGE_MODEL" in answer.json()["detail"]
