"""Trains once, as this project does or as plain TRL does, and says how fast and how large it was.

A process of its own, so that its memory is its own: ``python -m benchmarks.training_once KIND
FOLDER --json '{...}'``; the folder holds ``model`` and ``rows.jsonl``. What counts are tokens of
rows, never padding, from the first step to the end of the last one.
"""

from __future__ import annotations

import argparse
import gc
import json
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all kinds share."""

    batch: int = 8
    length: int = 1024
    rank: int = 16
    device: str = "auto"
    threads: int = 1
    recompute: bool | None = None
    """None: as each decides by itself."""


@dataclass(frozen=True, slots=True)
class Once:
    """How one training went."""

    kind: str
    steps: int
    tokens: int
    seconds: float
    peak_bytes: int
    last_loss: float

    @property
    def rate(self) -> float:
        """Tokens a second."""
        return self.tokens / self.seconds


def train_once(kind: str, folder: Path, setting: Setting) -> Once:
    """Train one epoch over the rows of a folder.

    Raises:
        KeyError: there is no such kind.
    """
    from trainer.usage import reset_peak

    work = folder / f"work-{kind}"
    shutil.rmtree(work, ignore_errors=True)
    gc.collect()
    reset_peak(_device(folder, setting).kind)
    once = KINDS[kind](folder, work, setting)
    shutil.rmtree(work, ignore_errors=True)
    gc.collect()
    return once


def _device(folder: Path, setting: Setting) -> Any:
    from trainer.device import choose_device, settle

    device = choose_device(_spec(folder, setting))
    settle(device)
    return device


def _spec(folder: Path, setting: Setting, more: Mapping[str, Any] | None = None) -> Any:
    from trainer.contract import Data, TrainSpec

    recompute = {None: "auto", True: "on", False: "off"}[setting.recompute]
    params = {
        "epochs": 1,
        "batch_size": setting.batch,
        "micro_batch_size": setting.batch,
        "max_length": setting.length,
        "rank": setting.rank,
        "alpha": 2 * setting.rank,
        "recompute": recompute,
        "checkpoint_steps": 1_000_000,
        "samples": 0,
        **(more or {}),
    }
    return TrainSpec(
        model=str(folder / "model"),
        data=Data(train="rows.jsonl"),
        params=params,
        device=setting.device,  # type: ignore[arg-type]
        threads=setting.threads,
    )


def _own(name: str, more: Mapping[str, Any]) -> Callable[[Path, Path, Setting], Once]:
    """This project's supervised finetuning with its defaults but for ``more``."""

    def train(folder: Path, work: Path, setting: Setting) -> Once:
        from trainer.chats import fit_chats
        from trainer.context import Run
        from trainer.contract import RunFolder
        from trainer.events import Journal
        from trainer.methods.sft import Params
        from trainer.usage import held_bytes

        (work / "data").mkdir(parents=True)
        shutil.copy(folder / "rows.jsonl", work / "data" / "train.jsonl")
        place, device = RunFolder(work), _device(folder, setting)
        spec = _spec(folder, setting, more)
        run = Run(spec, place, device, Journal(place.events))
        before = 0 if device.kind == "cuda" else held_bytes(device.kind)
        found = fit_chats(run, Params(**spec.params))
        peak = found["peak_bytes"] - before
        return Once(
            name, found["steps"], found["tokens"], found["seconds"], peak, found["last_loss"]
        )

    return train


def _trl(name: str, more: Mapping[str, Any]) -> Callable[[Path, Path, Setting], Once]:
    """TRL's trainer with its defaults but for ``more``; the adapter is the same as ours."""

    def train(folder: Path, work: Path, setting: Setting) -> Once:
        from trainer.usage import held_bytes, peak_bytes

        device = _device(folder, setting)
        before = 0 if device.kind == "cuda" else held_bytes(device.kind)
        trainer, tokens, clock = _trl_trainer(folder, work, setting, more)
        trainer.train()
        peak = peak_bytes(device.kind) - before
        losses = [row["loss"] for row in trainer.state.log_history if "loss" in row]
        steps = trainer.state.global_step
        return Once(name, steps, tokens, clock.seconds, peak, losses[-1] if losses else 0.0)

    return train


