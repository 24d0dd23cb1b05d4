"""A toy model and toy jobs, worked on by real processes."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.contract import RunFolder
from trainer.events import read_events
from trainer.tiny.shape import make_untrained

ROWS = 48
STEPS = 18
"""Of 3 epochs over the rows, 8 at a step."""
PARAMS: dict[str, Any] = {
    "epochs": 3,
    "batch_size": 8,
    "micro_batch_size": 4,
    "dropout": 0.1,
    "checkpoint_steps": 4,
    "samples": 1,
    "rank": 4,
}
PATIENCE = 240.0


def rows(many: int, seed: int = 1) -> list[dict[str, Any]]:
    """Sums in words of all lengths; what is asked for is JSON."""
    draw = random.Random(seed)
    made = []
    for place in range(many):
        one, other = draw.randint(1, 99), draw.randint(1, 99)
        asked = f"What is {one} plus {other}?" + " Please." * draw.randint(0, 12)
        said = json.dumps({"sum": one + other})
        turns = [("user", asked), ("assistant", said)]
        messages = [{"role": role, "content": content} for role, content in turns]
        made.append({"messages": messages, "group": str(place)})
    return made


def lines(some: list[dict[str, Any]]) -> str:
    return "".join(f"{json.dumps(row)}\n" for row in some)


def make_base(folder: Path) -> Path:
    """An untrained model with a tokenizer: 44 thousand parameters."""
    make_untrained(folder, [turn["content"] for row in rows(60) for turn in row["messages"]])
    return folder


def make_job(
    root: Path, base: Path, params: dict[str, Any] | None = None, **more: Any
) -> RunFolder:
    """A folder that is ready to be worked on; validation and test are given."""
    folder = RunFolder(root)
    (root / "input").mkdir(parents=True)
    parts = {"train": rows(ROWS), "validation": rows(8, 2), "test": rows(4, 3)}
    for part, some in parts.items():
        (root / f"input/{part}.jsonl").write_text(lines(some), encoding="utf-8")
    spec = {
        "model": str(base),
        "data": {part: f"input/{part}.jsonl" for part in parts},
        "params": PARAMS | (params or {}),
        "evaluation": {"max_new_tokens": 8, "forgetting": False},
        "device": "cpu",
        "threads": 1,
        **more,
    }
    folder.spec.write_text(json.dumps(spec), encoding="utf-8")
    return folder


def skip(folder: RunFolder, *stages: str) -> None:
    """Have a stage count as done."""
    folder.stages.mkdir(exist_ok=True)
    for stage in stages:
        (folder.stages / f"{stage}.json").write_text('{"result": {}}', encoding="utf-8")


def start(folder: RunFolder, until: str = "train", **more: Any) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "trainer.run", str(folder.root), "--until", until]
    return subprocess.Popen(command, stdin=subprocess.PIPE, **more)


def worked(folder: RunFolder, until: str = "train", **more: Any) -> int:
    """Work on the job to the end of a stage; how the process ended."""
    with start(folder, until, **more) as process:
        try:
            # the input stays open: closing it would end the process
            return process.wait(PATIENCE)
        finally:
            process.kill()


def steps_told(folder: RunFolder) -> int:
    return sum(event.kind == "metric" for event in read_events(folder.events))


def disturbed(
    folder: RunFolder, step: int, disturb: Callable[[subprocess.Popen[bytes]], None]
) -> int:
    """Work on the job, and disturb the process once so many steps are told; how it ended."""
    with start(folder) as process:
        try:
            until = time.monotonic() + PATIENCE
            while process.poll() is None and steps_told(folder) < step:
                assert time.monotonic() < until
                time.sleep(0.02)
            disturb(process)
            return process.wait(PATIENCE)
        finally:
            process.kill()


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()


def say(word: str) -> Callable[[subprocess.Popen[bytes]], None]:
    def speak(process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        process.stdin.write(f"{word}\n".encode())
        process.stdin.flush()

    return speak


def leave(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
