"""Makes the tiny model: ``python -m trainer.tiny.build [FOLDER]``, by ``make tiny-model``.

The project's own trainer teaches all weights of a small network to answer generated conversations
and to describe Python's library. Made once for each recipe, it lies below the user's cache; a
build that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
import time
from pathlib import Path
from typing import Any

from trainer.attended import alone
from trainer.catalogue import tiny_model_folder
from trainer.context import Run
from trainer.contract import Data, Evaluation, RunFolder, TrainSpec, write_whole
from trainer.device import choose_device, settle, spin_briefly
from trainer.events import Journal
from trainer.tiny.conversations import conversations
from trainer.tiny.docstrings import docstrings
from trainer.tiny.shape import TINY, make_untrained
from trainer.weights import replace_folder

SEED = 7
CONVERSATIONS, DESCRIPTIONS = 12_400, 800
HELD_OUT = 200
PARAMS: dict[str, Any] = {
    "adapter": "full",
    "learning_rate": 2e-3,
    "adam_beta2": 0.95,
    "schedule": "cosine",
    "epochs": 1,
    "batch_size": 16,
    "micro_batch_size": 16,
    "warmup": 0.05,
    "samples": 0,
    "max_length": 200,
    "checkpoint_steps": 200,
}


def main() -> None:
    """Make the model where it is not there yet, and say where it lies."""
    spin_briefly()
    started = time.perf_counter()
    final = tiny_model_folder()
    made = build(final)
    if len(sys.argv) > 1:
        link(final, Path(sys.argv[1]))
    took = f", made in {time.perf_counter() - started:.0f} s" if made else ""
    print(f"The tiny model lies in {final}{took}")


def build(final: Path) -> bool:
    """Make the model in a folder, unless it is there; whether it had to be made."""
    if (final / "config.json").is_file():
        return False
    work = RunFolder(final.with_name(f".{final.name}.work"))
    with alone(work.lock, patience=600):
        if (final / "config.json").is_file():  # another process made it meanwhile
            shutil.rmtree(work.root)
            return False
        _train(work)
        replace_folder(work.adapter, final)
    shutil.rmtree(work.root)
    return True


def link(final: Path, place: Path) -> None:
    """Let a path, such as build/tiny-model, lead to the model."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_name(f".{place.name}.{os.getpid()}")
    draft.symlink_to(final)
    draft.replace(place)


def _train(work: RunFolder) -> None:
    base = work.root / "untrained"
    if not (base / "config.json").is_file():
        _begin(work, base)
    spec = TrainSpec(
        model=str(base),
        data=Data(train="data/train.jsonl"),
        params=PARAMS,
        evaluation=Evaluation(max_new_tokens=48),
        seed=SEED,
        device="cpu",
    )
    device = choose_device(spec)
    settle(device)
    journal = Journal(work.events)
    from trainer.methods import sft

    print("Making the tiny model: minutes, once", file=sys.stderr)
    found = sft.fit(Run(spec, work, device, journal))
    journal.close()
    write_whole(work.adapter / "made.json", json.dumps({"params": PARAMS, "training": found}))


def _begin(work: RunFolder, base: Path) -> None:
    """Write the rows and the untrained model; what is killed on the way is begun again."""
    rows = _rows()
    shutil.rmtree(base, ignore_errors=True)
    for part, some in (("validation", rows[:HELD_OUT]), ("train", rows[HELD_OUT:])):
        write_whole(work.data / f"{part}.jsonl", "".join(f"{_row(*pair)}\n" for pair in some))
    draft = base.with_name("untrained.draft")
    shutil.rmtree(draft, ignore_errors=True)
    make_untrained(draft, (text for pair in rows for text in pair), TINY, SEED)
    draft.rename(base)


def _rows() -> list[tuple[str, str]]:
    draw = random.Random(SEED)  # noqa: S311  # an order, no secret
    described = [(f"What is {name}?", said) for name, said in docstrings()]
    draw.shuffle(described)
    rows = [*described[:DESCRIPTIONS], *conversations(CONVERSATIONS, SEED)]
    draw.shuffle(rows)
    return rows


def _row(question: str, answer: str) -> str:
    turns = [("user", question), ("assistant", answer)]
    return json.dumps({"messages": [{"role": role, "content": said} for role, said in turns]})


if __name__ == "__main__":
    main()
