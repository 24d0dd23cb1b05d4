from __future__ import annotations

import hashlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest

from app import urls
from app.api.writes import KEPT_HEADERS
from tests.app.failures import RAW, TABLE, as_lines, confirm, diagnosed, ended, new_log, record

KEY = "idempotency-key"
LINES = as_lines(record(number) for number in range(200))
SERVE = (sys.executable, "-c", "from app.cli import main; main()", "serve", "--port", "0")
ROOM = 3_000_000
"""Bytes that any file may have on the disk that is full."""


@pytest.fixture
def case_id(client: httpx2.Client) -> str:
    found: str = client.post(urls.API_CASES, json={"name": "bot"}).json()["id"]
    return found


def at(pattern: str, case_id: str, log_id: str = "", number: int = 1) -> str:
    return urls.to(pattern, case_id=case_id, log_id=log_id, number=number)


def announce(client: httpx2.Client, case_id: str, **fields: object) -> str:
    body = {"name": "log.jsonl", "bytes": len(LINES), **fields}
    answer = client.post(at(urls.API_LOGS, case_id), json=body)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


# --- uploads ----------------------------------------------------------------------------------


def test_a_log_is_announced_once_whatever_the_repetitions(
    client: httpx2.Client, case_id: str
) -> None:
    body = {"name": "log.jsonl", "bytes": 10}
    made = [
        client.post(at(urls.API_LOGS, case_id), json=body, headers={KEY: "one"}) for _ in range(3)
    ]
    assert {answer.status_code for answer in made} == {201}
    assert len({answer.json()["id"] for answer in made}) == 1
    assert client.get(at(urls.API_LOGS, case_id)).json()["total"] == 1
    assert "location" in KEPT_HEADERS
    assert client.get(made[2].headers["location"]).status_code == 200


def test_parts_follow_one_another_and_a_lost_answer_does_no_harm(
    client: httpx2.Client, case_id: str
) -> None:
    digest = hashlib.sha256(LINES).hexdigest()
    url = at(urls.API_LOG_CONTENT, case_id, announce(client, case_id, sha256=digest))
    first = client.patch(url, content=LINES[:5_000], headers=RAW | {"upload-offset": "0"})
    assert (first.status_code, first.headers["upload-offset"]) == (200, "5000")
    again = client.patch(url, content=LINES[:5_000], headers=RAW | {"upload-offset": "0"})
    assert (again.status_code, again.headers["upload-offset"]) == (409, "5000")
    assert again.json()["type"] == "urn:formfact:problem:conflict"
    head = client.head(url)
    assert (head.headers["upload-offset"], head.headers["upload-length"]) == (
        "5000",
        str(len(LINES)),
    )
    size = len(LINES)
    part = {"content-range": f"bytes 5000-{size - 1}/{size}"}
    last = client.put(url, content=LINES[5_000:], headers=RAW | part)
    assert (last.json()["state"], last.json()["sha256"]) == ("uploaded", digest)
    assert client.put(url, content=LINES, headers=RAW).status_code == 409


def test_a_whole_file_can_be_sent_again_from_its_beginning(
    client: httpx2.Client, case_id: str
) -> None:
    url = at(urls.API_LOG_CONTENT, case_id, announce(client, case_id))
    client.put(url, content=LINES[:1_000], headers=RAW)
    assert client.put(url, content=LINES).json()["state"] == "uploaded"


