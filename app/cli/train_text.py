"""A training run in words: how it goes, and what came of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import click

from app.cli.progress import ELSEWHERE, ON_TERMINAL
from trainer.contract import Event, RunFolder, RunReport

STAGES = {
    "prepare": "Looking at the data",
    "dry_run": "Trying two steps",
    "train": "Training",
    "evaluate": "Comparing base and tuned",
    "export": "Exporting",
    "parity": "Comparing what was exported",
}


class Teller:
    """Says on standard error what a run tells; of steps only some."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._next = 0.0
        self._open = False

    def tell(self, event: Event) -> None:
        """Say an event, if it is one that people want to know of now."""
        say: Callable[[Event], str] | None = SAID.get(event.kind)
        if say is None or not (line := say(event)):
            return
        if event.kind == "metric":
            self._step(line)
        else:
            self._line(line)

    def _step(self, line: str) -> None:
        if (now := time.monotonic()) < self._next:
            return
        self._next = now + (ON_TERMINAL if self._terminal else ELSEWHERE)
        click.echo(f"\r{line:<78}" if self._terminal else line, nl=not self._terminal, err=True)
        self._open = self._terminal

    def _line(self, line: str) -> None:
        if self._open:
            click.echo(err=True)
            self._open = False
        click.echo(line, err=True)


def _stage(event: Event) -> str:
    return "" if event.key.endswith(":done") else f"{STAGES.get(event.data['stage'], '')}…"


def _metric(event: Event) -> str:
    data = event.data
    rate = data.get("tokens_per_second") or 0
    return (
        f"step {event.step} of {data.get('total_steps')}: loss {_number(data.get('loss'))}, "
        f"{rate:,.0f} tokens a second"
    )


def _memory(event: Event) -> str:
    data = event.data
    predicted = data.get("predicted_bytes")
    told = f", {_size(predicted)} foretold" if predicted else ""
    seconds = data.get("seconds_per_step") or 0
    return f"A step takes {seconds:.2g} s and {_size(data.get('measured_bytes'))}{told}"


SAID: dict[str, Callable[[Event], str]] = {
    "stage": _stage,
    "metric": _metric,
    "validation": lambda event: f"validation loss {_number(event.data.get('loss'))}",
    "memory": _memory,
    "message": lambda event: str(event.data.get("text", "")),
    "warning": lambda event: f"Warning: {event.data.get('text', '')}",
}


def report_text(report: RunReport, folder: RunFolder) -> str:
    """The verdict, what it rests on, and where the results lie."""
    verdict, training = report.verdict, report.training
    lines = [verdict.because if verdict else "Nothing was measured."]
    lines += [
        f"  {item.measure}: {_number(item.base)} → {_number(item.tuned)} "
        f"(95% interval of the difference {_number(item.low)} to {_number(item.high)}, n {item.n})"
        for item in (verdict.comparisons if verdict else ())
    ]
    lines.append(
        f"{training.get('steps')} steps in {training.get('seconds', 0):,.0f} s, loss "
        f"{_number(training.get('first_loss'))} → {_number(training.get('last_loss'))}"
    )
    if report.parity is not None and not report.parity.agrees:
        lines.append("What was exported does not answer alike:")
        lines += [f"  {item}" for item in report.parity.differences]
    lines += [f"Warning: {item}" for item in report.warnings]
    lines += [f"{name}: {folder.root / path}" for name, path in report.files.items()]
    lines += [f"{tool}: {command}" for tool, command in report.serve.items()]
    return "\n".join(lines)


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else "?"


def _size(value: Any) -> str:
    return f"{value / 2**20:,.0f} MiB" if isinstance(value, (int, float)) else "?"
