"""Probes for the tests: small collections made here, and what is done with them over REST."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import httpx2

from app import urls
from app.background import FINISHED, PROBES, take_next
from app.cases import create_case
from app.probe_choices import Chosen
from app.probe_questions import Asking
from app.probes import NewProbe, create_probe
from app.probing import Probing
from app.settings import Settings
from app.storage import Database, DocumentFile, Probe
from app.uploads import DOCUMENTS, receive_file
from evidence.retrieval.shapes import Question
from tests.app.failures import RAW, pieces_of, run

SECONDS_TO_PROBE = 60.0
TOPICS = 24
ENDED = ("done", "failed", "cancelled")


def manual(number: int) -> bytes:
    """A document that differs from others by its number."""
    return (
        f"# Gadget {number}\n\nThe gadget {number} has a warranty of {number + 3} months.\n\n"
        f"Code E{number:03d} means that valve {number} is stuck behind the panel.\n"
    ).encode()


def manuals(count: int = TOPICS) -> dict[str, bytes]:
    """Names and contents of so many documents."""
    return {f"gadget{number}.md": manual(number) for number in range(count)}


def asked(count: int = TOPICS, *, referenced: bool = True) -> tuple[Question, ...]:
    """A question about each document."""
    return tuple(
        Question(
            f"q{number}",
            f"What does code E{number:03d} mean?",
            f"valve {number} is stuck" if referenced else "",
        )
        for number in range(count)
    )


BM25 = Chosen(("bm25",))


# --- over REST --------------------------------------------------------------------------------


def send_document(
    client: httpx2.Client, case_id: str, name: str, content: bytes
) -> httpx2.Response:
    """Add a file of documents."""
    url = urls.to(urls.API_DOCUMENT_UPLOADS, case_id=case_id)
    return client.post(url, params={"name": name}, content=content, headers=RAW)


def new_probe(client: httpx2.Client, case_id: str, body: Mapping[str, Any]) -> httpx2.Response:
    """Begin a probe with BM25 alone, unless the body says otherwise."""
    url = urls.to(urls.API_PROBES, case_id=case_id)
    return client.post(url, json={"retrievers": ["bm25"], **body})


def probe_ended(client: httpx2.Client, case_id: str, probe_id: str) -> dict[str, Any]:
    """Wait until a probe ends; the probe."""
    url = urls.to(urls.API_PROBE, case_id=case_id, probe_id=probe_id)
    deadline = time.monotonic() + SECONDS_TO_PROBE
    while time.monotonic() < deadline:
        found: dict[str, Any] = client.get(url).json()
        if found["state"] in ENDED:
            return found
        time.sleep(0.1)
    raise AssertionError(f"no end in {SECONDS_TO_PROBE} seconds: {found}")


# --- without a server -------------------------------------------------------------------------


def case_with(
    database: Database, settings: Settings, documents: Mapping[str, bytes] | None = None
) -> str:
    """A case with documents; its id."""
    with database.writing() as session:
        case_id = create_case(session, "bot").id
    for name, content in (manuals() if documents is None else documents).items():
        add_document(database, settings, case_id, name, content)
    return case_id


def add_document(
    database: Database, settings: Settings, case_id: str, name: str, content: bytes
) -> DocumentFile:
    """Add a file of documents to a case."""

    async def receive() -> Any:
        return await receive_file(DOCUMENTS, database, settings, case_id, name, pieces_of(content))

    found: Any = run(receive)
    assert isinstance(found, DocumentFile)
    return found


def queued_probe(
    database: Database, case_id: str, asking: Asking | None = None, chosen: Chosen = BM25
) -> Probe:
    """A probe that waits for a process."""
    with database.writing() as session:
        new = NewProbe(asking or Asking(listed=asked()), chosen)
        return create_probe(session, case_id, new)


def taken_probe(database: Database, settings: Settings) -> Probing:
    """The job for the probe that waits longest, as its process would begin it."""
    with database.writing() as session:
        found = take_next(session, PROBES)
    assert found is not None
    return Probing(database, settings, *found)


def probed_here(
    database: Database,
    settings: Settings,
    case_id: str,
    asking: Asking | None = None,
    chosen: Chosen = BM25,
) -> Probe:
    """A probe that was made in this process."""
    probe = queued_probe(database, case_id, asking, chosen)
    assert taken_probe(database, settings).run() == FINISHED
    return probe_again(database, probe)


def probe_again(database: Database, probe: Probe) -> Probe:
    """The probe as the database has it now."""
    with database.reading() as session:
        return session.get_one(Probe, probe.id)
