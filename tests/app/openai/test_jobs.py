from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from math import exp
from typing import Any

import httpx2
import openai
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.storage import TrainEvent, TrainJob
from app.training.events import relay
from app.training.folders import folder_of
from tests.app.openai.conftest import NewJob, Place
from tests.trainer.serving.tiny import LABELS
from trainer.contract import Event


def spec_of(place: Place, job_id: str) -> dict[str, Any]:
    with place.services.database.reading() as session:
        return session.get_one(TrainJob, job_id.removeprefix("ftjob-")).spec


def supervised(**hyperparameters: Any) -> dict[str, Any]:
    return {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}}


def test_a_job_is_created_as_at_openai(
    api: openai.OpenAI, place: Place, training_file: str
) -> None:
    job = api.fine_tuning.jobs.create(
        model="some/small",
        training_file=training_file,
        validation_file=training_file,
        suffix="Polite answers",
        seed=11,
        metadata={"team": "help"},
        method=supervised(n_epochs=2, batch_size="auto", learning_rate_multiplier=0.5),  # type: ignore[arg-type]
    )

    assert job.id.startswith("ftjob-")
    assert (job.status, job.model, job.seed) == ("validating_files", "small", 11)
    assert (job.training_file, job.validation_file) == (training_file, training_file)
    assert job.metadata == {"team": "help"}
    assert job.hyperparameters.n_epochs == 2
    assert job.hyperparameters.batch_size == "auto"
    assert api.fine_tuning.jobs.retrieve(job.id) == job

    spec = spec_of(place, job.id)
    assert (spec["method"], spec["seed"], spec["name"]) == ("sft", 11, "Polite answers")
    assert spec["params"] == {"epochs": 2, "learning_rate": pytest.approx(1e-4)}
    folder = folder_of(place.settings, job.id.removeprefix("ftjob-"))
    assert (folder.root / spec["data"]["validation"]).exists()


def test_what_a_job_lacks_or_cannot_have_is_said_with_its_parameter(
    api: openai.OpenAI, training_file: str
) -> None:
    other = api.files.create(file=("x", b"x"), purpose="batch").id
    good = {"model": "small", "training_file": training_file}
    wrong: list[tuple[dict[str, Any], str, str]] = [
        ({"training_file": "file-aaaaaaaaaaaaaaaa"}, "training_file", "file_not_found"),
        ({"training_file": other}, "training_file", "invalid_file_purpose"),
        ({"method": {"type": "dpo"}}, "method.type", "unsupported_method"),
        ({"method": {"type": "reinforcement"}}, "method.type", "unsupported_method"),
        ({"method": {"type": "magic"}}, "method.type", "invalid_value"),
        ({"method": supervised(n_epochs=0)}, "n_epochs", "invalid_value"),
        ({"method": supervised(n_epochs=True)}, "n_epochs", "invalid_value"),
        ({"method": supervised(rank="high")}, "rank", "invalid_value"),
        ({"method": supervised(banana=1)}, "banana", "invalid_value"),
        ({"method": {"type": "supervised", "other": {}}}, "method", "invalid_value"),
        ({"suffix": "x" * 65}, "suffix", "invalid_value"),
        ({"seed": -1}, "seed", "invalid_value"),
        ({"metadata": {"k": "v" * 513}}, "metadata.k", "invalid_value"),
        ({"integrations": [{"type": "wandb"}]}, "integrations", "unsupported_parameter"),
        ({"extra_body": {"colour": "blue"}}, "colour", "unknown_parameter"),
        ({"model": "ft:small:formfact::abc"}, "model", "unsupported_model"),
    ]
    for change, param, code in wrong:
        with pytest.raises(openai.BadRequestError) as refused:
            api.fine_tuning.jobs.create(**{**good, **change})
        assert refused.value.code == code, change
        assert str(refused.value.param).endswith(param), change


def test_a_method_of_our_own_goes_by_its_own_name(
    api: openai.OpenAI, place: Place, training_file: str
) -> None:
    method: Any = {
        "type": "classification_head",
        "classification_head": {"hyperparameters": {"n_epochs": 3, "rank": 8}},
    }
    job = api.fine_tuning.jobs.create(model="small", training_file=training_file, method=method)

    assert spec_of(place, job.id)["method"] == "classification_head"
    assert spec_of(place, job.id)["params"] == {"epochs": 3, "rank": 8}
    assert job.method
    assert job.method.to_dict()["type"] == "classification_head"

    place.trained(job.id, "head")
    name = api.fine_tuning.jobs.retrieve(job.id).fine_tuned_model
    assert name
    said = api.chat.completions.create(
        model=name,
        messages=[{"role": "user", "content": "Where is it?"}],
        logprobs=True,
        top_logprobs=3,
    )
    assert said.choices[0].message.content in LABELS
    assert said.choices[0].logprobs
    assert said.choices[0].logprobs.content
    shares = [exp(item.logprob) for item in said.choices[0].logprobs.content[0].top_logprobs]
    assert sum(shares) == pytest.approx(1, abs=1e-3)


