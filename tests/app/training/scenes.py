"""Training jobs in every state, written straight into the database, for tests of the pages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from app.settings import Settings
from app.storage import Database, TrainJob, utc_now
from app.training import jobs
from app.training.events import relay
from app.training.folders import folder_of
from app.training.jobs import Launch
from trainer.contract import Data, Event, JobState, TrainSpec, write_whole

HOSTILE = "<script>alert('x')</script> \u202egnp.exe\u202c {{7*7}} <img src=x onerror=alert(1)>"
LONG = "averyveryverylongword" * 30
STAGES = ("prepare", "dry_run", "train", "evaluate", "export", "parity")
WAYS: dict[JobState, tuple[JobState, ...]] = {
    "checking": (),
    "queued": ("queued",),
    "running": ("queued", "running"),
    "paused": ("queued", "running", "paused"),
    "failed": ("queued", "running", "failed"),
    "cancelled": ("queued", "running", "cancelled"),
    "succeeded": ("queued", "running", "succeeded"),
    "succeeded_with_warnings": ("queued", "running", "succeeded_with_warnings"),
}
COMPARED = [
    {"measure": "score", "n": 80, "base": 0.3, "tuned": 0.65, "difference": 0.35, "low": 0.22,
     "high": 0.46, "p": 0.00001, "test": "exact McNemar test", "unit": "share",
     "higher_is_better": True},
    {"measure": "format", "n": 80, "base": 0.5, "tuned": 0.975, "difference": 0.475, "low": 0.36,
     "high": 0.58, "p": 0.00001, "test": "exact McNemar test", "unit": "share",
     "higher_is_better": True},
    {"measure": "safety", "n": 20, "base": 0.95, "tuned": 0.9, "difference": -0.05, "low": -0.2,
     "high": 0.1, "p": 1.0, "test": "exact McNemar test", "unit": "share",
     "higher_is_better": True},
    {"measure": "forgetting", "n": 40, "base": 12.1, "tuned": 12.9, "difference": 0.8, "low": 0.2,
     "high": 1.4, "p": 0.01, "test": "paired t-test", "unit": "perplexity",
     "higher_is_better": False},
]  # fmt: skip
VERDICT = {
    "outcome": "helped",
    "because": "Training helped. On 80 held-out items the base model got 30.0% right and the tuned "
    "model 65.0% (difference +35.0 points, 95% interval +22.0 to +46.0, p below 0.001).",
    "comparisons": COMPARED,
}
PARITY = {
    "agrees": False,
    "dtype": "float32",
    "tolerance": 0.001,
    "worst": 0.25,
    "differences": [f"prompt 3, position 4: {HOSTILE}"],
}


def put(
    database: Database, settings: Settings, state: JobState, case_id: str | None = None, **more: Any
) -> str:
    """A job in this state with all that belongs to it; its id. ``more`` are columns of it."""
    name = more.pop("name", f"Tickets as JSON, {state}")
    params = more.pop("params", {"rank": 16, "learning_rate": 2e-4})
    spec = TrainSpec(name=name, model="models/tiny", data=Data(train="rows"), params=params)
    steps = more.pop("steps", 40)
    with database.writing() as session:
        launch = Launch(spec, {"train": b"{}\n"}, case_id=case_id)
        job = jobs.create_job(session, settings, launch)
        if WAYS[state]:
            job.preflight = {"findings": []}
        for step in WAYS[state]:
            job.state = step
            session.flush()
        _told(job, state, steps)
        if state not in ("checking", "queued"):
            relay(session, job, list(events(steps, 100)))
        for key, value in more.items():
            setattr(job, key, value)
        session.flush()
        _files(settings, job)
        return job.id


def _told(job: TrainJob, state: JobState, steps: int) -> None:
    if state == "failed":
        job.failure = {"code": "out_of_memory", "words": f"It took too much. {HOSTILE}",
                       "tail": f"Traceback\n{HOSTILE}\n{LONG}"}  # fmt: skip
    if state.startswith("succeeded"):
        job.verdict, job.report = VERDICT, report(state)
        job.stage, job.finished_at = "parity", utc_now() - timedelta(minutes=5)
    if state == "running":
        job.claim, job.lease_until = "c" * 32, utc_now() + timedelta(hours=1)


def report(outcome: str) -> dict[str, Any]:
    warned = outcome != "succeeded"
    return {
        "outcome": outcome,
        "method": "sft",
        "model": "models/tiny",
        "data_hash": "d" * 64,
        "weights_hash": "w" * 64,
        "device": {"name": "cpu", "kind": "cpu"},
        "versions": {"torch": "2.13.0"},
        "training": {"steps": 100, "epochs": 2.0, "seconds": 93.2, "tokens": 120_000,
                     "tokens_per_second": 1288.2, "parameters": 4_000_000,
                     "trained_parameters": 120_000},
        "memory": {"predicted_bytes": 80 << 20, "dry_run_bytes": 84 << 20, "peak_bytes": 85 << 20},
        "verdict": VERDICT,
        "parity": PARITY if warned else {**PARITY, "agrees": True, "differences": []},
        "files": {"adapter": "adapter", "card": "adapter/README.md"},
        "serve": {"vllm": "vllm serve models/tiny --enable-lora --lora-modules tickets=adapter",
                  "transformers": f"transformers serve {LONG}"},
        "warnings": [f"Exported weights do not answer alike. {HOSTILE}"] if warned else [],
    }  # fmt: skip


def _files(settings: Settings, job: TrainJob) -> None:
    run = folder_of(settings, job.id)
    if job.state not in ("checking", "queued"):
        run.log.write_text(f"loading\n{HOSTILE}\ntoken=hf_abcdefghijklmnop\n{LONG}\n")
    if job.report is not None:
        write_whole(run.adapter / "adapter_model.safetensors", "weights")
        write_whole(run.adapter / "README.md", "# Card")


def events(steps: int, total: int, begun: float = 600.0) -> Iterator[Event]:
    """What a run tells up to a step; its last word was a moment ago."""
    start = utc_now() - timedelta(seconds=begun)

    def event(kind: Any, key: str, at: float, step: int | None = None, **data: Any) -> Event:
        moment = start + timedelta(seconds=at)
        return Event(key=key, kind=kind, at=moment, step=step, data=data)

    for place, stage in enumerate(STAGES[:3]):
        begins: dict[str, Any] = {"stage": stage, "done": place, "total": len(STAGES)}
        yield event("stage", f"stage:{stage}", place, **begins)
        if stage != "train":
            yield event("stage", f"stage:{stage}:done", place + 0.9, **begins, seconds=0.9)
    yield event("memory", "memory", 2, predicted_bytes=80 << 20, measured_bytes=84 << 20)
    yield event("warning", "warning:cut", 2, text=f"Rows are cut. {HOSTILE}")
    for step in range(1, steps + 1):
        loss = 4 * math.exp(-step / 25) + 0.3 + 0.15 * math.sin(step * 1.7)
        rate = 2e-4 * min(step / 5, 1) * (1 - step / (total + 1))
        yield event("metric", f"metric:{step}", 3 + step, step, loss=loss, learning_rate=rate,
                    tokens_per_second=1200 + 60 * math.cos(step), epoch=step / 50,
                    grad_norm=1 + loss / 3, total_steps=total,
                    memory_bytes=(80 << 20) + step * 1000)  # fmt: skip
        if step % 10 == 0:
            after = 3.5 + step
            yield event("validation", f"validation:{step}", after, step, loss=loss + 0.2)
            yield event("checkpoint", f"checkpoint:{step}", after, step, path="checkpoints/x")
            yield event("sample", f"sample:{step}:0", after, step, prompt=f"What? {HOSTILE}",
                        reference='{"a": 1}', output=f"{HOSTILE} {LONG}")  # fmt: skip
