"""Data for tests of checks: rows in a line, and what a check finds in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trainer.contract import Data, Finding, TrainSpec
from trainer.dataset.checks._base import checks
from trainer.dataset.rows import Loaded, Row
from trainer.dataset.view import View

SPEC = TrainSpec(model="m", data=Data(train="train.jsonl"))


def row(number: int, question: str, answer: str = "a", **more: Any) -> Row:
    """A row of one question and its answer."""
    asked = {"role": "user", "content": question}
    return Row(number, (asked, {"role": "assistant", "content": answer}), **more)


def rows(*pairs: tuple[str, str]) -> list[Row]:
    """Rows of questions and answers, numbered from 1."""
    return [row(number, *pair) for number, pair in enumerate(pairs, 1)]


def view(train: Sequence[Row], spec: TrainSpec = SPEC, **files: Sequence[Row]) -> View:
    """The data of a job with these rows and no tokenizer."""
    loaded = {"train": Loaded(tuple(train))}
    return View(spec, loaded | {part: Loaded(tuple(given)) for part, given in files.items()})


def find(check: str, data: View) -> list[Finding]:
    """What one check says."""
    return list(checks()[check].find(data))


def said(check: str, data: View) -> dict[str, tuple[int, ...]]:
    """What one check says: title -> rows."""
    return {finding.title: finding.rows for finding in find(check, data)}
