"""The pages that watch training, over HTTP, with jobs of every state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from sqlalchemy import delete, update
from starlette.testclient import TestClient

from app import urls
from app.settings import Settings
from app.storage import Database, TrainJob, TrainWorker, utc_now
from app.training.events import relay
from app.training.presence import register
from app.urls import to
from app.web import create_app
from tests.app.training import scenes
from tests.app.training.scenes import put
from tests.team import Team
from trainer.contract import STATES, JobState


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings), base_url="http://localhost") as running:
        yield running


@pytest.fixture(scope="module")
def served(client: TestClient, settings: Settings) -> Iterator[Database]:
    """The database of the running server."""
    found = Database(settings.url)
    yield found
    found.close()


@pytest.fixture
def database(served: Database) -> Database:
    """The same without any job or worker."""
    with served.writing() as session:
        session.execute(update(TrainJob).values(deleted_at=utc_now()))
        session.execute(delete(TrainWorker))
    return served


@pytest.fixture(scope="module")
def team(client: TestClient) -> Team:
    return Team(client)


@pytest.fixture(scope="module")
def case(team: Team) -> str:
    return team.new_case("Ticket assistant")


def job_page(client: TestClient, job_id: str) -> str:
    answer = client.get(to(urls.TRAINING_ANY, job_id=job_id))
    assert answer.status_code == 200, answer.text
    return answer.text


def state_of(database: Database, job_id: str) -> TrainJob:
    with database.reading() as session:
        return session.get_one(TrainJob, job_id)


def send(team: Team, job_id: str, action: str, **fields: str) -> str:
    """Press a button; where it leads."""
    answer = team.send(to(urls.TRAINING_ACT, job_id=job_id, action=action), **fields)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def buttons(html: str) -> set[str]:
    return set(re.findall(r'action="/training/jobs/\w+/(\w+)"', html))


# --- one job ----------------------------------------------------------------------------------

OFFERED: dict[JobState, set[str]] = {
    "checking": {"cancel", "priority"},
    "queued": {"pause", "cancel", "priority"},
    "running": {"pause", "cancel"},
    "paused": {"resume", "cancel", "priority"},
    "failed": {"retry", "delete"},
    "cancelled": {"retry", "delete"},
    "succeeded": {"delete"},
    "succeeded_with_warnings": {"delete"},
}


@pytest.mark.parametrize("state", STATES)
def test_every_state_has_a_page_with_the_buttons_that_it_allows(
    state: JobState, client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    html = job_page(client, put(database, settings, state, case))

    assert buttons(html) == OFFERED[state]
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    assert "49" not in re.findall(r"gnp\.exe.{0,40}", html)
    assert "hf_abcdefghijklmnop" not in html
    assert ("data-live=" in html) == (state in ("checking", "queued", "running", "paused"))


def test_a_running_job_shows_progress_figures_curves_samples_and_log(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    html = job_page(client, put(database, settings, "running", case))

    assert "Step 40 of 100, about 60 seconds of training left." in html
    assert '<progress value="0.4000" max="1"' in html
    for title in ("Loss", "Learning rate", "Speed", "Memory", "Size of gradients"):
        assert f"<h3>{title}</h3>" in html
    assert "Validation loss" in html
    assert "Memory, predicted" in html
    assert "83.9 MB" in html
    assert "88.1 MB" in html
    assert html.count("At step ") == 4
    assert "loading" in html
    assert "Warning:" in html


def test_the_numbers_of_a_curve_are_in_its_table_too(
    client: TestClient, database: Database, settings: Settings
) -> None:
    html = job_page(client, put(database, settings, "running"))
    table = html.partition("As a table")[2].partition("</table>")[0]

    assert "Training</th>" in table
    assert "Validation</th>" in table
    assert re.search(r"<th scope=\"row\">40</th><td>[\d.]+</td><td>[\d.]+</td>", table)


def test_a_job_without_a_case_has_a_page_and_one_with_a_case_has_it_there(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    alone, mine = put(database, settings, "queued"), put(database, settings, "queued", case)
    answer = client.get(to(urls.TRAINING_ANY, job_id=mine), follow_redirects=False)

    assert job_page(client, alone)
    assert answer.headers["location"] == f"/cases/{case}/training/{mine}"


def test_a_job_of_another_case_is_not_shown_as_one_of_this_case(
    client: TestClient, team: Team, database: Database, settings: Settings, case: str
) -> None:
    job_id = put(database, settings, "queued", team.new_case("Another"))
    answer = client.get(to(urls.TRAINING_JOB, case_id=case, job_id=job_id))

    assert answer.status_code == 404


def test_a_waiting_job_says_its_place_and_that_no_worker_is_there(
    client: TestClient, database: Database, settings: Settings
) -> None:
    put(database, settings, "queued")
    second = put(database, settings, "queued")

    assert "Number 2 in the queue." in job_page(client, second)
    assert "No worker is running: start one with <code>formfact worker</code>" in job_page(
        client, second
    )
    with database.writing() as session:
        register(session, "w1", 1)
    assert "1 worker is running" in job_page(client, second)


def test_a_finished_job_has_its_verdict_parity_downloads_and_commands(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    html = job_page(client, put(database, settings, "succeeded_with_warnings", case))

    assert "<h1>Training helped</h1>" in html
    assert "+35.0 points (+22.0 to +46.0)" in html
    assert "do not answer alike" in html
    assert "prompt 3, position 4" in html
    assert "vllm serve models/tiny" in html
    for name in ("adapter", "card", "log"):
        link = re.search(rf'href="(/api/v1/training-jobs/\w+/files/{name})"', html)
        assert link
        assert client.get(link[1]).status_code == 200
    assert ">Merged weights</a>" not in html


def test_more_perplexity_is_drawn_as_no_share_and_said_to_be_worse(
    client: TestClient, database: Database, settings: Settings
) -> None:
    html = job_page(client, put(database, settings, "succeeded"))
    row = html.partition("Perplexity on general text")[2].partition("</tr>")[0]

    assert "worse by more than chance" in row
    assert "+0.80 (+0.20 to +1.40)" in row


def test_a_failed_job_says_why_what_to_do_and_the_end_of_its_log(
    client: TestClient, database: Database, settings: Settings
) -> None:
    html = job_page(client, put(database, settings, "failed"))

    assert "<h1>The memory ran out</h1>" in html
    assert "What to do." in html
    assert "Traceback" in html


# --- steering ---------------------------------------------------------------------------------


def test_buttons_steer_the_job(
    team: Team, client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    job_id = put(database, settings, "queued", case)
    assert send(team, job_id, "priority", by="up").startswith(f"/cases/{case}/training/{job_id}")
    assert state_of(database, job_id).priority == 1
    send(team, job_id, "pause")
    assert state_of(database, job_id).state == "paused"
    send(team, job_id, "resume")
    assert state_of(database, job_id).state == "queued"
    send(team, job_id, "cancel")
    assert state_of(database, job_id).state == "cancelled"
    send(team, job_id, "retry", reason="Cancelled by mistake")
    assert state_of(database, job_id).state == "queued"
    assert "Cancelled by mistake" in job_page(client, job_id)


def test_a_checked_job_without_a_case_is_started_once_its_warnings_are_accepted(
    team: Team, client: TestClient, database: Database, settings: Settings
) -> None:
    found = {"check": "cut", "severity": "warning", "title": scenes.HOSTILE, "detail": "Rows 1, 2.",
             "remedy": "Shorten them."}  # fmt: skip
    job_id = put(database, settings, "checking", preflight={"findings": [found]})
    html = job_page(client, job_id)
    assert "Start the job" in html
    assert "Shorten them." in html
    assert "<script>alert" not in html
    send(team, job_id, "start")
    assert state_of(database, job_id).state == "checking"
    send(team, job_id, "start", accept="yes")
    assert state_of(database, job_id).state == "queued"


def test_what_a_run_says_of_its_case_is_announced_while_it_is_being_written(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    fresh = put(database, settings, "succeeded", case, finished_at=utc_now())
    old = put(database, settings, "succeeded", case)

    assert "data-soon" in job_page(client, fresh)
    assert "data-soon" not in job_page(client, old)


def test_a_running_job_is_asked_to_stop_and_says_so(
    team: Team, client: TestClient, database: Database, settings: Settings
) -> None:
    job_id = put(database, settings, "running")
    send(team, job_id, "pause")

    assert "Pausing after this step" in job_page(client, job_id)
    assert buttons(job_page(client, job_id)) == {"resume", "cancel"}


def test_trying_again_needs_a_reason(
    team: Team, client: TestClient, database: Database, settings: Settings
) -> None:
    job_id = put(database, settings, "failed")
    answer = team.send(to(urls.TRAINING_ACT, job_id=job_id, action="retry"), reason="  ")

    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert state_of(database, job_id).state == "failed"


def test_a_button_that_comes_too_late_leads_to_the_job_as_it_is(
    team: Team, client: TestClient, database: Database, settings: Settings
) -> None:
    job_id = put(database, settings, "succeeded")
    location = send(team, job_id, "pause")

    assert "this is how it stands" in client.get(location).text


def test_nothing_else_can_be_done_with_a_job(
    team: Team, database: Database, settings: Settings
) -> None:
    job_id = put(database, settings, "queued")
    answer = team.send(to(urls.TRAINING_ACT, job_id=job_id, action="explode"))

    assert answer.status_code == 404


def test_a_deleted_job_is_gone(
    team: Team, client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    job_id = put(database, settings, "succeeded", case)
    location = send(team, job_id, "delete")

    assert "The job was deleted." in client.get(location).text
    assert client.get(to(urls.TRAINING_ANY, job_id=job_id)).status_code == 404


# --- the queue --------------------------------------------------------------------------------


def places(html: str) -> list[str]:
    return re.findall(r'<li id="job-(\w+)"', html)


def test_the_queue_shows_what_runs_what_waits_and_who_works(
    client: TestClient, database: Database, settings: Settings
) -> None:
    put(database, settings, "running", name="Runs")
    put(database, settings, "paused", name="Rests")
    first, second = (put(database, settings, "queued", name=name) for name in "AB")
    html = client.get(urls.TRAINING_QUEUE).text

    assert places(html) == [first, second]
    assert "No worker is running" in html
    assert "step 40 of 100" in html
    assert "Waiting for somebody (1)" in html
    with database.writing() as session:
        register(session, "w1", 2)
    html = client.get(urls.TRAINING_QUEUE).text
    assert "No worker is running" not in html
    assert "alive, 2 slots" in html


@pytest.mark.parametrize(
    ("moved", "where", "order"),
    [("c", "first", "cab"), ("c", "up", "acb"), ("a", "down", "bac"), ("a", "last", "bca")],
)
def test_jobs_are_moved_in_the_queue(
    moved: str, where: str, order: str, team: Team, client: TestClient, database: Database,
    settings: Settings,
) -> None:  # fmt: skip
    ids = {name: put(database, settings, "queued", name=name) for name in "abc"}
    location = send(team, ids[moved], "place", to=where, back="queue")

    assert location == f"/training#job-{ids[moved]}"
    assert places(client.get(urls.TRAINING_QUEUE).text) == [ids[name] for name in order]


def test_a_dragged_job_lands_before_another_one_and_the_answer_is_the_queue(
    team: Team, client: TestClient, database: Database, settings: Settings
) -> None:
    ids = [put(database, settings, "queued", name=name) for name in "abc"]
    answer = client.post(
        to(urls.TRAINING_ACT, job_id=ids[2], action="place"),
        data={"csrf_token": team.token(), "before": ids[1]},
        headers={"hx-request": "true"},
    )

    assert places(answer.text) == [ids[0], ids[2], ids[1]]
    assert json.loads(answer.headers["hx-trigger"]) == {"formfact:say": "c is now number 2 of 3."}


# --- history and comparison -------------------------------------------------------------------


def test_a_case_without_jobs_says_how_one_comes_to_the_first(
    client: TestClient, database: Database, case: str
) -> None:
    html = client.get(to(urls.TRAINING_JOBS, case_id=case)).text

    assert "Launch a job" in html
    assert "How it goes" in html


def test_the_history_is_filtered_by_state_and_method(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    put(database, settings, "failed", case, name="Broken")
    put(database, settings, "succeeded", case, name="Good")
    put(database, settings, "succeeded", name="Elsewhere")

    def found(**query: str) -> list[str]:
        html = client.get(to(urls.TRAINING_JOBS, query, case_id=case)).text
        return [name for name in ("Broken", "Good", "Elsewhere") if f">{name}</a>" in html]

    assert found() == ["Broken", "Good"]
    assert found(state="failed") == ["Broken"]
    assert found(state="nonsense") == ["Broken", "Good"]
    assert found(method="classification_head") == []


def test_the_history_of_all_has_jobs_of_every_case_and_of_none(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    assert "There is none yet." in client.get(urls.TRAINING_HISTORY).text
    put(database, settings, "failed", case, name="Broken")
    put(database, settings, "succeeded", name="Elsewhere")

    def found(**query: str) -> list[str]:
        html = client.get(urls.TRAINING_HISTORY, params=query).text
        return [name for name in ("Broken", "Elsewhere") if f">{name}</a>" in html]

    assert found() == ["Broken", "Elsewhere"]
    assert found(q="where") == ["Elsewhere"]
    assert found(state="failed") == ["Broken"]
    assert "No job is like that." in client.get(urls.TRAINING_HISTORY, params={"q": "zz"}).text
    link = to(urls.TRAINING_JOBS, case_id=case)
    assert f'<a href="{link}">Ticket assistant</a>' in client.get(urls.TRAINING_HISTORY).text


def test_any_two_runs_are_compared(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    first = put(database, settings, "succeeded", case, params={"rank": 8})
    second = put(database, settings, "succeeded", params={"rank": 32})
    html = client.get(urls.TRAINING_COMPARE_ANY, params={"run": [first, second]}).text
    assert "params: rank" in html.partition("Settings that differ")[2].partition("</table>")[0]
    one = client.get(urls.TRAINING_COMPARE_ANY, params={"run": [first]})
    assert one.url.path == urls.TRAINING_HISTORY
    assert "Pick two runs to compare." in one.text


def test_two_runs_are_compared(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    first = put(database, settings, "succeeded", case, params={"rank": 8, "epochs": 2})
    second = put(
        database, settings, "succeeded", case, params={"rank": 32, "epochs": 2, "dropout": 0.1}
    )
    link = to(urls.TRAINING_COMPARE, case_id=case)
    html = client.get(link, params={"run": [first, second]}).text
    differing = html.partition("Settings that differ")[2].partition("</table>")[0]

    assert "params: rank" in differing
    assert "params: epochs" not in differing
    assert "the default" in differing
    assert "Both trained to the very same weights." in html
    assert "Training loss" in html
    assert html.count("On 80 held-out items") == 2


@pytest.mark.parametrize("count", [0, 1, 3])
def test_other_than_two_runs_are_not_compared(
    count: int, client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    ids = [put(database, settings, "queued", case) for _ in range(count)]
    html = client.get(to(urls.TRAINING_COMPARE, case_id=case), params={"run": ids}).text

    assert "Pick two runs to compare." in html


def test_runs_of_another_case_are_not_compared(
    client: TestClient, database: Database, settings: Settings, case: str
) -> None:
    ids = [put(database, settings, "queued") for _ in range(2)]
    answer = client.get(to(urls.TRAINING_COMPARE, case_id=case), params={"run": ids})

    assert answer.status_code == 404


# --- live -------------------------------------------------------------------------------------


def test_what_is_live_names_the_last_event_to_go_on_after(
    client: TestClient, database: Database, settings: Settings
) -> None:
    job_id = put(database, settings, "running")
    link = to(urls.TRAINING_LIVE, job_id=job_id)
    before = re.search(r'data-last="(\d+)"', client.get(link).text)
    with database.writing() as session:
        job = session.get_one(TrainJob, job_id)
        relay(session, job, list(scenes.events(41, 100)))
    after = re.search(r'data-last="(\d+)"', client.get(link).text)

    assert before
    assert after
    assert int(after[1]) > int(before[1])
    assert "Step 41 of 100" in client.get(link).text


def test_without_jobs_and_workers_the_queue_says_so(client: TestClient, database: Database) -> None:
    html = client.get(urls.TRAINING_QUEUE).text

    assert "Nothing runs." in html
    assert "None was there within a day." in html
