"""A language model's second opinion on the pages of a log: real server, job and model."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from app.settings import Settings
from tests.app.judge import model, open_record
from tests.evidence.judge.endpoint import Reply, Served, verdict
from tests.team import Team

SECONDS = 90
KEY = "sk-very-secret"
HOSTILE = "<script>alert('x')</script> \u202e {{7*7}}"
COUNT = 33


def harmful(text: str) -> Reply | None:
    """About one record the model says what would harm a page that believes it."""
    if "Number 31:" not in text:
        return None
    mark = text.rpartition("The mark is ")[2].partition(".")[0]
    return Reply(verdict(mark, facts="wrong", form="right", reason=HOSTILE))


@pytest.fixture
def served() -> Iterator[Served]:
    with model(harmful) as found:
        yield found


@pytest.fixture
def settings(tmp_path: Path, served: Served) -> Settings:
    return Settings(
        data_dir=tmp_path, judge_url=served.base_url, judge_model="small", judge_key=KEY
    )


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def wait_while(team: Team, url: str, there: str) -> str:
    deadline = time.monotonic() + SECONDS
    while there in (html := team.client.get(url).text):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return html


def read(team: Team) -> str:
    """A log that was read; its address."""
    case = team.new_case()
    rows = [open_record(number, wrong=number % 3 == 0) for number in range(COUNT)]
    content = "\n".join(map(json.dumps, rows)).encode()
    data, files = {"csrf_token": team.token()}, {"file": ("log.jsonl", content)}
    answer = team.client.post(f"/cases/{case}/logs", data=data, files=files, follow_redirects=False)
    url = answer.headers["location"].removesuffix("/columns")
    names = re.findall(r'name="column" value="([^"]*)"', team.client.get(f"{url}/columns").text)
    assert team.send(f"{url}/columns", column=names, field=names).status_code == 303
    wait_while(team, url, "log-progress")
    return str(url)


def label(team: Team, url: str, numbers: range) -> None:
    for number in numbers:
        said = "neither" if (number - 1) % 3 else "information"
        answer = team.send(f"{url}/records/{number}/label", annotator="Ann", label=said)
        assert answer.status_code == 303


def ask(team: Team, url: str) -> str:
    answer = team.send(f"{url}/judge")
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("#judge")
    return wait_while(team, url, "judge-progress")


def test_a_team_asks_labels_and_asks_again(team: Team, served: Served) -> None:
    url = read(team)
    assert f"Ask a language model about {COUNT} records" in team.client.get(url).text
    label(team, url, range(1, 11))
    html = ask(team, url)
    assert f"small was asked about {COUNT} records and answered." in words(html)
    assert "20 more labels until its opinions count." in words(html)
    assert "too few labels" in words(html)
    record = team.client.get(f"{url}/records/32").text
    assert "does not count" in words(record)
    assert "It is right." in words(team.client.get(f"{url}/records/20").text)
    assert HOSTILE not in record
    assert "{{7*7}}" in words(record)

    label(team, url, range(11, 31))
    html = ask(team, url)
    assert len(served.requests) == COUNT
    assert "Measured by 30 labels: it counts on the facts." in words(html)
    assert "The whole log" in words(html)
    record = team.client.get(f"{url}/records/32").text
    assert "counts on the facts where the rules cannot tell" in words(record)
    assert KEY not in html + record


def test_who_asks_twice_or_stops_what_is_over_comes_back_to_the_log(team: Team) -> None:
    url = read(team)
    assert team.send(f"{url}/judge/cancel").status_code == 303
    fragment = team.client.get(f"{url}/judge")
    assert (fragment.status_code, fragment.headers["hx-refresh"]) == (204, "true")
    assert team.send(f"{url}/judge").status_code == 303
    assert team.send(f"{url}/judge").status_code == 303
    assert team.send(f"{url}/judge/cancel").status_code == 303
    html = wait_while(team, url, "judge-progress")
    assert "Ask a language model" in html or "Weigh its opinions" in html


def test_a_form_without_its_token_asks_nobody(team: Team, served: Served) -> None:
    url = read(team)
    assert team.client.post(f"{url}/judge", data={}).status_code == 403
    assert served.requests == []


class TestWithoutAModel:
    """The same pages where no language model is set up."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data_dir=tmp_path)

    def test_the_page_says_how_to_name_one(self, team: Team) -> None:
        url = read(team)
        html = team.client.get(url).text
        assert "FORMFACT_JUDGE_URL" in html
        assert "ask-judge" not in html
        assert team.send(f"{url}/judge").status_code == 303
        assert "judge-progress" not in team.client.get(url).text