def test_the_same_key_gives_the_same_job(api: openai.OpenAI, training_file: str) -> None:
    def create(model: str) -> str:
        return api.fine_tuning.jobs.create(
            model=model, training_file=training_file, extra_headers={"Idempotency-Key": "key-1"}
        ).id

    assert create("small") == create("small")
    with pytest.raises(openai.BadRequestError):
        create("qwen3-0.6b")


@pytest.fixture(scope="module")
def listed(new_job: NewJob) -> list[str]:
    return [new_job(metadata={"series": "pages"}) for _ in range(5)][::-1]


@settings(max_examples=12)
@given(limit=st.integers(1, 7))
def test_pages_hold_every_job_once_newest_first(
    api: openai.OpenAI, listed: list[str], limit: int
) -> None:
    found = api.fine_tuning.jobs.list(limit=limit, metadata={"series": "pages"})
    assert [job.id for job in found] == listed


def test_a_job_is_paused_resumed_and_cancelled(
    api: openai.OpenAI, place: Place, new_job: NewJob
) -> None:
    jobs, job_id = api.fine_tuning.jobs, new_job()
    with pytest.raises(openai.BadRequestError) as refused:
        jobs.pause(job_id)
    assert refused.value.code == "invalid_state"

    place.path(job_id, "queued")
    assert jobs.retrieve(job_id).status == "queued"
    assert jobs.pause(job_id).status == "paused"  # type: ignore[comparison-overlap]
    assert jobs.resume(job_id).status == "queued"
    assert jobs.cancel(job_id).status == "cancelled"
    assert jobs.retrieve(job_id).finished_at
    assert jobs.cancel(job_id).status == "cancelled"
    with pytest.raises(openai.NotFoundError):
        jobs.retrieve("ftjob-aaaaaaaaaaaaaaaa")


def test_a_failed_job_says_why(api: openai.OpenAI, place: Place, new_job: NewJob) -> None:
    job_id = new_job()
    place.path(job_id, "failed")
    with place.services.database.writing() as session:
        job = session.get_one(TrainJob, job_id.removeprefix("ftjob-"))
        job.failure = {"code": "bad_data", "words": "Row 3 has no messages.", "tail": ""}

    failed = api.fine_tuning.jobs.retrieve(job_id)

    assert failed.error
    assert (failed.error.code, failed.error.param) == ("bad_data", "training_file")
    assert failed.error.message == "Row 3 has no messages."
    assert failed.fine_tuned_model is None


@pytest.fixture(scope="module")
def told(place: Place, new_job: NewJob) -> str:
    """A job that trained, with what it told on the way; its id."""
    job_id = new_job(suffix="told")
    place.path(job_id, "queued", "running")
    at = datetime.now(UTC)
    figures = {"learning_rate": 0.1, "total_steps": 6}
    events = [
        Event(key=f"m:{n}", kind="metric", at=at, step=n, data={"loss": 3.0 / n, **figures})
        for n in range(1, 7)
    ]
    for step in (3, 6):
        events += [
            Event(key=f"v:{step}", kind="validation", at=at, step=step, data={"loss": 1.5}),
            Event(key=f"c:{step}", kind="checkpoint", at=at, step=step, data={}),
        ]
    events.append(Event(key="w", kind="warning", at=at, data={"text": "Little data."}))
    bare = job_id.removeprefix("ftjob-")
    with place.services.database.writing() as session:
        job = session.get_one(TrainJob, bare)
        relay(session, job, events)
        job.report = {"training": {"tokens": 1234}}
    for step in (3, 6):
        checkpoint = folder_of(place.settings, bare).checkpoints / f"checkpoint-{step}"
        checkpoint.mkdir(parents=True)
        for file in (place.models / "one").iterdir():
            (checkpoint / file.name).write_bytes(file.read_bytes())
        (checkpoint / "complete.json").write_text("{}")
    place.trained_from_running(job_id, "two")
    return job_id


