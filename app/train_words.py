"""What training jobs are and what becomes of them, in plain words: for pages."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from app.drawing.curve import figure
from app.drawing.interval import percent
from app.log_words import size_words

Json = Mapping[str, Any]

STATES = {
    "checking": "Checking the data",
    "queued": "Waiting for a worker",
    "running": "Running",
    "paused": "Paused",
    "succeeded": "Finished",
    "succeeded_with_warnings": "Finished, with warnings",
    "failed": "Failed",
    "cancelled": "Cancelled",
}
STAGES = {
    "prepare": "Preparing the data",
    "dry_run": "Rehearsing two steps",
    "train": "Training",
    "evaluate": "Comparing with the base model",
    "export": "Exporting",
    "parity": "Checking that the exports agree",
}
METHODS = {
    "sft": "Supervised finetuning",
    "classification_head": "Classification head",
}
OUTCOMES = {
    "helped": "Training helped",
    "did_not_help": "Training did not help",
    "harmed": "Training did harm",
    "cannot_tell": "These items cannot tell whether training helped",
}
MEASURES = {
    "score": "Right answers",
    "format": "Answers of the right form",
    "fields": "Fields that are right",
    "regression": "Items that should go on passing",
    "safety": "What to refuse, what to answer",
    "forgetting": "Perplexity on general text",
}
FAILURES = {
    "disk_full": (
        "The disk is full",
        "Make room in the data folder, for example by deleting jobs that nobody needs, and try "
        "again: the job goes on from its last checkpoint.",
    ),
    "out_of_memory": (
        "The memory ran out",
        "Launch it again with a smaller batch at a time, shorter rows or a smaller base model. The "
        "figures of memory on this page say by how much it was missed.",
    ),
    "diverged": (
        "The loss is no number any more",
        "The learning rate is too high, or rows are broken. Launch it again with a third of the "
        "learning rate, and look at what was found in the data.",
    ),
    "missing_model": (
        "The base model cannot be found",
        "Put the model into a folder that the worker can read, or name one of the list, and launch "
        "it again.",
    ),
    "bad_data": (
        "The data cannot be trained on",
        "The preflight names the rows and what to do about them. Mend the file and launch it "
        "again.",
    ),
    "bad_spec": (
        "What the job was told does not hold together",
        "Change what is named above, and launch it again.",
    ),
    "missing_package": (
        "The worker lacks a package",
        "Install what is named above where the worker runs, start the worker again, and try again.",
    ),
    "crashed": (
        "The process broke off again and again",
        "The end of the log says more. Where memory ran out, take smaller batches; where it was "
        "the machine, try again: the job goes on from its last checkpoint.",
    ),
}
"""Code -> what happened, and what to do."""
MEMORY = {
    "predicted_bytes": "predicted",
    "measured_bytes": "in the dry run",
    "peak_bytes": "at most so far",
}
FILES = {
    "adapter": ("Adapter", "what was trained, as safetensors"),
    "merged": ("Merged weights", "base and adapter in one, ready to serve"),
    "card": ("Model card", "data, settings, curves, verdict and limits"),
    "events": ("Events", "all that the run told, one a line"),
    "log": ("Log", "what the process printed"),
}


def state_words(state: str, wish: str = "") -> str:
    """A state, and what is about to become of it."""
    if state == "running" and wish:
        return {"pause": "Pausing after this step", "cancel": "Cancelling after this step"}[wish]
    return STATES.get(state, state)


def stage_words(stage: str) -> str:
    """A stage of a run."""
    return STAGES.get(stage, stage.replace("_", " ").capitalize() or "Starting")


def method_words(method: str) -> str:
    """A method by its name for people."""
    return METHODS.get(method, method.replace("_", " "))


def job_title(name: str, model: str) -> str:
    """What a job is called: its name, else the base model's last part."""
    return name or model.rstrip("/").rpartition("/")[2] or "Job"


def because_words(verdict: Json) -> str:
    """Why the verdict is as it is, without the headline that stands above it."""
    because = str(verdict["because"])
    headline = OUTCOMES.get(verdict["outcome"], "")
    rest = because.removeprefix(headline).lstrip(".: ") if headline else because
    return rest[:1].upper() + rest[1:]


def figure_title(name: str) -> str:
    """A figure of a run, such as ``training.tokens_per_second``, by its name for people."""
    part, _, rest = name.partition(".")
    if part == "verdict":
        return f"{measure_words(rest)}, tuned model"
    if part == "memory":
        return f"Memory, {rest.removesuffix('_bytes').replace('_', ' ')}"
    return f"{part.capitalize()}, {rest.replace('_', ' ').replace('.', ', ')}"


def measure_words(measure: str) -> str:
    """What is compared."""
    return MEASURES.get(measure, measure.replace("_", " ").capitalize())


def compared_words(item: Json, key: str) -> str:
    """Base or tuned of a comparison, in its unit."""
    value = float(item[key])
    return percent(value) if item.get("unit", "share") == "share" else f"{value:,.2f}"


def difference_words(item: Json) -> str:
    """A difference with its 95% interval."""
    if item.get("unit", "share") == "share":
        gap, low, high = (100 * float(item[key]) for key in ("difference", "low", "high"))
        return f"{gap:+.1f} points ({low:+.1f} to {high:+.1f})"
    gap, low, high = (float(item[key]) for key in ("difference", "low", "high"))
    return f"{gap:+.2f} ({low:+.2f} to {high:+.2f})"


def p_words(value: float | None) -> str:
    """How often chance alone would give such a difference."""
    if value is None:
        return "not tested"
    return "below 0.001" if value < 0.001 else f"{value:.3f}"


def event_words(kind: str, data: Json, step: int | None) -> str:
    """One event in a line; what it holds may come from a model and is not to be trusted."""
    told = {
        "state": _state_event,
        "stage": _stage_event,
        "metric": lambda data: _loss("Training loss", data),
        "validation": lambda data: _loss("Validation loss", data),
        "checkpoint": lambda data: "A checkpoint was kept",
        "sample": lambda data: "The model answered a sample",
        "memory": _memory_event,
    }.get(kind)
    words = (told(data) if told else str(data.get("text", ""))) or kind
    return f"Step {step:,}: {words[:1].lower()}{words[1:]}" if step is not None else words


def value_words(value: Any) -> str:
    """A setting or a figure as a person reads it."""
    if value is None or value in ("", []):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return figure(value) if isinstance(value, float) else f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def _state_event(data: Json) -> str:
    words = STATES.get(str(data.get("to", "")), str(data.get("to", "")))
    why = str(data.get("reason", ""))
    return f"{words}: {why}" if why else words


def _stage_event(data: Json) -> str:
    words, seconds = stage_words(str(data.get("stage", ""))), data.get("seconds")
    if isinstance(seconds, int | float):
        return f"{words}: done in {seconds:,.1f} s"
    if data.get("total") == 100:
        return f"{words}: {data.get('done')}%"
    return f"{words} begins"


def _loss(words: str, data: Json) -> str:
    loss = data.get("loss")
    return f"{words} {figure(loss)}" if isinstance(loss, int | float) else f"{words} not known"


def _memory_event(data: Json) -> str:
    parts = [
        f"{size_words(int(data[key]))} {words}"
        for key, words in MEMORY.items()
        if isinstance(data.get(key), int | float) and math.isfinite(data[key])
    ]
    return f"Memory: {', '.join(parts)}" if parts else "Memory was measured"
