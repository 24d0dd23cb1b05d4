"""One server with the tiny model, and OpenAI's own clients for it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from fastapi import FastAPI

from app.services import Services
from app.settings import Settings
from app.storage import TrainJob
from app.training.folders import folder_of
from app.training.steering import move
from app.web import create_app
from tests.app.conftest import serving
from tests.app.openai.published import check_response, check_response_async

ROOT = Path(__file__).resolve().parents[3]
ROW = b'{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}\n'


@dataclass(frozen=True)
class Place:
    """A running server."""

    address: str
    app: FastAPI
    models: Path

    @property
    def services(self) -> Services:
        found: Services = self.app.state.services
        return found

    @property
    def settings(self) -> Settings:
        return self.services.settings

    def client(self) -> openai.OpenAI:
        """OpenAI's client, all of whose answers are held against the published shapes."""
        http = httpx2.Client(event_hooks={"response": [check_response]}, timeout=60)
        return openai.OpenAI(
            base_url=f"{self.address}/v1", api_key="none", max_retries=0, http_client=http
        )

    def async_client(self) -> openai.AsyncOpenAI:
        http = httpx2.AsyncClient(event_hooks={"response": [check_response_async]}, timeout=60)
        return openai.AsyncOpenAI(
            base_url=f"{self.address}/v1", api_key="none", max_retries=0, http_client=http
        )

    def path(self, job_id: str, *states: str) -> None:
        """Have a job go through states, as its worker would."""
        with self.services.database.writing() as session:
            job = session.get_one(TrainJob, job_id.removeprefix("ftjob-"))
            for state in states:
                move(session, job, state)  # type: ignore[arg-type]

    def trained(self, job_id: str, adapter: str) -> None:
        """Have a job end well, with an adapter that lies there ready."""
        self.path(job_id, "queued", "running")
        self.trained_from_running(job_id, adapter)

    def trained_from_running(self, job_id: str, adapter: str) -> None:
        """The same for a job that runs."""
        self.path(job_id, "succeeded")
        folder_of(self.settings, job_id.removeprefix("ftjob-")).adapter.symlink_to(
            self.models / adapter
        )


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    models = tmp_path_factory.mktemp("models")
    command = [sys.executable, "-m", "tests.trainer.serving.tiny", str(models)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    listed = models / "models.yaml"
    listed.write_text(f"- {{id: small, title: Small, path: {models / 'base'}, hub: some/small}}\n")
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), train_worker=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FORMFACT_MODELS", str(listed))
        patch.setenv("OMP_NUM_THREADS", "1")
        app = create_app(settings)
        with serving(app) as address:
            yield Place(address, app, models)


@pytest.fixture(scope="session")
def api(place: Place) -> Iterator[openai.OpenAI]:
    with place.client() as found:
        yield found


@pytest.fixture(scope="session")
def web(place: Place) -> Iterator[httpx2.Client]:
    """A plain client, for what OpenAI's would never send."""
    with httpx2.Client(base_url=place.address, timeout=60) as found:
        yield found


@pytest.fixture(scope="session")
def training_file(api: openai.OpenAI) -> str:
    return api.files.create(file=("rows.jsonl", ROW * 12), purpose="fine-tune").id


NewJob = Callable[..., str]


@pytest.fixture(scope="session")
def new_job(api: openai.OpenAI, training_file: str) -> NewJob:
    """Makes a job; its id."""

    def make(**more: Any) -> str:
        return api.fine_tuning.jobs.create(model="small", training_file=training_file, **more).id

    return make


@pytest.fixture(scope="session")
def tuned(place: Place, api: openai.OpenAI, new_job: NewJob) -> dict[str, str]:
    """Names of tuned models by their adapter."""
    found = {}
    for adapter in ("one", "two"):
        job_id = new_job(suffix=f"polite {adapter}")
        place.trained(job_id, adapter)
        name = api.fine_tuning.jobs.retrieve(job_id).fine_tuned_model
        assert name
        found[adapter] = name
    return found
