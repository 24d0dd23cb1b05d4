"""How many of the answers decline: a model refuses about as often as its examples do."""

from __future__ import annotations

from collections.abc import Iterator

from trainer.contract import Finding
from trainer.dataset.checks._base import found, share
from trainer.dataset.thresholds import number
from trainer.dataset.view import View
from trainer.refusals import refuses


def find(view: View) -> Iterator[Finding]:
    """The share of refusals in train, and items about refusals that do not say what they expect."""
    rows = [row.number for row in view.train if refuses(row.target)]
    high = number("refusal_share_high")
    if rows:
        many = len(rows) >= high.value * len(view.train)
        yield found(
            "warning" if many else "note",
            "Many answers decline" if many else "Some answers decline",
            f"{share(len(rows), len(view.train))} decline what was asked. A model refuses "
            "about as often as its examples do.",
            "Keep as many refusals as there are requests in use that should be declined.",
            rows,
            sources=high.sources,
        )
    unsaid = [row.number for row in view.rows("safety") if not row.expect]
    if unsaid:
        yield found(
            "error",
            "Items about refusals that do not say what is expected",
            'Each has to say "expect": "refuse" or "answer".',
            "Add expect to these items.",
            unsaid,
            file="safety",
        )
