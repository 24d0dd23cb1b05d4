"""A whole job of a method on the device here: killed in the middle, resumed, beside its twin."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks.training_material import labelled_rows, mixed_rows, write_rows

ROOT = Path(__file__).resolve().parents[1]
Json = dict[str, Any]
Tell = Callable[[str], None]
LONGEST_WAIT = 240.0
"""Seconds that a job may take to its end."""
PARAMS: Mapping[str, Json] = {
    "sft": {"checkpoint_steps": 5, "epochs": 1, "max_length": 256, "samples": 1},
    "classification_head": {"checkpoint_steps": 5, "epochs": 2, "max_length": 128},
}


def run_jobs(folder: Path, models: Mapping[str, Path], tell: Tell, rows: int = 240) -> list[Json]:
    """A job of each method, killed and resumed, and its undisturbed twin, all side by side."""
    with ThreadPoolExecutor(2 * len(models)) as pool:
        pairs = []
        for method, model in models.items():
            places = [prepare(folder / f"{method}-{way}", method, model, rows) for way in "ab"]
            killed = pool.submit(run_job, places[0], True, tell)
            whole = pool.submit(run_job, places[1], False, tell)
            pairs.append((method, killed, whole))
        return [
            _compared(method, killed.result(), whole.result()) for method, killed, whole in pairs
        ]


def prepare(folder: Path, method: str, model: Path, rows: int) -> Path:
    """The folder of a job with its spec and its data."""
    data = mixed_rows(rows, 256) if method == "sft" else labelled_rows(rows, 5)
    write_rows(folder / "input" / "train.jsonl", data)
    spec = {
        "name": f"benchmark of {method}",
        "method": method,
        "model": str(model),
        "data": {"train": "input/train.jsonl"},
        "params": PARAMS[method],
        "evaluation": {"most_items": 12, "max_new_tokens": 16, "forgetting": False},
    }
    (folder / "spec.json").write_text(json.dumps(spec), encoding="utf-8")
    return folder


def run_job(folder: Path, kill: bool, tell: Tell) -> Json:
    """Run a job to its end, with one kill -9 after its first checkpoint if ``kill``."""
    begun, found = time.perf_counter(), {}
    if kill:
        found["killed_after_step"] = _killed(folder, begun)
        tell(f"{folder.name}: killed after step {found['killed_after_step']}")
    process = _start(folder)
    try:
        status = process.wait(LONGEST_WAIT)
    except subprocess.TimeoutExpired:
        process.kill()
        status = process.wait()
    seconds = round(time.perf_counter() - begun, 1)
    tell(f"{folder.name}: ended with {status} after {seconds} s")
    return {**found, "status": status, "seconds": seconds, **_told(folder)}


def _start(folder: Path) -> subprocess.Popen[bytes]:
    # Its input stays open while this process lives: that is how it knows that somebody is there.
    log = (folder / "console.txt").open("ab")
    with log:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "trainer.run", str(folder)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
        )


def _killed(folder: Path, begun: float) -> int | None:
    """Start the job, kill it after its first checkpoint; the step of the last event by then."""
    process = _start(folder)
    while process.poll() is None and time.perf_counter() - begun < LONGEST_WAIT:
        if any(event["kind"] == "checkpoint" for event in events(folder)):
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            steps = [event["step"] for event in events(folder) if event["kind"] == "metric"]
            return max(steps, default=None)
        time.sleep(0.2)
    process.kill()
    process.wait()
    return None


def events(folder: Path) -> list[Json]:
    """The events of a job; a last line that is not whole yet is left out."""
    path, found = folder / "events.jsonl", []
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    for line in text.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def _told(folder: Path) -> Json:
    """What the job says of itself."""
    told = events(folder)
    metrics = Counter(event["key"] for event in told if event["kind"] == "metric")
    found: Json = {"steps_told": len(metrics), "steps_told_again": metrics.total() - len(metrics)}
    report, failure = folder / "report.json", folder / "failure.json"
    if failure.exists():
        found["failure"] = json.loads(failure.read_text())
    if report.exists():
        whole = json.loads(report.read_text())
        kept = ("outcome", "weights_hash", "training", "memory", "device", "versions", "warnings")
        found |= {name: whole[name] for name in kept}
        found["parity"] = whole["parity"]
        found["verdict"] = (whole["verdict"] or {}).get("outcome")
    return found


def _compared(method: str, killed: Json, whole: Json) -> Json:
    """Both runs of a method, and whether they came to the same."""
    losses = [run.get("training", {}).get("last_loss") for run in (killed, whole)]
    return {
        "method": method,
        "finished": killed["status"] == 0 and whole["status"] == 0,
        "same_weights": killed.get("weights_hash") == whole.get("weights_hash") is not None,
        "last_losses": losses,
        "killed": killed,
        "undisturbed": whole,
    }