def test_events_come_newest_first_and_in_pages(api: openai.OpenAI, place: Place, told: str) -> None:
    whole = list(api.fine_tuning.jobs.list_events(told, limit=100))
    paged = list(api.fine_tuning.jobs.list_events(told, limit=3))

    assert [event.id for event in paged] == [event.id for event in whole]
    assert whole[0].message == "The job has succeeded"
    [first] = [event for event in whole if event.message.startswith("Step 1/6: training")]
    assert first.type == "metrics"
    assert first.data == {"step": 1, "train_loss": 3.0, "learning_rate": 0.1, "total_steps": 6}
    assert [event.level for event in whole].count("warn") == 1
    with place.services.database.reading() as session:
        count = session.query(TrainEvent).filter_by(job_id=told.removeprefix("ftjob-")).count()
    assert len(whole) == count


def test_checkpoints_are_those_that_are_kept(api: openai.OpenAI, told: str) -> None:
    found = list(api.fine_tuning.jobs.checkpoints.list(told, limit=1))

    assert [item.step_number for item in found] == [6, 3]
    assert found[0].metrics.train_loss == 0.5
    assert found[0].metrics.valid_loss == 1.5
    said = api.chat.completions.create(
        model=found[0].fine_tuned_model_checkpoint,
        messages=[{"role": "user", "content": "Blue?"}],
        max_tokens=2,
    )
    assert said.model == found[0].fine_tuned_model_checkpoint


def test_the_figures_of_a_job_are_a_file(api: openai.OpenAI, told: str) -> None:
    job = api.fine_tuning.jobs.retrieve(told)
    [name] = job.result_files
    file = api.files.retrieve(name)
    content = api.files.content(name).read()

    rows = list(csv.DictReader(io.StringIO(content.decode())))
    assert [row["step"] for row in rows] == list("123456")
    assert rows[2]["valid_loss"] == "1.5"
    assert file.purpose == "fine-tune-results"
    assert file.bytes == len(content)
    assert job.trained_tokens == 1234


def test_a_tuned_model_is_listed_until_it_is_deleted(
    api: openai.OpenAI, place: Place, new_job: NewJob
) -> None:
    job_id = new_job(suffix="short lived")
    place.trained(job_id, "one")
    name = api.fine_tuning.jobs.retrieve(job_id).fine_tuned_model
    assert name == f"ft:small:formfact:short-lived:{job_id.removeprefix('ftjob-')}"
    assert name in [model.id for model in api.models.list()]
    assert api.models.retrieve(name).owned_by == "formfact"

    assert api.models.delete(name).deleted
    assert name not in [model.id for model in api.models.list()]
    for gone in (api.models.retrieve, api.models.delete):
        with pytest.raises(openai.NotFoundError):
            gone(name)
    with pytest.raises(openai.PermissionDeniedError):
        api.models.delete("small")
    assert api.models.retrieve("some/small").id == "small"


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/nothing", 404, "not_found"),
        ("GET", "/v1", 404, "not_found"),
        ("PUT", "/v1/fine_tuning/jobs", 405, "http"),
        ("POST", "/v1/fine_tuning/jobs", 400, "missing_required_parameter"),
        ("GET", "/v1/fine_tuning/jobs?limit=0", 400, "invalid_value"),
        ("GET", "/v1/fine_tuning/jobs?limit=x", 400, "invalid_value"),
        ("GET", "/v1/fine_tuning/jobs?after=x", 404, "job_not_found"),
        ("GET", "/v1/fine_tuning/jobs/ftjob-x/events", 404, "job_not_found"),
    ],
)
def test_errors_have_openai_s_shape(
    web: httpx2.Client, method: str, path: str, status: int, code: str
) -> None:
    answer = web.request(method, path, json={} if method in ("PUT", "POST") else None)

    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
    assert answer.json()["error"]["code"] == code
    if status == 405:
        assert answer.headers["allow"] == "GET, POST"


def test_a_body_that_is_no_json_is_refused_in_openai_s_shape(web: httpx2.Client) -> None:
    kind = {"content-type": "application/json"}
    answer = web.post("/v1/fine_tuning/jobs", content=b'{"model": NaN', headers=kind)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_json")
    answer = web.post("/v1/fine_tuning/jobs", content=b"x", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (415, "media_type")


def test_a_page_of_another_site_may_not_create_jobs(web: httpx2.Client) -> None:
    answer = web.post("/v1/fine_tuning/jobs", json={}, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
