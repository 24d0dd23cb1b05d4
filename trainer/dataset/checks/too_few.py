"""Whether there are examples enough for the method, and items enough to tell whether it helped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from trainer.contract import Finding
from trainer.dataset.checks._base import found
from trainer.dataset.thresholds import Number, examples_for
from trainer.dataset.view import View

TEST_ITEMS = 20
"""Held-out items below which hardly any difference can be told from chance: with 20, base and
tuned have to differ on six items one way for a two-sided sign test of 5%."""
_SAYS = {
    "error": "No service trains on fewer, since nothing can be learned.",
    "warning": "A try with so few shows little.",
    "note": "It may do for a pilot; for a release more are usual.",
}


def find(view: View) -> Iterator[Finding]:
    """The gravest of the method's limits that the rows fall below; and too small a test."""
    many = len(view.train)
    order: tuple[Literal["error", "warning", "note"], ...] = ("error", "warning", "note")
    limits = examples_for(view.spec.method)
    for severity in order:
        limit = limits.get(severity)
        if limit is not None and many < limit.value:
            yield _too_few(severity, many, limit)
            break
    yield from _small_test(view)


def _too_few(severity: Literal["error", "warning", "note"], many: int, limit: Number) -> Finding:
    return found(
        severity,
        "Too few examples" if severity != "note" else "Few examples",
        f"There are {many:,} examples; the limit is {limit.value:,.0f}. {_SAYS[severity]}",
        "Add careful examples like those in use, or begin with fewer in the prompt.",
        sources=limit.sources,
    )


def _small_test(view: View) -> Iterator[Finding]:
    held = len(view.rows("test"))
    if "test" not in view.files:
        held = round(len(view.train) * view.spec.data.test_share)
    if held < TEST_ITEMS:
        yield found(
            "warning",
            "Hardly anything to test on",
            f"About {held} items are held out; below {TEST_ITEMS} only a very large "
            "difference can be told from chance.",
            "Add rows, or hold out a larger share.",
            file="test",
            sources=("AZ-eval",),
        )
