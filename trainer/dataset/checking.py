"""All checks on the data of a job, all at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from trainer.contract import Finding, PreflightReport, TrainSpec
from trainer.dataset.checks._base import checks, missing
from trainer.dataset.measures import HEADS, SAMPLES, Measures, measure
from trainer.dataset.parts import LEARNT
from trainer.dataset.rendering import Renderer, Unrenderable
from trainer.dataset.rows import Loaded
from trainer.dataset.view import View

BARS = 20
MOST_LABELS = 100
_ORDER = {"error": 0, "warning": 1, "note": 2}


def report(
    spec: TrainSpec,
    files: dict[str, Loaded],
    tokenizer: Any,
    longest: int | None,
    unmeasured: tuple[str, ...] = (),
) -> PreflightReport:
    """Everything that there is to say of the files, the gravest first.

    Args:
        spec: The job.
        files: What it names, read (`trainer.dataset.parts.given`).
        tokenizer: That of the base model, or None where there is none.
        longest: Tokens beyond which rows are cut off.
        unmeasured: What could not be looked at, and why.
    """
    view, refused = _view(spec, files, tokenizer, longest)
    made = [*refused, *_found(view)]
    train = view.measures.get("train", Measures())
    return PreflightReport(
        findings=tuple(sorted(made, key=lambda item: _ORDER[item.severity])),
        rows={part: len(item.rows) for part, item in files.items()},
        tokens={part: sum(one.tokens) for part, one in view.measures.items()}
        | ({"trained": sum(train.kept)} if view.measures else {}),
        lengths=histogram(train.tokens),
        labels=dict(list(view.labels.items())[:MOST_LABELS]),
        samples=tuple(train.samples[:SAMPLES]),
        unmeasured=(*unmeasured, *_unmeasured()),
    )


def _view(
    spec: TrainSpec, files: dict[str, Loaded], tokenizer: Any, longest: int | None
) -> tuple[View, list[Finding]]:
    """The data with its tokens, and what stands in the way of having any."""
    if tokenizer is None:
        return View(spec, files), []
    try:
        control = () if spec.method in HEADS else Renderer(tokenizer).control
        measures = {
            part: measure(item.rows, tokenizer, spec.method, longest, part)
            for part, item in files.items()
            if part in LEARNT
        }
    except Unrenderable as error:
        blocked = Finding(check="tokens", severity="error", title="Rows cannot be rendered",
                          detail=str(error), remedy="Take another base model.")  # fmt: skip
        return View(spec, files), [blocked]
    return View(spec, files, measures, control, longest), []


def _found(view: View) -> Iterator[Finding]:
    for name, check in checks().items():
        if not missing(check):
            for item in check.find(view):
                yield item.model_copy(update={"check": name})


def _unmeasured() -> Iterator[str]:
    for name, check in checks().items():
        if lacking := missing(check):
            yield f"{name}: {lacking} is not installed"
        elif limits := getattr(check, "LIMITS", ""):
            yield f"{name}: {limits}"


def histogram(lengths: list[int]) -> tuple[tuple[int, int], ...]:
    """Rows by their number of tokens, in at most twenty bars of equal width: (upper edge, rows)."""
    if not lengths:
        return ()
    width = -(-max([1, *lengths]) // BARS)
    counts: dict[int, int] = {}
    for length in lengths:
        edge = max(1, -(-length // width)) * width
        counts[edge] = counts.get(edge, 0) + 1
    return tuple((edge, counts.get(edge, 0)) for edge in range(width, max(counts) + 1, width))
