"""Launching a training job from its page, and what was found in its data, over HTTP."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.testclient import TestClient

from app.settings import Settings
from app.storage import Database, TrainJob
from app.training.folders import folder_of
from app.web import create_app
from tests.app.failures import as_lines, diagnosed, new_log
from tests.team import Team
from trainer.contract import Finding, PreflightReport, ShownRow, ShownToken

HOSTILE = "<script>alert('x')</script> \u202egnp.exe\u202c {{7*7}}"
SCHEMA = {"type": "object", "required": ["topic"]}
ROW = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'


def records() -> list[dict[str, Any]]:
    """Records whose form is wrong, with what was right, and one that is sound."""
    made: list[dict[str, Any]] = [
        {
            "id": f"r{number}",
            "input": f"Ticket {number}: when do you open on day {number}?",
            "output": f"The topic of ticket {number} is hours.",
            "reference": json.dumps({"topic": "hours", "ticket": number}),
            "format_spec": {"type": "json_schema", "schema": SCHEMA},
            "metadata": {"customer_id": f"c{number % 4}"},
        }
        for number in range(14)
    ]
    sound = json.dumps({"topic": "hours"})
    made.append({"id": "ok", "input": "Opening hours?", "output": sound, "reference": sound,
                 "format_spec": {"type": "json_schema", "schema": SCHEMA}})  # fmt: skip
    return made


@dataclass
class Scene:
    team: Team
    case: str
    log: str
    settings: Settings

    @property
    def url(self) -> str:
        return f"/cases/{self.case}/training/new"

    def form(self, **wishes: str) -> str:
        answer = self.team.client.get(self.url, params=wishes)
        assert answer.status_code == 200, answer.text
        return answer.text

    def fields(self, text: str, **changes: Any) -> dict[str, Any]:
        """What a browser would send of a page's form, with some of it changed."""
        found = filled(text)
        found |= {name: value for name, value in changes.items() if value is not None}
        return {name: value for name, value in found.items() if value != []}

    def send(
        self, fields: dict[str, Any], files: dict[str, bytes] | None = None
    ) -> httpx2.Response:
        sent = {name: (f"{name}.jsonl", body, "text/plain") for name, body in (files or {}).items()}
        return self.team.client.post(
            self.url, data=fields, files=sent or {"none": ("", b"")}, follow_redirects=False
        )

    def job(self, location: str) -> TrainJob:
        found = re.search(r"/training/([a-z0-9]+)/preflight", location)
        assert found
        with Database(self.settings.url).reading() as session:
            return session.get_one(TrainJob, found[1])

    def found_in(self, job_id: str, report: PreflightReport) -> None:
        """The preflight of a job, as a worker writes it."""
        with Database(self.settings.url).writing() as session:
            job = session.get_one(TrainJob, job_id)
            job.preflight = report.model_dump(mode="json")


INPUT = re.compile(r"<input ([^>]*)>")
NAME, VALUE = re.compile(r'\bname="([^"]*)"'), re.compile(r'\bvalue="([^"]*)"')
AREA = re.compile(r'<textarea[^>]*\bname="([^"]*)"[^>]*>(.*?)</textarea>', re.S)
SELECT = re.compile(r'<select[^>]*\bname="([^"]*)"[^>]*>(.*?)</select>', re.S)
OPTION = re.compile(r'<option(?: value="([^"]*)")?( selected)?>(.*?)</option>')


def filled(text: str) -> dict[str, Any]:
    """The fields of the training form on a page as they stand."""
    form = text.split('id="training-form"')[1].split("</form>", maxsplit=1)[0]
    found: dict[str, Any] = {}
    for attributes in INPUT.findall(form):
        name, value = NAME.search(attributes), VALUE.search(attributes)
        kind = re.search(r'type="(\w+)"', attributes)
        if name is None or kind is None or kind[1] == "file":
            continue
        said = unescape(value[1]) if value else "on"
        if kind[1] not in ("checkbox", "radio"):
            found[name[1]] = said
        elif "checked" in attributes:
            found.setdefault(name[1], [])
            found[name[1]] = [*found[name[1]], said]
    found |= {name: unescape(body).removeprefix("\n") for name, body in AREA.findall(form)}
    for name, body in SELECT.findall(form):
        options = OPTION.findall(body)
        chosen = next((one for one in options if one[1]), options[0])
        found[name] = unescape(chosen[0] or chosen[2])
    return found


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    settings = Settings(
        data_dir=tmp_path_factory.mktemp("launch"), max_body_bytes=50_000, train_worker=False
    )
    with TestClient(
        create_app(settings), base_url="http://localhost", raise_server_exceptions=False
    ) as client:
        team = Team(client)
        case = team.new_case(f"Tickets {HOSTILE[:26]}")
        log = new_log(client, case, as_lines(records()), "tickets.jsonl")
        assert diagnosed(client, case, log)["state"] == "done"
        yield Scene(team, case, log, settings)


