"""A failure log as a team has it, for tests in the browser."""

from __future__ import annotations

import json
import re
import time

from tests.team import Team

SECONDS_TO_READ = 120
NAMES = ("X100", "X200", "X300", "X400", "X500", "X600")


def lines() -> bytes:
    """A log with sound and failing outputs, chat, a format, notes, a repeat and a broken row."""
    rows: list[dict[str, object]] = [
        {
            "id": name,
            "input": [
                {"role": "system", "content": "Answer from the passage."},
                {"role": "user", "content": f"How long is the warranty of the {name}?"},
            ],
            "output": f"The warranty of the {name} is {12 * number} months.",
            "reference": "24 months",
            "context": [f"The {name} comes with a warranty of 24 months.", "Batteries: 6 months."],
            "reviewer_note": None if number == 2 else "Wrong, the period is 24 months.",
            "metadata": {"timestamp": f"2026-02-{3 * number:02}", "team <b>": "<i>red</i>"},
        }
        for number, name in enumerate(NAMES, 1)
    ]
    rows.append(
        {
            "id": "json",
            "input": "Give the name as JSON",
            "output": "Sure! {'name': 'Ann'} " + "and so on " * 3_000,
            "format_spec": {"type": "json"},
        }
    )
    rows.append(rows[0] | {"id": "again"})
    return "\n".join([*map(json.dumps, rows), "{broken"]).encode()


def send(team: Team, case: str, content: bytes, name: str = "log.jsonl") -> str:
    """Upload a file with the form of the page; the address of the log."""
    data = {"csrf_token": team.token()}
    files = {"file": (name, content, "application/octet-stream")}
    answer = team.client.post(f"/cases/{case}/logs", data=data, files=files, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).removesuffix("/columns")


def read(team: Team, case: str) -> str:
    """Upload a log, confirm its columns and wait until it is read; its address."""
    url = send(team, case, lines())
    page = team.client.get(f"{url}/columns").text
    columns = re.findall(r'name="column" value="([^"]*)"', page)
    fields = ["" if "." in name else name for name in columns]
    answer = team.send(f"{url}/columns", column=columns, field=fields)
    assert answer.status_code == 303, answer.text
    deadline = time.monotonic() + SECONDS_TO_READ
    while "log-progress" in team.client.get(url).text:
        assert time.monotonic() < deadline, "the log is not read"
        time.sleep(0.2)
    return url
