"""The form of a new measurement, and a measurement that waits, is stopped or taken away."""

from __future__ import annotations

import re

import httpx2
import pytest

from tests.app.web.pages.test_document_pages import upload
from tests.team import Team

TYPED = "How long is the warranty?\nHow do I change the batteries?\n"


@pytest.fixture
def case(team: Team) -> str:
    found = team.new_case("Warranty assistant")
    assert upload(team, found, ("a.md", b"# Warranty\n\nIt lasts 24 months.")).status_code == 303
    return found


def form(team: Team, case: str) -> str:
    return team.client.get(f"/cases/{case}/retrieval/new").text


def begin(team: Team, case: str, **fields: str | list[str]) -> httpx2.Response:
    """Send the form with typed questions and BM25, unless said otherwise."""
    usual: dict[str, str | list[str]] = {"source": "typed", "typed": TYPED, "retrievers": ["bm25"]}
    return team.send(f"/cases/{case}/retrieval/new", **(usual | fields))


def test_a_case_without_measurements_says_how_one_comes_to_the_first(team: Team) -> None:
    case = team.new_case("Fresh")
    page = team.client.get(f"/cases/{case}/retrieval").text

    assert "How it goes" in page
    assert "Add documents first" in page
    assert "This case has no documents yet" in form(team, case)


def test_the_form_offers_what_is_installed_and_says_how_to_get_the_rest(
    team: Team, case: str
) -> None:
    page = form(team, case)

    assert re.search(r'value="bm25" checked>', page)
    assert re.search(r'value="rerank" disabled>.*?Not available here: ', page, re.DOTALL)
    assert re.search(r'value="log" disabled>.*?Add one', page, re.DOTALL)


def test_typed_questions_begin_a_measurement(team: Team, case: str) -> None:
    answer = begin(team, case, name="First look", size="100", overlap="10")

    assert answer.status_code == 303
    listed = team.client.get(f"/cases/{case}/retrieval").text
    assert "Measurement with 2 questions" in listed
    assert "First look" in listed


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"typed": "  \n"}, "type at least one question"),
        ({"source": "file"}, "choose the file with the questions"),
        ({"source": "log"}, "choose a log"),
        ({"retrievers": []}, "choose at least one"),
        ({"retrievers": ["zebra"]}, "must be of bm25"),
        ({"size": "many"}, "must be a whole number of tokens"),
        ({"size": "5"}, "must be from 20 to 8,000 tokens"),
        ({"size": "100", "overlap": "100"}, "must be from 0 to below the 100 tokens"),
        ({"budget": "0"}, "must be from 1 to"),
        ({"price_per_hour": "cheap"}, "must be a number"),
        ({"price_per_hour": "nan"}, "must be 0 or more"),
        ({"endpoint_url": "ftp://x", "endpoint_kind": "json"}, "http(s) address"),
        (
            {"endpoint_url": "https://x.org", "endpoint_kind": "json", "endpoint_body": "[1"},
            "must be a JSON object",
        ),
        (
            {"endpoint_url": "https://x.org", "endpoint_kind": "json", "endpoint_from": "PATH"},
            "begins with FORMFACT_SEARCH_",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_its_field_and_what_was_typed_stays(
    fields: dict[str, str | list[str]], words: str, team: Team, case: str
) -> None:
    answer = begin(team, case, name="Kept", **fields)

    assert answer.status_code == 422
    assert "Nothing was started yet" in answer.text
    assert words.lower() in answer.text.lower()
    assert 'value="Kept"' in answer.text
    for anchor in re.findall(r'<li><a href="#([\w-]+)">', answer.text):
        assert f'id="{anchor}"' in answer.text


def test_a_file_of_questions_and_one_of_judgements_are_read(team: Team, case: str) -> None:
    data = {"csrf_token": team.token(), "source": "file", "retrievers": "bm25"}
    files = {
        "questions": ("q.jsonl", b'{"id": "q1", "text": "How long?"}\n', "application/json"),
        "qrels": ("q.tsv", b"query-id\tcorpus-id\tscore\nq1\ta.md\t1\n", "text/plain"),
    }
    url = f"/cases/{case}/retrieval/new"
    answer = team.client.post(url, data=data, files=files, follow_redirects=False)

    assert answer.status_code == 303, answer.text


def test_a_case_without_documents_is_not_measured(team: Team) -> None:
    answer = begin(team, team.new_case("Fresh"))

    assert answer.status_code == 422
    assert "the case has no documents yet" in answer.text


def test_the_form_needs_the_token(team: Team, case: str) -> None:
    answer = team.client.post(f"/cases/{case}/retrieval/new", data={"source": "typed"})

    assert answer.status_code == 403


def test_a_measurement_is_stopped_begun_again_and_taken_away(team: Team, case: str) -> None:
    url = begin(team, case).headers["location"]
    assert team.send(f"{url}/cancel").status_code == 303
    stopped = team.client.get(url).text
    if "The measurement was stopped" not in stopped:  # it was done before anybody stopped it
        assert "Which retriever" in stopped or "Why questions fail" in stopped
    else:
        assert team.send(f"{url}/again").status_code == 303
    assert team.send(f"{url}/delete").headers["location"].endswith("done=deleted")
    assert team.client.get(url).status_code == 404
