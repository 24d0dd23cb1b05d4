"""What the page of an ended training job shows: its verdict, parity, warnings, what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from app import train_words
from app.drawing import retrievers as pictures
from app.drawing.curve import figure
from app.drawing.retrievers import Pair, Row
from app.log_words import seconds_words, size_words
from app.storage import TrainJob

Json = Mapping[str, Any]
USEFUL = 0.05
"""The smallest gain worth a model of one's own, as the trainer's verdict has it."""
QUANTILE = 1.959963984540054
"""Of the normal distribution, at 97.5%."""
COUNTED = ("score", "format", "regression", "safety")
"""Measures that are shares of items, each right or wrong."""


def results(job: TrainJob) -> dict[str, Any]:
    """The context of ``partials/training_verdict.html``, and of what stands below it."""
    report = job.report or {}
    return {
        "report": report,
        "verdict": verdict_of(job),
        "parity": report.get("parity"),
        "parity_words": parity_words(report.get("parity")),
        "warnings": [str(item) for item in report.get("warnings", ())],
        "serve": {str(key): str(value) for key, value in report.get("serve", {}).items()},
        "trained": _trained(report),
        "failure": _failure(job),
    }


def verdict_of(job: TrainJob) -> dict[str, Any] | None:
    """A verdict in words, pictures and rows; None where nothing was compared."""
    if job.verdict is None:
        return None
    compared: list[Json] = list(job.verdict.get("comparisons", ()))
    return {
        "outcome": job.verdict["outcome"],
        "headline": train_words.OUTCOMES.get(job.verdict["outcome"], job.verdict["outcome"]),
        "because": train_words.because_words(job.verdict),
        "needed": job.verdict.get("needed"),
        "rows": [_row(item) for item in compared],
        "shares": _shares(compared),
        "differences": _differences(compared),
        "margin": USEFUL,
    }


def parity_words(parity: Json | None) -> str:
    """Whether the exports answer alike, in a sentence."""
    if parity is None:
        return "There was nothing to compare: one form of the weights was exported."
    worst = f"{figure(parity['worst'])} nats, {figure(parity['tolerance'])} are allowed"
    if parity["agrees"]:
        return (
            f"Adapter, merged weights and model server give the same answers ({parity['dtype']}; "
            f"largest difference of a log-probability {worst})."
        )
    return (
        f"Adapter, merged weights and model server do not answer alike ({parity['dtype']}; largest "
        f"difference of a log-probability {worst}). Serve what was measured: the adapter."
    )


def _row(item: Json) -> dict[str, Any]:
    return {
        "title": train_words.measure_words(item["measure"]),
        "n": item["n"],
        "base": train_words.compared_words(item, "base"),
        "tuned": train_words.compared_words(item, "tuned"),
        "difference": train_words.difference_words(item),
        "p": train_words.p_words(item.get("p")),
        "test": item.get("test", ""),
        "says": _says(item),
    }


def _says(item: Json) -> str:
    if not _beyond(item):
        return "chance could explain it"
    gained = (item["difference"] > 0) == item.get("higher_is_better", True)
    return "better by more than chance" if gained else "worse by more than chance"


def _beyond(item: Json) -> bool:
    return float(item["low"]) > 0 or float(item["high"]) < 0


def _shares(compared: list[Json]) -> list[tuple[str, Markup]]:
    """Base and tuned of every counted measure as dots with their own intervals."""
    found = []
    for item in compared:
        if item["measure"] not in COUNTED or not item["n"]:
            continue
        rows = [
            Row(title, *interval(item[key], item["n"]), chosen=key == "tuned")
            for key, title in (("base", "Base model"), ("tuned", "Tuned model"))
        ]
        title = train_words.measure_words(item["measure"])
        found.append((title, pictures.figures(rows, f"share-{item['measure']}", title)))
    return found


def interval(share: float, n: int) -> tuple[float, float, float]:
    """A share of ``n`` > 0 items with its 95% interval (Wilson 1927), from 0 to 1.

    In closed form, as `evidence.stats.wilson` has it: loading SciPy would hold up every other page.
    """
    spread = QUANTILE**2 / n
    middle = (share + spread / 2) / (1 + spread)
    half = QUANTILE / (1 + spread) * math.sqrt(share * (1 - share) / n + spread / (4 * n))
    return share, max(0.0, middle - half), min(1.0, middle + half)


def _differences(compared: list[Json]) -> Markup | None:
    """Paired differences of shares; to the right is better, whatever is counted."""
    pairs = [_pair(item) for item in compared if item.get("unit", "share") == "share"]
    if not pairs:
        return None
    title = "Tuned against base on the same items"
    return pictures.differences(pairs, USEFUL, "verdict-differences", title)


def _pair(item: Json) -> Pair:
    gap, low, high = (float(item[key]) for key in ("difference", "low", "high"))
    if not item.get("higher_is_better", True):
        gap, low, high = -gap, -high, -low
    return Pair(train_words.measure_words(item["measure"]), gap, low, high, _beyond(item))


def _trained(report: Json) -> list[tuple[str, str]]:
    """The figures of a finished run."""
    training, memory = report.get("training", {}), report.get("memory", {})
    device, versions = report.get("device", {}), report.get("versions", {})
    found = [
        ("Steps", _plain(training.get("steps"))),
        ("Passes over the data", _plain(training.get("epochs"))),
        ("Tokens", _plain(training.get("tokens"))),
        ("Time to train", _seconds(training.get("seconds"))),
        ("Parameters", _plain(training.get("parameters"))),
        ("of them trained", _plain(training.get("trained_parameters"))),
        ("Most memory", _bytes(memory.get("peak_bytes"))),
        ("Device", str(device.get("name") or device.get("kind") or "")),
        ("Data (SHA-256)", str(report.get("data_hash", ""))),
        ("Weights (SHA-256)", str(report.get("weights_hash", ""))),
        ("Made with", ", ".join(f"{name} {number}" for name, number in versions.items())),
    ]
    return [(title, words) for title, words in found if words]


def _plain(value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _seconds(value: Any) -> str:
    return seconds_words(float(value)) if isinstance(value, int | float) else ""


def _bytes(value: Any) -> str:
    return size_words(int(value)) if isinstance(value, int | float) else ""


def _failure(job: TrainJob) -> dict[str, str] | None:
    if job.failure is None:
        return None
    title, remedy = train_words.FAILURES.get(job.failure["code"], ("The job failed", ""))
    return {
        "code": job.failure["code"],
        "title": title,
        "words": job.failure["words"],
        "remedy": remedy,
        "tail": job.failure.get("tail", ""),
    }
