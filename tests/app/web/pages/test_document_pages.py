"""The pages of documents over HTTP."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from tests.team import Team

HOSTILE = "../../<script>alert(1)</script>.md"


def upload(team: Team, case: str, *files: tuple[str, bytes]) -> httpx2.Response:
    """Send files with the form of the page."""
    sent = [("file", (name, content, "application/octet-stream")) for name, content in files]
    data = {"csrf_token": team.token()}
    return team.client.post(
        f"/cases/{case}/documents", data=data, files=sent, follow_redirects=False
    )


def listed(team: Team, case: str) -> str:
    return team.client.get(f"/cases/{case}/documents").text


@pytest.fixture
def case(team: Team) -> str:
    return team.new_case("Warranty assistant")


def test_a_case_without_documents_says_what_they_are(team: Team, case: str) -> None:
    page = listed(team, case)

    assert "The texts that hold the answers" in page
    assert "Add your documents" in page
    assert "Scanned pages have none" in page
    assert "Measure retrieval" not in page


def test_several_files_are_taken_at_once_and_listed_with_their_size(team: Team, case: str) -> None:
    answer = upload(team, case, ("a.md", b"# Warranty\n\n24 months"), ("b.txt", b"Batteries"))

    assert answer.status_code == 303
    page = team.client.get(answer.headers["location"]).text
    assert "Added." in page
    assert "2 files, 30 bytes in all" in page
    assert "a.md" in page
    assert "b.txt" in page


def test_a_file_that_is_refused_stops_no_other(team: Team, case: str) -> None:
    answer = upload(team, case, ("empty.txt", b""), ("b.txt", b"Batteries"))

    assert answer.status_code == 422
    assert "Not everything was taken" in answer.text
    assert "empty.txt: is empty" in answer.text
    assert "1 file, 9 bytes in all" in answer.text


def test_a_file_that_cannot_be_read_is_kept_and_says_why(team: Team, case: str) -> None:
    assert upload(team, case, ("prices.xlsx", b"a workbook")).status_code == 303
    page = listed(team, case)

    assert "prices.xlsx" in page
    assert "Not read:" in page


def test_a_name_is_shown_as_text_and_makes_no_path(team: Team, case: str, tmp_path: Path) -> None:
    upload(team, case, (HOSTILE, b"text"))
    page = listed(team, case)

    assert "<script>alert" not in page
    assert list(tmp_path.rglob("*script*")) == []


def test_a_form_without_a_file_says_so(team: Team, case: str) -> None:
    answer = team.send(f"/cases/{case}/documents")

    assert answer.status_code == 422
    assert "choose at least one file first" in answer.text


def test_a_bare_body_is_taken_under_its_name(team: Team, case: str) -> None:
    headers = {"content-type": "application/octet-stream", "x-csrf-token": team.token()}
    answer = team.client.post(
        f"/cases/{case}/documents?name=notes%20of%20May.txt",
        content=b"notes",
        headers=headers,
        follow_redirects=False,
    )

    assert answer.status_code == 303
    assert "notes of May.txt" in listed(team, case)


def test_files_need_the_token(team: Team, case: str) -> None:
    files = {"file": ("a.md", b"text", "text/plain")}
    answer = team.client.post(f"/cases/{case}/documents", files=files)

    assert answer.status_code == 403
    assert "Add your documents" in listed(team, case)


def test_a_removed_file_is_gone(team: Team, case: str) -> None:
    upload(team, case, ("a.md", b"text"))
    found = re.search(r'action="(/cases/\w+/documents/\w+/delete)"', listed(team, case))
    assert found
    answer = team.send(found[1])

    assert answer.status_code == 303
    page = team.client.get(answer.headers["location"]).text
    assert "Removed." in page
    assert "a.md" not in page


def test_a_long_list_has_pages_and_an_end(team: Team, case: str) -> None:
    upload(team, case, *((f"n{number:02}.txt", b"text") for number in range(52)))
    page = listed(team, case)

    assert "1 to 50 of 52" in page
    assert (
        "The list ends before this page"
        in team.client.get(f"/cases/{case}/documents?offset=500").text
    )
