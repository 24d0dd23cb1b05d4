"""Documents and measurements of retrieval as a team has them, for tests in the browser."""

from __future__ import annotations

import json
import time

from tests.app.probing import asked, manuals
from tests.team import Team

SECONDS_TO_MEASURE = 120
HARM = "<b>bold</b> valve \u202egnp.exe\u202c " + "averyveryverylongword" * 20


def documents() -> dict[str, bytes]:
    """Names and contents of files: manuals, one with everything in it, one that is not read."""
    long = "\n\n".join(f"Part {n}: the pump needs oil number {n}." for n in range(200))
    return manuals(8) | {
        "harm.md": f"# {HARM}\n\n{HARM}".encode(),
        "a name that is quite long " * 5 + ".txt": long.encode(),
        "prices.xlsx": b"a workbook",
    }


def questions(count: int = 8) -> bytes:
    """A file of questions with reference answers; one whose answer is nowhere."""
    rows = [
        {"id": item.id, "text": item.text, "reference": item.reference, "kind": "codes"}
        for item in asked(count)
    ]
    rows.append({"id": "harm", "text": HARM, "reference": "nowhere to be found at all"})
    return "\n".join(map(json.dumps, rows)).encode()


def send_documents(team: Team, case: str) -> None:
    """Upload all documents with the form of the page."""
    files = [("file", (name, content, "text/plain")) for name, content in documents().items()]
    data = {"csrf_token": team.token()}
    answer = team.client.post(f"/cases/{case}/documents", data=data, files=files)
    assert answer.status_code in (200, 303), answer.text


def begin(team: Team, case: str, **fields: str) -> str:
    """Begin to measure BM25 with typed questions, unless the fields say otherwise; its address."""
    usual = {"retrievers": "bm25", "source": "typed", "typed": "Which pump oil?\nPump needs oil?"}
    answer = team.send(f"/cases/{case}/retrieval/new", **(usual | fields))
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def guessed(team: Team, case: str) -> str:
    """Begin to measure BM25 with the file of questions; its address."""
    data = {"csrf_token": team.token(), "retrievers": "bm25", "source": "file"}
    files = {"questions": ("questions.jsonl", questions(), "application/json")}
    url = f"/cases/{case}/retrieval/new"
    answer = team.client.post(url, data=data, files=files, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def ended(team: Team, url: str) -> str:
    """Wait until a measurement is over; its address."""
    deadline = time.monotonic() + SECONDS_TO_MEASURE
    while "probe-progress" in team.client.get(url).text:
        assert time.monotonic() < deadline, "the measurement does not end"
        time.sleep(0.2)
    return url