@pytest.mark.parametrize(
    "part", ["bytes 0-9", "bytes 9-0/10", "bytes 0-9/10", "bytes 0-99999999/5", "lines 0-9/10"]
)
def test_a_range_that_cannot_be_is_refused(client: httpx2.Client, case_id: str, part: str) -> None:
    url = at(urls.API_LOG_CONTENT, case_id, announce(client, case_id))
    answer = client.put(url, content=b"x" * 10, headers=RAW | {"content-range": part})
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == ["Content-Range"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_a_form_cannot_pass_for_a_file(client: httpx2.Client, case_id: str, kind: str) -> None:
    url = at(urls.API_LOG_UPLOADS, case_id)
    sent = client.post(url, params={"name": "x"}, content=LINES, headers={"content-type": kind})
    assert (sent.status_code, sent.headers["accept"]) == (415, "application/octet-stream")
    own = {"origin": "https://evil.example", **RAW}
    assert client.post(url, params={"name": "x"}, content=LINES, headers=own).status_code == 403


def test_a_file_larger_than_any_other_body_is_taken(client: httpx2.Client, case_id: str) -> None:
    large = as_lines([record(1, output="x" * 3_000_000)])
    log_id = new_log(client, case_id, large, "large.jsonl")
    assert client.get(at(urls.API_LOG, case_id, log_id)).json()["bytes"] == len(large)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\r\nb", "%00", "<b>.csv", "x" * 1_000])
def test_a_hostile_name_does_no_harm(client: httpx2.Client, case_id: str, name: str) -> None:
    shown = client.get(at(urls.API_LOG, case_id, new_log(client, case_id, TABLE, name))).json()
    assert "/" not in shown["name"]
    assert "\n" not in shown["name"]


# --- a log from its upload to its facts -------------------------------------------------------


def test_a_log_goes_from_its_upload_to_labelled_records(
    client: httpx2.Client, case_id: str
) -> None:
    log_id = new_log(client, case_id)
    seen = client.get(at(urls.API_LOG_PREVIEW, case_id, log_id)).json()
    assert seen["mapping"] == {"question": "input", "answer": "output"}
    log = diagnosed(client, case_id, log_id)
    assert (log["state"], log["records"], log["progress"]["share"]) == ("done", 2, 1.0)
    summary = client.get(at(urls.API_LOG_SUMMARY, case_id, log_id)).json()
    assert summary["records"] == 2
    listed = client.get(at(urls.API_LOG_RECORDS, case_id, log_id), params={"search": "warrant"})
    assert [row["number"] for row in listed.json()["items"]] == [1]
    said = {"annotator": "Ada", "label": "information", "subtype": "wrong_fact"}
    url = at(urls.API_LOG_LABELS, case_id, log_id)
    made = [client.post(url, json=said, headers={KEY: "label"}) for _ in range(2)]
    assert [answer.json()["id"] for answer in made] == [made[0].json()["id"]] * 2
    one = client.get(at(urls.API_LOG_RECORD, case_id, log_id)).json()
    assert (one["label"], one["by_person"], len(one["labels"])) == ("information", True, 1)
    ahead = client.get(at(urls.API_LOG_NEXT, case_id, log_id), params={"annotator": "Ada"}).json()
    assert (ahead["number"], ahead["left"]) == (2, 1)
    client.post(url, json=said | {"annotator": "Grace"})
    both = client.get(at(urls.API_LOG_AGREEMENT, case_id, log_id)).json()
    assert both["annotators"] == {"Ada": 1, "Grace": 1}
    assert both["pairs"][0]["n"] == 1
    exported = client.get(at(urls.API_LOG_EXPORT, case_id, log_id))
    assert exported.headers["content-type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in exported.text.splitlines()]
    assert (lines[0]["label"], len(lines)) == ("information", 2)
    undone = client.post(at(urls.API_LOG_UNDO, case_id, log_id), json={"annotator": "Ada"})
    assert undone.json()["undone"]["label"] is None
    applied = client.post(at(urls.API_LOG_APPLY, case_id, log_id))
    assert applied.status_code == 200
    assert client.delete(at(urls.API_LOG, case_id, log_id)).json()["deleted"]
    assert client.get(at(urls.API_LOG, case_id, log_id)).status_code == 404


def test_what_cannot_be_as_things_stand_is_refused(client: httpx2.Client, case_id: str) -> None:
    log_id = announce(client, case_id)
    for path in (urls.API_LOG_PREVIEW, urls.API_LOG_SUMMARY):
        assert client.get(at(path, case_id, log_id)).status_code == 409
    for path in (urls.API_LOG_RETRY, urls.API_LOG_APPLY):
        assert client.post(at(path, case_id, log_id)).status_code == 409
    assert client.post(at(urls.API_LOG_CANCEL, case_id, log_id)).json()["state"] == "cancelled"
    assert client.post(at(urls.API_LOG_RETRY, case_id, log_id)).json()["state"] == "uploading"


@pytest.mark.parametrize("log_id", ["nothing", "NOTHING", "x" * 100])
def test_a_log_that_is_not_there_is_not_found(
    client: httpx2.Client, case_id: str, log_id: str
) -> None:
    base = f"{at(urls.API_LOGS, case_id)}/{log_id}"
    for path in ("", "/content", "/preview", "/summary", "/records", "/records/1", "/export"):
        assert client.get(base + path).status_code == 404, path
    assert (
        client.patch(
            f"{base}/content", content=b"x", headers=RAW | {"upload-offset": "0"}
        ).status_code
        == 404
    )


def test_a_log_of_another_case_is_not_found(client: httpx2.Client, case_id: str) -> None:
    log_id = new_log(client, case_id)
    other = client.post(urls.API_CASES, json={"name": "other"}).json()["id"]
    assert client.get(at(urls.API_LOG, other, log_id)).status_code == 404
    assert client.delete(at(urls.API_LOG, other, log_id)).status_code == 404
    assert client.get(at(urls.API_LOG, case_id, log_id)).status_code == 200


# --- servers of their own ---------------------------------------------------------------------


Serve = Callable[..., tuple[subprocess.Popen[str], httpx2.Client]]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts servers on one data folder; each can be killed."""
    running: list[tuple[subprocess.Popen[str], httpx2.Client]] = []

    def start(room: int = 0) -> tuple[subprocess.Popen[str], httpx2.Client]:
        def limit() -> None:
            if room:
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        server = subprocess.Popen(
            SERVE,
            env=os.environ | {"FORMFACT_DATA_DIR": str(tmp_path)},
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=limit,  # noqa: PLW1509 - this process has no threads that hold locks here
        )
        assert server.stderr
        url = ""
        for line in server.stderr:
            url = url or (re.findall(r"http://[\d.:]+", line) or [""])[0]
            if "startup complete" in line:
                break
        running.append((server, httpx2.Client(base_url=url, timeout=30)))
        return running[-1]

    yield start
    for server, client in running:
        client.close()
        server.kill()
        server.wait()
        assert server.stderr
        server.stderr.close()


def test_a_full_disk_is_said_and_nothing_half_written_is_kept(serve: Serve, tmp_path: Path) -> None:
    _, client = serve(room=ROOM)
    case_id = client.post(urls.API_CASES, json={"name": "bot"}).json()["id"]
    large = b"x" * (2 * ROOM)
    whole = client.post(
        at(urls.API_LOG_UPLOADS, case_id), params={"name": "x"}, content=large, headers=RAW
    )
    assert (whole.status_code, whole.json()["type"]) == (507, "urn:formfact:problem:storage")
    assert client.get(at(urls.API_LOGS, case_id)).json()["total"] == 0
    assert list((tmp_path / "logs").iterdir()) == []
    log_id = announce(client, case_id, bytes=len(large))
    url = at(urls.API_LOG_CONTENT, case_id, log_id)
    kept = client.patch(url, content=large[:1_000], headers=RAW | {"upload-offset": "0"})
    assert kept.status_code == 200
    full = client.patch(url, content=large[1_000:], headers=RAW | {"upload-offset": "1000"})
    assert full.status_code == 507
    assert "full" in full.json()["detail"]
    assert client.get(url).json()["received"] == 1_000
    assert [path.stat().st_size for path in (tmp_path / "logs").iterdir()] == [1_000]
    url = at(urls.API_DOCUMENT_UPLOADS, case_id)
    document = client.post(url, params={"name": "x.txt"}, content=large, headers=RAW)
    assert (document.status_code, document.json()["type"]) == (507, whole.json()["type"])
    assert client.get(at(urls.API_DOCUMENTS, case_id)).json()["total"] == 0
    assert not [path for path in (tmp_path / "documents").rglob("*") if path.is_file()]
    assert client.get(urls.HEALTH_READY).status_code == 200


def test_a_killed_server_loses_nothing_and_pages_answer_while_a_log_is_diagnosed(
    serve: Serve,
) -> None:
    server, client = serve()
    case_id = client.post(urls.API_CASES, json={"name": "bot"}).json()["id"]
    log_id = new_log(client, case_id, as_lines(record(n) for n in range(3_000)), "log.jsonl")
    confirm(client, case_id, log_id)
    url = at(urls.API_LOG, case_id, log_id)
    took = []
    while client.get(url).json()["records"] == 0:
        begun = time.monotonic()
        assert client.get("/cases").status_code == 200
        assert client.post(urls.API_CASES, json={"name": "meanwhile"}).status_code == 201
        took.append(time.monotonic() - begun)
        time.sleep(0.05)
    assert sorted(took)[len(took) // 2] < 1
    server.send_signal(signal.SIGKILL)
    server.wait()
    _, client = serve()
    log = ended(client, case_id, log_id)
    assert (log["state"], log["records"], log["duplicates"]) == ("done", 3_000, 0)
    records = client.get(f"{url}/records", params={"offset": 2_999}).json()
    assert [row["line"] for row in records["items"]] == [3_000]
