"""Failure logs for the tests: small ones made here, and what is done with them over REST."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx2

from app import urls
from app.background import FINISHED, take_next
from app.cases import create_case
from app.diagnosing import BATCH, Job
from app.logs import confirm_mapping, preview
from app.settings import Settings
from app.storage import Database, FailureLog
from app.uploads import receive_whole

RAW = {"content-type": "application/octet-stream"}
SECONDS_TO_DIAGNOSE = 60.0
TABLE = b"question,answer\nHow long is the warranty?,12 months.\nMay I?,I cannot help with that.\n"
"""A log as CSV whose columns have names of their own."""


def record(number: int, **fields: Any) -> dict[str, Any]:
    """A failure record that differs from others by its number alone."""
    known = {"id": f"r{number}", "input": f"Question {number}?", "output": f"Answer {number}."}
    return known | fields


def as_lines(records: Iterable[dict[str, Any]]) -> bytes:
    """Records as JSON Lines."""
    return b"".join(json.dumps(item).encode() + b"\n" for item in records)


def new_log(
    client: httpx2.Client, case_id: str, content: bytes = TABLE, name: str = "log.csv"
) -> str:
    """An uploaded log that waits for its columns to be confirmed; its id."""
    url = urls.to(urls.API_LOG_UPLOADS, case_id=case_id)
    answer = client.post(url, params={"name": name}, content=content, headers=RAW)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


def confirm(client: httpx2.Client, case_id: str, log_id: str) -> None:
    """Confirm the columns as they were guessed."""
    url = urls.to(urls.API_LOG_PREVIEW, case_id=case_id, log_id=log_id)
    mapping = client.get(url).json()["mapping"]
    url = urls.to(urls.API_LOG_MAPPING, case_id=case_id, log_id=log_id)
    answer = client.put(url, json={"mapping": mapping})
    assert answer.status_code == 200, answer.text


def diagnosed(client: httpx2.Client, case_id: str, log_id: str) -> dict[str, Any]:
    """Have a log diagnosed to its end; the log."""
    confirm(client, case_id, log_id)
    return ended(client, case_id, log_id)


def ended(client: httpx2.Client, case_id: str, log_id: str) -> dict[str, Any]:
    """Wait until the diagnosis of a log ends; the log."""
    url = urls.to(urls.API_LOG, case_id=case_id, log_id=log_id)
    deadline = time.monotonic() + SECONDS_TO_DIAGNOSE
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(url).json()
        if found["state"] in ("done", "failed", "cancelled"):
            return found
        time.sleep(0.1)
    raise AssertionError(f"not diagnosed in {SECONDS_TO_DIAGNOSE} seconds: {found}")


# --- without a server -------------------------------------------------------------------------


async def pieces_of(content: bytes, size: int = 10_000) -> AsyncIterator[bytes]:
    """The content as a request brings it."""
    for start in range(0, len(content), size):
        yield content[start : start + size]


def run(act: Callable[[], Awaitable[FailureLog]]) -> FailureLog:
    """Run it in a thread of its own: a browser test before this one may have left a loop here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(anyio.run, act).result()


def uploaded(
    database: Database, settings: Settings, content: bytes, name: str = "log.jsonl"
) -> FailureLog:
    """A case with an uploaded log."""
    with database.writing() as session:
        case_id = create_case(session, "bot").id

    async def receive() -> FailureLog:
        return await receive_whole(database, settings, case_id, name, pieces_of(content))

    return run(receive)


def queued(
    database: Database, settings: Settings, content: bytes, name: str = "log.jsonl"
) -> FailureLog:
    """A case with a log that waits to be diagnosed."""
    log = uploaded(database, settings, content, name)
    with database.writing() as session:
        mapping = preview(settings, log).mapping
        return confirm_mapping(session, settings, log.case_id, log.id, mapping)


def taken(database: Database, settings: Settings, size: int = BATCH) -> Job:
    """The job for the log that waits longest, as its process would begin it."""
    with database.writing() as session:
        found = take_next(session)
    assert found is not None
    return Job(database, settings, *found, size)


def diagnosed_here(
    database: Database,
    settings: Settings,
    content: bytes,
    name: str = "log.jsonl",
    size: int = BATCH,
) -> FailureLog:
    """A case with a log that was diagnosed in this process."""
    log = queued(database, settings, content, name)
    assert taken(database, settings, size).run() == FINISHED
    return read_again(database, log)


def read_again(database: Database, log: FailureLog) -> FailureLog:
    """The log as the database has it now."""
    with database.reading() as session:
        return session.get_one(FailureLog, log.id)