def _trl_trainer(
    folder: Path, work: Path, setting: Setting, more: Mapping[str, Any]
) -> tuple[Any, int, Any]:
    """A trainer over the folder's rows, how many tokens they have, and its clock."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoTokenizer
    from trl.trainer.sft_config import SFTConfig
    from trl.trainer.sft_trainer import SFTTrainer

    text = (folder / "rows.jsonl").read_text(encoding="utf-8")
    rows = [{"messages": json.loads(line)["messages"]} for line in text.splitlines()]
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    texts = tokenizer.apply_chat_template([row["messages"] for row in rows], tokenize=False)
    ids: Any = tokenizer(texts, add_special_tokens=False)["input_ids"]
    tokens = sum(min(setting.length, len(row)) for row in ids)
    shared = {
        "output_dir": str(work),
        "per_device_train_batch_size": _batch(setting, more, tokens / len(rows)),
        "num_train_epochs": 1,
        "max_length": setting.length,
        "save_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
        "use_cpu": _device(folder, setting).kind == "cpu",
        **({} if setting.recompute is None else {"gradient_checkpointing": setting.recompute}),
    }
    settings: Any = SFTConfig(**{**shared, **more})
    clock = _clock()
    trainer = SFTTrainer(
        model=str(folder / "model"),
        args=settings,
        train_dataset=Dataset.from_list(rows),
        processing_class=tokenizer,
        peft_config=LoraConfig(
            r=setting.rank, lora_alpha=2 * setting.rank, target_modules="all-linear"
        ),
        callbacks=[clock],
    )
    return trainer, tokens, clock


def _batch(setting: Setting, more: Mapping[str, Any], mean: float) -> int:
    """Rows a step, or packs that hold about as many tokens, so that steps are as many."""
    if more.get("packing"):
        return max(1, round(setting.batch * mean / setting.length))
    return setting.batch


def _clock() -> Any:
    """Measures from the first step to the end of the last."""
    from transformers import TrainerCallback

    class Clock(TrainerCallback):
        seconds = 0.0
        since = 0.0

        def on_train_begin(self, *_: Any, **__: Any) -> None:
            self.since = time.perf_counter()

        def on_step_end(self, *_: Any, **__: Any) -> None:
            _wait()
            self.seconds = time.perf_counter() - self.since

    return Clock()


def _wait() -> None:
    """Wait until the device has done what it was given."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()


LEAN: Json = {"gradient_checkpointing": False}
FREE: Json = {"padding_free": True, "max_length": None}
BFD: Json = {"packing": True, "packing_strategy": "bfd"}
PLAIN: Json = {"bf16": False}
KINDS: Mapping[str, Callable[[Path, Path, Setting], Once]] = {
    "ours": _own("ours", {}),
    "ours_lean": _own("ours_lean", {"recompute": "off"}),
    "ours_joined": _own("ours_joined", {"packing": "on"}),
    "ours_lean_joined": _own("ours_lean_joined", {"packing": "on", "recompute": "off"}),
    "trl_defaults": _trl("trl_defaults", {}),
    "trl_padding_free": _trl("trl_padding_free", FREE),
    "trl_packing_bfd": _trl("trl_packing_bfd", BFD),
    "trl_lean": _trl("trl_lean", LEAN),
    "trl_lean_padding_free": _trl("trl_lean_padding_free", LEAN | FREE),
    "trl_lean_packing_bfd": _trl("trl_lean_packing_bfd", LEAN | BFD),
    "trl_lean_padding_free_fp32": _trl("trl_lean_padding_free_fp32", LEAN | FREE | PLAIN),
    "trl_lean_packing_fp32": _trl("trl_lean_packing_fp32", LEAN | BFD | PLAIN),
}
"""Ours, and ways of TRL: ``lean`` recomputes nothing, ``joined`` sets rows into one line whatever
the attention, ``fp32`` does without default bfloat16. No row is longer than the longest length, so
that rows without padding need none."""


def main() -> int:
    """Train once and print one JSON object on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--json", default="{}", help="a Setting")
    given = parser.parse_args()
    once = train_once(given.kind, given.folder, Setting(**json.loads(given.json)))
    print(json.dumps(asdict(once) | {"tokens_per_second": once.rate}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