def test_the_form_is_filled_in_from_the_case(scene: Scene) -> None:
    found = filled(scene.form())
    assert found["log"] == [scene.log]
    assert found["score"] == ["json"]
    assert json.loads(found["json_schema"]) == SCHEMA
    assert (found["method"], found["p-rank"]) == (["sft"], "16")
    text = scene.form()
    assert 'href="/rulebook/sources/LWR"' in text
    assert "There is no recommendation yet" in text
    assert "No worker is running" in text
    assert "<script>alert" not in text


def test_a_launch_writes_the_rows_and_goes_on_to_what_was_found(scene: Scene) -> None:
    fields = scene.fields(scene.form(), reason="people asked for it", **{"p-rank": "8"})
    answer = scene.send(fields)
    assert answer.status_code == 303, answer.text
    job = scene.job(answer.headers["location"])
    assert (job.held, job.override_reason) == (True, "people asked for it")
    assert job.spec["params"] == {"rank": 8}
    assert job.spec["task"]["json_schema"] == SCHEMA
    assert job.extra["sources"]["rank"] == "typed"
    assert "LWR" in job.extra["sources"]["learning_rate"]
    folder = folder_of(scene.settings, job.id).root / "input"
    rows = [json.loads(line) for line in (folder / "train.jsonl").read_bytes().splitlines()]
    assert len(rows) == 14
    assert rows[0]["group"] == "c0"
    assert json.loads(rows[0]["reference"])["topic"] == "hours"
    kept = (folder / "regression.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["input"] for line in kept] == ["Opening hours?"]
    again = scene.send(fields)
    assert again.headers["location"] == answer.headers["location"]
    other = scene.send(fields | {"p-rank": "4"})
    assert other.status_code == 422
    assert "a job was launched with it already" in unescape(other.text)


def test_without_a_reason_the_advice_stands_in_the_way(scene: Scene) -> None:
    answer = scene.send(scene.fields(scene.form(), reason=" "))
    assert answer.status_code == 422
    assert 'id="e-reason"' in answer.text


def test_what_was_typed_and_sent_is_kept_on_errors(scene: Scene) -> None:
    fields = scene.fields(
        scene.form(), name=HOSTILE, reason="r", score="regex", pattern="(",
        **{"p-rank": "0", "p-learning_rate": "fast", "test_share": "2"},
    )  # fmt: skip
    answer = scene.send(fields | {"log": []}, {"train": ROW * 12})
    assert answer.status_code == 422
    text = answer.text
    assert HOSTILE[:8] not in text.replace("<script defer", "")
    for anchor in ("p-rank", "p-learning_rate", "pattern"):
        assert f'id="e-{anchor}"' in text
    found = filled(text)
    assert (found["name"], found["pattern"], found["p-rank"]) == (HOSTILE, "(", "0")
    assert len(found["kept-train"]) == 64
    found |= {"pattern": "(.*)", "p-rank": "8", "p-learning_rate": "0.001", "test_share": "0.3",
              "name": "mended"}  # fmt: skip
    answer = scene.send(found | {"log": []})
    assert answer.status_code == 303, answer.text
    job = scene.job(answer.headers["location"])
    assert (folder_of(scene.settings, job.id).root / "input/train.jsonl").read_bytes() == ROW * 12
    assert job.spec["params"] == {"rank": 8, "learning_rate": 0.001}


@pytest.mark.parametrize(
    ("change", "anchor"),
    [
        ({"log": [], "label": []}, "train"),
        ({"model": "other", "model_typed": ""}, "model"),
        ({"score": "choice", "choices": " \n"}, "choices"),
        ({"score": "json", "json_schema": "[1]"}, "json_schema"),
        ({"seed": "-1"}, "seed"),
        ({"most_items": "many"}, "most_items"),
        ({"name": "x" * 201}, "name"),
        ({"name": "a\x00b"}, "name"),
        ({"key": "../x"}, "key"),
    ],
)
def test_what_cannot_be_accepted_is_told_at_its_field(
    scene: Scene, change: dict[str, Any], anchor: str
) -> None:
    answer = scene.send(scene.fields(scene.form(), reason="r") | change)
    assert answer.status_code == 422, answer.text
    assert f'href="#{anchor if anchor != "key" else "training-form"}"' in answer.text


def test_another_method_shows_its_own_settings(scene: Scene) -> None:
    fields = scene.fields(scene.form(), method="classification_head", action="update")
    answer = scene.send(fields)
    assert answer.status_code == 200
    found = filled(answer.text)
    assert (found["method"], found["p-batch_size"]) == (["classification_head"], "32")
    assert "p-packing" not in found


def test_the_estimate_follows_what_is_typed(scene: Scene) -> None:
    fields = scene.fields(scene.form(), model="qwen2.5-0.5b-instruct", price="2.5")
    url = f"{scene.url}/estimate"
    answer = scene.team.client.get(url, params=fields)
    assert answer.status_code == 200, answer.text
    assert "GiB" in answer.text
    unknown = scene.team.client.get(
        url, params=fields | {"model": "other", "model_typed": "no/where"}
    )
    assert "is not known before it is fetched" in unknown.text


def test_a_file_that_is_empty_or_too_large_is_refused(scene: Scene) -> None:
    answer = scene.send(scene.fields(scene.form(), reason="r"), {"test": b""})
    assert answer.status_code in (303, 422)
    fields = scene.fields(scene.form(), reason="r")
    assert scene.team.client.post(
        scene.url, data=fields, headers={"content-length": str(600 << 20)}
    ).status_code in (400, 413)


# --- the preflight ----------------------------------------------------------------------------

FOUND = PreflightReport(
    findings=(
        Finding(check="duplicates", severity="warning", title="Rows that repeat", detail=HOSTILE,
                remedy="Take them out.", rows=(3, 9), count=20, sources=("AZ-data",)),
        Finding(check="too_few", severity="warning", title="Few rows", detail="14 rows.",
                remedy="Add some.", sources=("OAI-SFT", "gone")),
        Finding(check="lengths", severity="note", title="Lengths", detail="fine", remedy="none"),
    ),
    rows={"train": 14, "regression": 1},
    tokens={"train": 400, "trained": 120},
    lengths=((16, 3), (32, 9), (64, 2)),
    labels={HOSTILE: 10, "hours": 4},
    samples=(
        ShownRow(row=1, tokens=(ShownToken(text="user: ", trained=False),
                                ShownToken(text=HOSTILE, trained=True)), cut=2),
    ),
)  # fmt: skip


def launched(scene: Scene) -> str:
    answer = scene.send(scene.fields(scene.form(), reason="a reason"))
    assert answer.status_code == 303, answer.text
    return scene.job(answer.headers["location"]).id


def test_the_page_waits_then_shows_what_was_found(scene: Scene) -> None:
    job = launched(scene)
    url = f"/cases/{scene.case}/training/{job}/preflight"
    client = scene.team.client
    assert "The data is being checked" in client.get(url).text
    assert "training-checking" in client.get(f"{url}/findings").text
    scene.found_in(job, FOUND)
    assert client.get(f"{url}/findings").headers["hx-refresh"] == "true"
    text = client.get(url).text
    assert "2 warnings to read before it trains" in text
    assert "Rows 3, 9 and 18 more of train" in text
    assert 'href="/rulebook/sources/AZ-data"' in text
    assert "<script>alert" not in text
    assert "⟦" in text
    assert "row-lengths" in text


def test_training_starts_once_every_warning_is_ticked(scene: Scene) -> None:
    job = launched(scene)
    scene.found_in(job, FOUND)
    url = f"/cases/{scene.case}/training/{job}/preflight"
    refused = scene.team.send(f"{url}/start", accept=["duplicates"])
    assert refused.status_code == 409
    assert re.search(r'value="duplicates" checked', refused.text)
    started = scene.team.send(f"{url}/start", accept=["duplicates", "too_few"])
    assert started.status_code == 303
    with Database(scene.settings.url).reading() as session:
        assert session.get_one(TrainJob, job).state == "queued"
    assert "The job was started" in scene.team.client.get(url).text
    assert scene.team.send(f"{url}/start", accept=["duplicates", "too_few"]).status_code == 303


def test_blocked_data_says_what_to_mend_and_begins_again(scene: Scene) -> None:
    job = launched(scene)
    error = Finding(check="roles", severity="error", title="No answer", detail="d", remedy="mend")
    scene.found_in(job, PreflightReport(findings=(error,)))
    with Database(scene.settings.url).writing() as session:
        session.get_one(TrainJob, job).state = "failed"
    text = scene.team.client.get(f"/cases/{scene.case}/training/{job}/preflight").text
    assert "This data cannot be trained on yet" in text
    assert f"/training/new?from={job}" in text
    found = filled(scene.form(**{"from": job}))
    assert found["parent"] == job
    assert found["reason"] == ""
    answer = scene.send(found | {"reason": "again"})
    assert scene.job(answer.headers["location"]).parent_id == job


def test_a_job_of_another_case_is_not_shown(scene: Scene) -> None:
    job = launched(scene)
    other = scene.team.new_case("Another")
    assert scene.team.client.get(f"/cases/{other}/training/{job}/preflight").status_code == 404


def test_drafts_lie_in_the_data_folder_alone(scene: Scene) -> None:
    drafts = [path.name for path in Path(scene.settings.folder / "drafts").iterdir()]
    assert all(re.fullmatch(r"[0-9a-f]{64}", name) for name in drafts)
