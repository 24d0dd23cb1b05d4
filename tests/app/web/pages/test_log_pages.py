"""The pages of a failure log over HTTP: a real server, a real job, a log with everything in it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

import httpx2
import pytest

from tests.team import Team

HOSTILE = (
    "<script>alert('x')</script> \u202egnp.exe\u202c \x07 {{7*7}} <img src=x onerror=alert(1)>"
)
LONG = "the sea is wide and blue. " * 4_000
RECORDS = [
    {
        "id": f"r{number}",
        "input": f"How long is the warranty of the X{number}00?",
        "output": f"The warranty is {number} months.",
        "reference": f"{number} months" if number % 2 else "36 months",
        "context": [f"The X{number}00 comes with a warranty of 36 months.", "Keep it dry."],
        "metadata": {"timestamp": f"2026-02-{number:02}T10:00:00Z"},
    }
    for number in range(1, 9)
]
HARM = {
    "id": HOSTILE,
    "input": [
        {"role": "system", "content": "You are <b>helpful</b>."},
        {"role": "user", "content": HOSTILE},
    ],
    "output": HOSTILE,
    "reference": HOSTILE,
    "context": HOSTILE,
    "reviewer_note": HOSTILE,
    "format_spec": {"type": "json", "<b>": HOSTILE},
    "metadata": {HOSTILE: HOSTILE},
}
LINES = [
    *map(json.dumps, RECORDS),
    "{broken",
    json.dumps(HARM),
    json.dumps({"id": "long", "input": "Tell me of the sea", "output": LONG, "reference": "wide"}),
    json.dumps(RECORDS[0] | {"id": "again"}),
    json.dumps({"input": "no output"}),
]
SECONDS_TO_READ = 90


@dataclass
class Scene:
    """A team with a log that was read."""

    team: Team
    case: str
    log: str

    @property
    def url(self) -> str:
        """Where the log's pages begin."""
        return f"/cases/{self.case}/logs/{self.log}"

    def get(self, path: str = "", **params: str) -> str:
        """A page of the log as text."""
        answer = self.team.client.get(self.url + path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.text


def upload(team: Team, case: str, content: bytes, name: str = "log.jsonl") -> httpx2.Response:
    """Send a file with the form of the page."""
    url, data = f"/cases/{case}/logs", {"csrf_token": team.token()}
    files = {"file": (name, content, "application/octet-stream")}
    return team.client.post(url, data=data, files=files, follow_redirects=False)


def confirm(team: Team, url: str) -> httpx2.Response:
    """Confirm the columns as they were guessed."""
    page = team.client.get(url).text
    columns = re.findall(r'name="column" value="([^"]*)"', page)
    chosen = re.findall(r'<select[^>]*name="field".*?</select>', page, re.DOTALL)
    fields = [
        found[1] if (found := re.search(r'value="([^"]*)" selected', one)) else "" for one in chosen
    ]
    return team.send(url, column=list(map(unescape, columns)), field=fields)


@pytest.fixture(scope="module")
def scene(address: str) -> Iterator[Scene]:
    with httpx2.Client(base_url=address, timeout=60) as client:
        team = Team(client)
        case = team.new_case("Warranty assistant")
        team.answer(case, facts_wrong="false")
        answer = upload(team, case, "\n".join(LINES).encode())
        assert answer.status_code == 303, answer.text
        columns = answer.headers["location"]
        found = re.search(r"/logs/(\w+)/columns", columns)
        assert found
        assert confirm(team, columns).status_code == 303
        scene = Scene(team, case, found[1])
        deadline = time.monotonic() + SECONDS_TO_READ
        while "log-progress" in scene.get() and time.monotonic() < deadline:
            time.sleep(0.2)
        yield scene


def number_of(scene: Scene, words: str) -> int:
    """The number of the first record that holds some words."""
    found = re.search(rf"{scene.url}/records/(\d+)", scene.get("/records", q=words))
    assert found
    return int(found[1])


# --- the list and the upload ------------------------------------------------------------------


def test_a_case_without_a_log_explains_what_one_is(scene: Scene) -> None:
    case = scene.team.new_case("Fresh")
    page = scene.team.client.get(f"/cases/{case}/logs").text

    assert "A failure log is a file of outputs that went wrong" in page
    assert "reviewer_note" in page
    sample = re.search(r'<pre class="sample"[^>]*>(.*?)</pre>', page, re.DOTALL)
    assert sample
    assert {"input", "output"} <= set(json.loads(unescape(sample[1])))


def test_the_list_names_each_log_with_its_state_and_what_it_says(scene: Scene) -> None:
    page = scene.team.client.get(f"/cases/{scene.case}/logs").text

    assert "log.jsonl" in page
    assert "Read · added" in page


def test_a_form_without_a_file_says_so(scene: Scene) -> None:
    answer = scene.team.client.post(
        f"/cases/{scene.case}/logs", data={"csrf_token": scene.team.token()}
    )

    assert answer.status_code == 422
    assert "choose a file first" in answer.text


def test_a_file_needs_the_token(scene: Scene) -> None:
    files = {"file": ("log.jsonl", b"{}", "application/octet-stream")}
    answer = scene.team.client.post(f"/cases/{scene.case}/logs", files=files)

    assert answer.status_code == 403


def test_a_script_may_send_the_file_as_a_bare_body(scene: Scene) -> None:
    case = scene.team.new_case("Bare")
    headers = {"X-CSRF-Token": scene.team.token(), "Content-Type": "application/octet-stream"}
    answer = scene.team.client.post(
        f"/cases/{case}/logs?name=m%C3%A4rz.jsonl",
        content=json.dumps(RECORDS[0]).encode(),
        headers=headers,
        follow_redirects=True,
    )

    assert answer.status_code == 200
    assert "märz.jsonl" in answer.text
    assert "Which column is which?" in answer.text


def test_a_file_that_cannot_be_read_says_so_and_can_be_deleted(scene: Scene) -> None:
    case = scene.team.new_case("Unreadable")
    answer = upload(scene.team, case, b"PAR1 but not a table at all", "x.parquet")
    page = scene.team.client.get(answer.headers["location"])

    assert page.status_code == 422
    assert "This file cannot be read" in page.text
    gone = scene.team.send(answer.headers["location"].replace("/columns", "/delete"))
    assert gone.status_code == 303
    assert "x.parquet" not in scene.team.client.get(f"/cases/{case}/logs").text


# --- which column is which ----------------------------------------------------------------------


def test_columns_are_guessed_and_everything_wrong_is_named_at_once(scene: Scene) -> None:
    case = scene.team.new_case("Columns")
    table = "question,answer,team <b>\nHow?,So.,red\n"
    url = upload(scene.team, case, table.encode(), "log.csv").headers["location"]
    page = scene.team.client.get(url).text
    wrong = scene.team.send(
        url, column=["question", "answer", "team <b>"], field=["input", "input", "id"]
    )

    assert "How?" in page
    assert "team &lt;b&gt;" in page
    assert wrong.status_code == 422
    assert wrong.text.count("only one column can be the input") == 4  # in the list and at each
    assert "choose the column that holds the output" in wrong.text


def test_a_log_that_was_read_has_no_columns_to_confirm(scene: Scene) -> None:
    answer = scene.team.client.get(f"{scene.url}/columns", follow_redirects=False)

    assert answer.status_code == 303
    assert answer.headers["location"] == scene.url


# --- the overview -------------------------------------------------------------------------------


def test_the_overview_says_what_fails_and_what_was_left_out(scene: Scene) -> None:
    page = scene.get()

    assert re.search(r"<h1>(Of \d+ failing record|None of the)", page)
    assert "95% interval" in page
    assert "Is the log long enough?" in page
    assert "Over time" in page
    assert "1 record repeats an earlier one" in page
    assert "2 rows are no failure records" in page
    assert "not JSON" in page
    assert "What formfact cannot see" in page
    assert "What could be measured" in page


def test_each_class_leads_to_its_records(scene: Scene) -> None:
    links = re.findall(rf'href="({scene.url}/records\?class=\w+)"', scene.get())

    assert links
    for link in links:
        assert "records-found" in scene.team.client.get(unescape(link)).text


def test_rows_that_were_left_out_are_listed_with_their_lines(scene: Scene) -> None:
    page = scene.get("/skipped")

    assert re.search(r">9</th><td[^>]*>not JSON", page)
    assert "output: " in page


def test_progress_of_a_log_that_is_read_reloads_the_page(scene: Scene) -> None:
    answer = scene.team.client.get(f"{scene.url}/progress")

    assert answer.status_code == 204
    assert answer.headers["hx-refresh"] == "true"


def test_facts_can_be_written_again(scene: Scene) -> None:
    answer = scene.team.send(f"{scene.url}/facts")

    assert answer.status_code == 303
    assert "up to date with this log" in scene.team.client.get(answer.headers["location"]).text


def test_a_log_that_was_stopped_shows_what_was_read_and_goes_on(scene: Scene) -> None:
    case = scene.team.new_case("Paused")
    columns = upload(scene.team, case, "\n".join(LINES).encode()).headers["location"]
    confirm(scene.team, columns)
    url = columns.removesuffix("/columns")
    assert scene.team.send(f"{url}/cancel").status_code == 303
    stopped = scene.team.client.get(url).text
    again = scene.team.send(f"{url}/again")
    deadline = time.monotonic() + SECONDS_TO_READ
    while "log-progress" in scene.team.client.get(url).text and time.monotonic() < deadline:
        time.sleep(0.2)

    assert "Stopped before the end" in stopped
    assert "Go on reading" in stopped
    assert again.status_code == 303
    assert "What formfact cannot see" in scene.team.client.get(url).text
    assert "Stopped" not in scene.team.client.get(url).text.partition("<main")[2].partition("h1")[0]


def test_a_log_that_runs_can_be_watched(scene: Scene) -> None:
    case = scene.team.new_case("Watched")
    columns = upload(scene.team, case, "\n".join(LINES).encode()).headers["location"]
    confirm(scene.team, columns)
    url = columns.removesuffix("/columns")
    page, part = (scene.team.client.get(url + end).text for end in ("", "/progress"))
    scene.team.send(f"{url}/cancel")

    assert 'hx-trigger="every 1s"' in page
    assert "Reading the log" in page
    assert "<html" not in part
    assert ">Stop</button>" in part


# --- the table ----------------------------------------------------------------------------------


def test_records_are_found_by_words_and_the_address_says_all(scene: Scene) -> None:
    page = scene.get("/records", q="X300", sort="newest")

    assert "1 record found" in page
    assert "X300" in page
    assert re.search(r"/records/3\?q=X300&amp;sort=newest&amp;at=0", page)


def test_repeats_are_left_out_unless_asked_for(scene: Scene) -> None:
    assert "10 records" in scene.get("/records")
    with_repeats = scene.get("/records", repeats="yes")
    assert "11 records" in with_repeats
    assert "repeats 1" in with_repeats


def test_nothing_found_says_what_to_do(scene: Scene) -> None:
    assert "No record matches." in scene.get("/records", q="zebra")
    assert "The list ends before this page." in scene.get("/records", offset="500")


def test_filters_that_cannot_be_are_as_if_they_were_not_there(scene: Scene) -> None:
    page = scene.get(
        "/records", **{"class": "<script>", "strength": "x", "sort": "y", "offset": "z"}
    )

    assert "10 records" in page
    assert "<script>alert" not in page


def test_a_live_request_gets_the_list_alone(scene: Scene) -> None:
    answer = scene.team.client.get(f"{scene.url}/records", headers={"HX-Request": "true"})

    assert "<html" not in answer.text
    assert "10 records" in answer.text


# --- one record ---------------------------------------------------------------------------------


def test_a_record_shows_its_texts_its_reasons_and_what_was_not_measured(scene: Scene) -> None:
    page = scene.get("/records/2")

    for words in ("Output", "Reference", "Context 1", "Context 2", "Why", "Signals", "Metadata"):
        assert words in page
    assert "not measured" in page
    assert "Cannot see: " in page
    assert "/rulebook/facts/" in page


def test_neighbours_are_those_of_the_list_that_one_came_from(scene: Scene) -> None:
    page = scene.get("/records/3", sort="newest", at="5")
    beside = re.findall(rf'rel="(prev|next)"[^>]*href="{scene.url}/records/(\d+)\?', page)

    assert beside == [("prev", "4"), ("next", "2")]
    assert "6 of 10 in this list" in page


def test_a_record_read_by_itself_has_those_of_the_file(scene: Scene) -> None:
    page = scene.get("/records/3")

    assert re.findall(rf'rel="(prev|next)"[^>]*href="{scene.url}/records/(\d+)"', page) == [
        ("prev", "2"),
        ("next", "4"),
    ]


def test_a_long_text_is_shortened_and_can_be_seen_whole(scene: Scene) -> None:
    number = number_of(scene, "sea")
    short, whole = scene.get(f"/records/{number}"), scene.get(f"/records/{number}", all="yes")

    assert "more characters not shown" in short
    assert len(short) < 200_000
    assert "more characters not shown" not in whole
    assert whole.count("the sea is wide") >= 3_000


def test_hostile_text_stays_text_everywhere(scene: Scene) -> None:
    number = number_of(scene, "gnp")
    pages = ("", "/records", f"/records/{number}", "/labelling", f"/labelling?number={number}")
    for path in (*pages, "/skipped"):
        page = scene.team.client.get(scene.url + path).text
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "<b>" not in page
        assert "49 &lt;img" not in page
    page = scene.get(f"/records/{number}")
    assert '<bdi class="control" title="U+202E">' in page
    assert "\x07" not in page


def test_there_is_no_record_of_another_number(scene: Scene) -> None:
    for number in ("0", "99", "x", "9" * 30):
        assert scene.team.client.get(f"{scene.url}/records/{number}").status_code == 404


def test_a_log_belongs_to_its_case(scene: Scene) -> None:
    other = scene.team.new_case("Another")

    for path in ("", "/records", "/records/1", "/labelling", "/labelled.jsonl"):
        answer = scene.team.client.get(f"/cases/{other}/logs/{scene.log}{path}")
        assert answer.status_code == 404


# --- labels -------------------------------------------------------------------------------------


def test_labelling_asks_for_a_name_first_and_keeps_it(scene: Scene) -> None:
    with httpx2.Client(base_url=scene.team.client.base_url, timeout=30) as client:
        team = Team(client)
        assert "Start labelling" in client.get(f"{scene.url}/labelling").text
        assert team.send(f"{scene.url}/labelling", annotator="Zoë <b>").status_code == 303
        page = client.get(f"{scene.url}/labelling").text

    assert "Zoë &lt;b&gt;: 0 labelled" in page
    assert 'data-key="i"' in page


def test_a_label_counts_is_shown_and_can_be_taken_back(scene: Scene) -> None:
    url = f"{scene.url}/labelling"
    fields = {"annotator": "Ann", "number": "4", "label": "both", "subtype": "wrong_fact"}
    assert scene.team.send(url, **fields).status_code == 303
    labelled = scene.get("/records/4")
    undone = scene.team.send(f"{url}/undo", annotator="Ann")

    assert "Both information and behaviour fail" in labelled
    assert "<strong>Ann:</strong> Both, wrong fact" in labelled
    assert "number=4" in undone.headers["location"]
    assert "Nobody labelled it yet" in scene.get("/records/4")


def test_a_live_label_brings_the_next_record_and_says_so(scene: Scene) -> None:
    headers = {"HX-Request": "true", "X-CSRF-Token": scene.team.token()}
    data = {"annotator": "Ben", "number": "5", "label": "information"}
    answer = scene.team.client.post(f"{scene.url}/labelling", data=data, headers=headers)

    assert "<html" not in answer.text
    assert "Record 5 labelled: Information. Record " in answer.headers["hx-trigger"]
    assert "Ben: 1 labelled" in answer.text


def test_what_the_rules_think_is_folded_away(scene: Scene) -> None:
    scene.team.send(f"{scene.url}/labelling", annotator="Ann")
    page = scene.get("/labelling")
    fold = re.search(r'<details[^>]*data-key-toggle="m"[^>]*>', page)

    assert fold
    assert " open" not in fold[0]
    assert "<mark" not in page


def test_how_far_two_people_agree_is_said_in_words(scene: Scene) -> None:
    for number, one, other in (("6", "information", "information"), ("7", "both", "neither")):
        for name, label in (("Eva", one), ("Finn", other)):
            scene.team.send(f"{scene.url}/labelling", annotator=name, number=number, label=label)

    assert "Eva and Finn:" in scene.get()
    assert "agreement beyond chance" in scene.get()


def test_a_label_that_cannot_be_is_refused_with_the_reason(scene: Scene) -> None:
    token = {"csrf_token": scene.team.token(), "annotator": "", "label": "<b>", "subtype": "x"}
    for path in ("/records/1/label", "/labelling"):
        answer = scene.team.client.post(scene.url + path, data=token | {"number": "1"})
        assert answer.status_code == 422
        assert "Nothing was saved yet" in answer.text
        assert "<b>" not in answer.text


def test_a_record_can_be_labelled_on_its_own_page(scene: Scene) -> None:
    answer = scene.team.send(
        f"{scene.url}/records/8/label?sort=newest&at=0",
        annotator="Gus",
        label="neither",
        note="It is fine",
    )
    page = scene.team.client.get(answer.headers["location"].partition("#")[0]).text

    assert "at=0" in answer.headers["location"]
    assert "Labelled." in page
    assert "<strong>Gus:</strong> Neither: It is fine" in page


def test_labelled_records_are_downloaded_as_lines(scene: Scene) -> None:
    answer = scene.team.client.get(f"{scene.url}/labelled.jsonl")
    lines = [json.loads(line) for line in answer.text.splitlines()]

    assert "attachment" in answer.headers["content-disposition"]
    assert len(lines) == 11
    assert {"id", "label", "subtype", "confidence", "signals", "rules"} <= set(lines[0])


def test_those_that_people_labelled_can_be_downloaded_alone(scene: Scene) -> None:
    scene.team.send(f"{scene.url}/labelling", annotator="Hal", number="2", label="behavior")
    answer = scene.team.client.get(f"{scene.url}/labelled.jsonl", params={"by": "people"})
    lines = [json.loads(line) for line in answer.text.splitlines()]

    assert "r2" in {line["id"] for line in lines}
    assert all(line["human"] for line in lines)
    assert len(lines) < 11


@pytest.mark.parametrize(
    "path", ["/labelling", "/labelling/undo", "/records/1/label", "/columns", "/cancel", "/facts"]
)
def test_no_form_of_a_log_makes_the_server_fail(path: str, scene: Scene) -> None:
    names = ("annotator", "label", "subtype", "note", "number", "column", "field")
    for text in (HOSTILE, "a\x00b", "x" * 9_000, "9" * 30):
        data = {"csrf_token": scene.team.token(), **dict.fromkeys(names, text)}
        answer = scene.team.client.post(scene.url + path, data=data)
        assert answer.status_code < 500
        assert "<script>alert" not in answer.text
