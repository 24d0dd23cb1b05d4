"""A training run as a report tells it: the verdict, every comparison, what was trained on what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]
HEADLINES = {
    "helped": "Training helped",
    "did_not_help": "Training did not help",
    "harmed": "Training did harm",
    "cannot_tell": "These items cannot tell whether training helped",
}
MEASURES = {
    "score": "Task score",
    "format": "Right form",
    "fields": "Equal fields",
    "regression": "Items that must go on passing",
    "safety": "What to refuse and what to answer",
    "forgetting": "Perplexity of general text",
}
LOWER = " (lower is better)"


@dataclass(frozen=True, slots=True)
class ComparisonLine:
    """Base against tuned on one measure, in words."""

    title: str
    n: str
    base: str
    tuned: str
    difference: str
    """With its 95% interval."""
    p: str


@dataclass(frozen=True, slots=True)
class RunReading:
    """What a run says of itself."""

    headline: str
    because: str
    lines: tuple[ComparisonLine, ...]
    trained: tuple[tuple[str, str], ...]
    """What was trained, on what and how long, as (title, words)."""
    parity: str
    differences: tuple[str, ...]
    warnings: tuple[str, ...]


def read_run(report: Json) -> RunReading:
    """A report (``trainer.contract.RunReport`` as JSON) in words."""
    verdict: Json = report.get("verdict") or {}
    parity: Json = report.get("parity") or {}
    headline = HEADLINES.get(verdict.get("outcome", ""), "Nothing was compared")
    return RunReading(
        headline=headline,
        because=verdict.get("because", "").removeprefix(f"{headline}. "),
        lines=tuple(_line(item) for item in verdict.get("comparisons", ())),
        trained=tuple(_trained(report)),
        parity=_parity(parity) if parity else "",
        differences=tuple(parity.get("differences", ())),
        warnings=tuple(report.get("warnings", ())),
    )


def _line(item: Json) -> ComparisonLine:
    share = item.get("unit", "share") == "share"
    title = MEASURES.get(item["measure"]) or str(item["measure"])
    low, high = (_number(item[end], share, signed=True) for end in ("low", "high"))
    p = item.get("p")
    return ComparisonLine(
        title=title if item.get("higher_is_better", True) else title + LOWER,
        n=f"{item['n']:,}",
        base=_number(item["base"], share),
        tuned=_number(item["tuned"], share),
        difference=f"{_number(item['difference'], share, signed=True)} ({low} to {high})",
        p="not tested" if p is None else "below 0.001" if p < 0.001 else f"{p:.3f}",
    )


def _number(value: float, share: bool, *, signed: bool = False) -> str:
    sign = "+" if signed else ""
    return f"{value:{sign}.1%}" if share else f"{value:{sign}.2f}"


def _trained(report: Json) -> Iterator[tuple[str, str]]:
    training, device = report.get("training") or {}, report.get("device") or {}
    yield "Method", str(report.get("method", ""))
    yield "Base model", str(report.get("model", ""))
    if device.get("name"):
        yield "Device", f"{device['name']} ({device.get('kind', '')}, {device.get('dtype', '')})"
    for name, title, unit in (
        ("steps", "Steps", ""),
        ("epochs", "Epochs", ""),
        ("tokens", "Tokens", ""),
        ("trained_parameters", "Trained parameters", ""),
    ):
        if isinstance(value := training.get(name), int | float):
            yield title, f"{value:,.10g}{unit}"
    yield "Data", f"SHA-256 {str(report.get('data_hash', ''))[:16]}"
    yield "Weights", f"SHA-256 {str(report.get('weights_hash', ''))[:16]}"


def _parity(parity: Json) -> str:
    said = "answer alike" if parity.get("agrees") else "do not answer alike"
    worst, tolerance = parity.get("worst", 0.0), parity.get("tolerance", 0.0)
    return (
        f"Adapter, merged and served weights {said}: log-probabilities differ by at most "
        f"{worst:.2g} nats, where {tolerance:.2g} is allowed in {parity.get('dtype', '')}."
    )
