"""Runs a trainer of Transformers as a job: resumed, followed, stopped, and measured."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from trainer import checkpoints
from trainer.context import Run
from trainer.failures import RunFailure, Stopped
from trainer.params import TrainingParams, epochs_for
from trainer.resumable import Resumable
from trainer.usage import held_bytes, peak_bytes, reset_peak

CHECKPOINTS, FARTHEST = 10, 500
"""About how many checkpoints a run has, and the most steps between two of them."""

Sampler = Callable[[Any, int], None]
"""Called with the model and the step after each checkpoint."""


@dataclass(frozen=True, slots=True)
class Course:
    """How far and how often, in steps of the optimizer."""

    steps: int
    warmup: int
    every: int
    """Steps between checkpoints, validation and samples."""
    micro: int
    accumulate: int
    epochs: float


def course(params: TrainingParams, rows: int) -> Course:
    """The course over so many rows."""
    micro = min(params.micro_batch_size, params.batch_size, rows)
    accumulate = max(1, params.batch_size // micro)
    epochs = params.epochs or epochs_for(rows)
    each = math.ceil(math.ceil(rows / micro) / accumulate)
    steps = math.ceil(each * epochs)
    every = params.checkpoint_steps or min(FARTHEST, math.ceil(steps / CHECKPOINTS))
    return Course(steps, math.ceil(steps * params.warmup), every, micro, accumulate, epochs)


def arguments(run: Run, params: TrainingParams, way: Course, folder: Path) -> dict[str, Any]:
    """Settings that all trainers of Transformers share."""
    device = run.device
    mixed = device.dtype if device.kind != "cpu" or device.dtype != "float32" else ""
    return {
        "output_dir": str(folder),
        "seed": run.spec.seed,
        "use_cpu": device.kind == "cpu",
        "bf16": mixed == "bfloat16",
        "fp16": mixed == "float16",
        "max_steps": way.steps,
        "num_train_epochs": way.epochs,
        "per_device_train_batch_size": way.micro,
        "per_device_eval_batch_size": way.micro,
        "gradient_accumulation_steps": way.accumulate,
        "learning_rate": params.learning_rate,
        "lr_scheduler_type": params.schedule,
        "warmup_steps": way.warmup,
        "weight_decay": params.weight_decay,
        "adam_beta2": params.adam_beta2,
        "max_grad_norm": params.max_grad_norm,
        "save_strategy": "steps",
        "save_steps": way.every,
        "eval_strategy": "steps" if run.part("validation") else "no",
        "eval_steps": way.every,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
        "include_num_input_tokens_seen": "non_padding",
        "report_to": "none",
        "disable_tqdm": True,
        "dataloader_pin_memory": device.kind == "cuda",
    }


class Follower(TrainerCallback):
    """Tells how training goes, ends it where it diverges, and stops it where it is told to."""

    def __init__(self, run: Run, before: dict[str, Any], sample: Sampler | None) -> None:
        self.run, self.sample = run, sample
        self.seconds: float = before.get("seconds", 0.0)
        self.tokens: int = before.get("tokens", 0)
        self._since = 0.0
        self._seen = 0

    def kept(self) -> dict[str, Any]:
        """What is to be kept with a checkpoint."""
        return {"seconds": self.seconds, "tokens": self.tokens}

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """Start the clock."""
        self._since, self._seen = time.perf_counter(), state.num_input_tokens_seen

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """End after this step where told to; on pause with a checkpoint."""
        how = self.run.should_stop()
        if how is None:
            return
        control.should_training_stop = True
        control.should_evaluate = False
        control.should_save = how == "pause"

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        """Tell the figures of a step or of a validation."""
        figures, step = logs or {}, state.global_step
        if "loss" in figures:
            self._tell_step(figures, state)
        if "eval_loss" in figures:
            self.run.tell("validation", f"validation:{step}", {"loss": figures["eval_loss"]}, step)

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **more: Any
    ) -> None:
        """Tell of a checkpoint, and show what the model says by now."""
        step = state.global_step
        folder = Path(str(args.output_dir)) / f"checkpoint-{step}"
        shown = folder.relative_to(self.run.folder.root).as_posix()
        self.run.tell("checkpoint", f"checkpoint:{step}", {"path": shown}, step)
        if self.sample is not None and self.run.should_stop() is None:
            with torch.random.fork_rng(enabled=True):
                self.sample(more["model"], step)
        self._since = time.perf_counter()

    def _tell_step(self, logs: dict[str, float], state: TrainerState) -> None:
        now, step = time.perf_counter(), state.global_step
        tokens, seconds = state.num_input_tokens_seen - self._seen, now - self._since
        self.seconds, self.tokens = self.seconds + seconds, self.tokens + tokens
        self._since, self._seen = now, state.num_input_tokens_seen
        if not math.isfinite(logs["loss"]):
            raise RunFailure(
                "diverged",
                f"The loss is not a number after step {step}: training diverged. Lower the "
                "learning rate, or look for broken rows, and try again.",
            )
        data = {
            "loss": logs["loss"],
            "learning_rate": logs.get("learning_rate"),
            "grad_norm": logs.get("grad_norm"),
            "tokens_per_second": tokens / max(seconds, 1e-9),
            "epoch": state.epoch,
            "total_steps": state.max_steps,
            "memory_bytes": peak_bytes(self.run.device.kind),
        }
        self.run.tell("metric", f"metric:{step}", _finite(data), step)


def fit(
    run: Run, build: Callable[[Path], Resumable], sample: Sampler | None = None
) -> tuple[Resumable, dict[str, Any]]:
    """Train from the newest checkpoint, or from the start, to the end; the trainer and figures.

    Raises:
        Stopped: where the run was told to stop; a paused one has left a checkpoint.
        RunFailure: ``diverged`` where the loss is no number.
    """
    root = run.folder.checkpoints
    checkpoints.clear_unfinished(root)
    last = checkpoints.newest(root)
    follower = Follower(run, checkpoints.told(last) if last else {}, sample)
    trainer = build(root)
    trainer.kept_with = follower.kept
    trainer.add_callback(follower)
    trainer.train(resume_from_checkpoint=str(last) if last else None)
    if how := run.should_stop():
        raise Stopped(how)
    return trainer, _figures(trainer, follower)


def rehearse(run: Run, build: Callable[[Path], Trainer]) -> dict[str, Any]:
    """Train the few steps of a trainer that keeps nothing, and measure what they take.

    ``measured_bytes`` is the peak beyond what the process held before it loaded the model, except
    on CUDA, which holds nothing before.
    """
    kind = run.device.kind
    reset_peak(kind)
    before = 0 if kind == "cuda" else held_bytes(kind)
    states = torch.random.get_rng_state()
    trainer = build(run.folder.root / ".rehearsal")
    clock = _Clock()
    trainer.add_callback(clock)
    trainer.train()
    torch.random.set_rng_state(states)
    return {
        "measured_bytes": max(0, peak_bytes(kind) - before),
        "seconds_per_step": min(clock.seconds),
    }


class _Clock(TrainerCallback):
    """How long each step took."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._since = 0.0

    def on_step_begin(self, *_: Any, **__: Any) -> None:
        self._since = time.perf_counter()

    def on_step_end(self, *_: Any, **__: Any) -> None:
        self.seconds.append(time.perf_counter() - self._since)


def _figures(trainer: Trainer, follower: Follower) -> dict[str, Any]:
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    weights = list(trainer.model.parameters()) if trainer.model is not None else []
    return {
        "steps": trainer.state.global_step,
        "epochs": trainer.state.epoch,
        "seconds": round(follower.seconds, 3),
        "tokens": follower.tokens,
        "tokens_per_second": round(follower.tokens / max(follower.seconds, 1e-9), 1),
        "first_loss": losses[0] if losses else None,
        "last_loss": losses[-1] if losses else None,
        "parameters": sum(item.numel() for item in weights),
        "trained_parameters": sum(item.numel() for item in weights if item.requires_grad),
        "peak_bytes": peak_bytes(follower.run.device.kind),
    }


def _finite(data: dict[str, Any]) -> dict[str, Any]:
    """JSON knows no infinity: what is none of its numbers is not told."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in data.items()
    }
