"""The whole way of somebody who moves over: upload, train for real, ask what was trained."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.background import environment_of
from app.settings import Settings
from app.web import create_app
from tests.app.conftest import serving
from tests.app.openai.conftest import Place

SECONDS = 400.0
COLOURS = ("red", "blue", "green", "black", "white", "pink")
ROWS = b"".join(
    json.dumps(
        {
            "messages": [
                {"role": "user", "content": f"Which colour has {thing} {number}?"},
                {"role": "assistant", "content": f"It is {COLOURS[(number + place) % 6]}."},
            ]
        }
    ).encode()
    + b"\n"
    for number in range(6)
    for place, thing in enumerate(("the sky", "my car", "that hat", "a cup"))
)


@contextmanager
def working(settings: Settings) -> Iterator[None]:
    """A worker in a process of its own."""
    environment = {**os.environ, **environment_of(settings)}
    command = [sys.executable, "-m", "app.training.worker"]
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE) as process:
        yield
        process.terminate()


def test_a_model_is_trained_and_asked_with_openai_s_client(place: Place, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", train_worker=False)
    app = create_app(settings)
    with serving(app) as address, Place(address, app, place.models).client() as api:
        file = api.files.create(file=("rows.jsonl", ROWS), purpose="fine-tune")
        method: Any = {
            "type": "supervised",
            "supervised": {"hyperparameters": {"n_epochs": 1, "batch_size": 8, "max_length": 64}},
        }
        job = api.fine_tuning.jobs.create(
            model="small", training_file=file.id, suffix="colours", method=method, seed=5
        )
        with working(settings):
            deadline = time.monotonic() + SECONDS
            while job.status not in ("succeeded", "failed") and time.monotonic() < deadline:
                time.sleep(0.5)
                job = api.fine_tuning.jobs.retrieve(job.id)

        events = list(api.fine_tuning.jobs.list_events(job.id, limit=50))
        assert job.status == "succeeded", (job.error, [event.message for event in events])
        assert job.fine_tuned_model
        assert job.trained_tokens
        assert [event for event in events if event.type == "metrics"]
        assert list(api.fine_tuning.jobs.checkpoints.list(job.id))
        assert api.files.content(job.result_files[0]).read().startswith(b"step,train_loss")
        said = api.chat.completions.create(
            model=job.fine_tuned_model,
            messages=[{"role": "user", "content": "Which colour has the sky 3?"}],
            max_tokens=4,
        )
        assert said.model == job.fine_tuned_model
        assert said.choices[0].finish_reason in ("stop", "length")
