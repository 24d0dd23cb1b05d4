"""What jobs of ``benchmarks.jobs`` train: hashes with a small trainer, or a model in earnest."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from app.settings import Settings
from app.storage import Database
from app.training.jobs import Launch, create_job
from tests.app.training.test_real_training import MODEL, ROWS
from tests.app.training.trying import ROOT, launch, runners_at_once, weights
from trainer.contract import Data, Evaluation, TrainSpec

LONG: dict[str, Any] = {"steps": 400, "seconds": 0.02, "every": 10}
TINY: dict[str, Any] = {"steps": 12, "seconds": 0.005, "every": 3}
EPOCHS, BATCH = 12, 4
"""Of the real training: some 150 steps of a model with 20,000 weights."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A job, the module of the worker that runs it, and what must come out of it."""

    worker: str
    job: Launch
    weights: str = ""
    """The hash of the weights after training that nobody disturbed."""
    watched: bool = False
    """Whether its trainer writes down when each of its processes began and ended."""

    def runners(self, settings: Settings, job_id: str) -> int:
        """The most processes that worked on a job at one time, where they are watched."""
        return runners_at_once(settings, job_id) if self.watched else 1


def hashed(params: dict[str, Any]) -> Trained:
    """A job of the small trainer, whose weights are a hash over every step."""
    module = "tests.app.training.worker_process"
    return Trained(module, launch(**params), weights(params["steps"]), watched=True)


def in_earnest(folder: Path, undisturbed: Callable[[Trained], str]) -> Trained:
    """A job of the real trainer; ``undisturbed`` runs one to its end and gives its hash."""
    base = folder / "base"
    texts = json.dumps([message["content"] for row in ROWS for message in row["messages"]])  # type: ignore[index]
    subprocess.run([sys.executable, "-c", MODEL, base, texts], check=True, cwd=ROOT)
    spec = TrainSpec(
        model=str(base),
        data=Data(train="rows"),
        params={
            "epochs": EPOCHS,
            "batch_size": BATCH,
            "micro_batch_size": BATCH,
            "checkpoint_steps": 2,
        },
        evaluation=Evaluation(most_items=4, max_new_tokens=8, forgetting=False),
        device="cpu",
        threads=1,
    )
    rows = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
    job = Launch(spec, {"train": rows}, accept_warnings=True)
    trained = Trained("app.training.worker", job)
    return replace(trained, weights=undisturbed(trained))


def create(database: Database, settings: Settings, trained: Trained) -> str:
    """Launch such a job; its id."""
    with database.writing() as session:
        return create_job(session, settings, trained.job).id
