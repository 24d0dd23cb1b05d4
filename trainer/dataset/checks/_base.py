"""What a check is, how checks are found, and how they say what they found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from types import ModuleType
from typing import Literal, Protocol

import trainer.dataset.checks
from trainer.contract import Finding
from trainer.dataset.view import View

SHOWN = 50
"""Rows that are named with a finding."""


class Check(Protocol):
    """A module of this package. ``NEEDS`` names a library, ``LIMITS`` says what it cannot see."""

    def find(self, view: View) -> Iterable[Finding]:
        """What there is to say about the data."""
        ...


@cache
def checks() -> dict[str, ModuleType]:
    """Every check by the name of its module."""
    return {
        item.name: importlib.import_module(f"{trainer.dataset.checks.__name__}.{item.name}")
        for item in pkgutil.iter_modules(trainer.dataset.checks.__path__)
        if not item.name.startswith("_")
    }


def missing(check: ModuleType) -> str:
    """The library that this check lacks; empty where it can run."""
    needs = str(getattr(check, "NEEDS", ""))
    return needs if needs and find_spec(needs) is None else ""


def found(
    severity: Literal["error", "warning", "note"],
    title: str,
    detail: str,
    remedy: str,
    rows: Sequence[int] = (),
    *,
    file: str = "train",
    sources: Sequence[str] = (),
) -> Finding:
    """A finding about these rows; ``run_checks`` puts in which check it is of."""
    return Finding(
        check="",
        severity=severity,
        title=title,
        detail=detail,
        remedy=remedy,
        rows=tuple(rows[:SHOWN]),
        file=file,
        count=len(rows),
        sources=tuple(sources),
    )


def share(part: int, whole: int) -> str:
    """A share in words: "3 of 40 (7.5%)"."""
    return f"{part:,} of {whole:,} ({100 * part / max(whole, 1):.1f}%)"
