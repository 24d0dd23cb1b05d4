"""A trainer without a model: it speaks the protocol of ``trainer.run``, and computes a hash.

Its "weights" are a chain of SHA-256 over the seed, one link a step, kept in checkpoints: they are
equal for equal training, whatever interrupted it. ``params``: steps, seconds (of a step), every
(steps between checkpoints), and what goes wrong: crash_at, fail_at, deaf.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import queue
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from trainer.contract import (
    CANCELLED,
    FAILED,
    FINISHED,
    PAUSED,
    Event,
    Failure,
    Finding,
    PreflightReport,
    RunFolder,
    RunReport,
    TrainSpec,
    write_whole,
)

BROKEN = 3


class Training:
    def __init__(self, root: Path) -> None:
        self.run = RunFolder(root)
        self.spec = TrainSpec.model_validate_json(self.run.spec.read_bytes())
        self.params: dict[str, Any] = {"steps": 10, "seconds": 0.0, "every": 3} | self.spec.params
        self.words: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()
        self.lock = self.run.lock.open("a")
        fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if self.run.events.exists() and not self.run.events.read_bytes().endswith(b"\n"):
            with self.run.events.open("ab") as file:
                file.write(b"\n")
        self.events = self.run.events.open("a")

    def listen(self) -> None:
        """Obey words; end at once when whoever started this process is gone."""
        for line in sys.stdin:
            self.words.put(line.strip())
        os._exit(9)

    def tell(self, kind: Any, key: str, step: int | None = None, **data: Any) -> None:
        event = Event(key=key, kind=kind, at=datetime.now(UTC), step=step, data=data)
        self.events.write(event.model_dump_json() + "\n")
        self.events.flush()

    def sign(self) -> None:
        """Say who works when, so that it can be seen whether there were ever two at once."""
        with (self.run.root / "runners").open("a") as file:
            file.write(f"{os.getpid()} {time.monotonic()}\n")

    def go(self) -> int:
        self.tell("stage", "stage:train", stage="train", done=0, total=1)
        step, state = self.newest()
        while step < self.params["steps"]:
            time.sleep(self.params["seconds"])
            step += 1
            self.sign()
            state = hashlib.sha256(state.encode()).hexdigest()
            if step == self.params.get("fail_at"):
                failure = Failure(code="diverged", words="The loss is no number any more.")
                write_whole(self.run.failure, failure.model_dump_json())
                return FAILED
            if step == self.params.get("crash_at"):
                print("a library broke", flush=True)
                return BROKEN
            total = self.params["steps"]
            self.tell("metric", f"metric:{step}", step, loss=1 / step, total_steps=total)
            word = self.words.get() if not self.words.empty() else ""
            if word == "cancel" and not self.params.get("deaf"):
                return CANCELLED
            if step % self.params["every"] == 0 or word:
                self.save(step, state)
            if word == "pause" and not self.params.get("deaf"):
                return PAUSED
        return self.finish(state)

    def newest(self) -> tuple[int, str]:
        found = [
            json.loads(path.read_bytes()) for path in self.run.checkpoints.glob("*/complete.json")
        ]
        latest = max(found, key=lambda item: item["step"], default=None)
        return (latest["step"], latest["state"]) if latest else (0, str(self.spec.seed))

    def save(self, step: int, state: str) -> None:
        place = self.run.checkpoints / f"checkpoint-{step}" / "complete.json"
        write_whole(place, json.dumps({"step": step, "state": state}))
        self.tell("checkpoint", f"checkpoint:{step}", step)

    def finish(self, state: str) -> int:
        write_whole(self.run.stages / "train.json", "{}")
        write_whole(self.run.adapter / "adapter_model.safetensors", state)
        report = RunReport(
            outcome="succeeded",
            method=self.spec.method,
            model=self.spec.model,
            data_hash="d" * 64,
            weights_hash=state,
        )
        write_whole(self.run.report, report.model_dump_json())
        return FINISHED


def check(root: Path) -> int:
    """The preflight: the first word of the data says what there is to find."""
    run = RunFolder(root)
    first = (root / "input" / "train.jsonl").read_text().partition("\n")[0]
    if first in ("error", "warning"):
        finding = Finding(
            check="roles",
            severity=first,  # type: ignore[arg-type]
            title="Rows lack an answer",
            detail="Row 1 ends with a user's turn.",
            remedy="Add the answer that it is to give.",
            rows=(1,),
            count=1,
        )
        report = PreflightReport(findings=(finding,), rows={"train": 1})
    else:
        report = PreflightReport(rows={"train": 1})
    if first == "crash":
        return BROKEN
    if first == "slow":
        time.sleep(60)
    write_whole(run.preflight, report.model_dump_json())
    return FINISHED


if __name__ == "__main__":
    folder = Path(sys.argv[2])
    sys.exit(check(folder) if sys.argv[1] == "check" else Training(folder).go())
