"""Labels: how evenly they are spread, which are too rare, which are tested and never trained."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from trainer.contract import Finding
from trainer.dataset.checks._base import found, share
from trainer.dataset.view import View

LOPSIDED = 0.8
"""The share of one label from which always saying it looks good; our own judgement."""
RARE = 5
"""Rows of a label below which it is hardly learned or tested; our own judgement."""


def find(view: View) -> Iterator[Finding]:
    """Findings where the task is one of choosing a label."""
    if not (view.chooses or view.classifies):
        return
    counts = Counter(row.target.strip() for row in view.train)
    if not counts:
        return
    yield from _spread(view, counts)
    yield from _case(view, counts)
    for part in ("validation", "test"):
        new = [row.number for row in view.rows(part) if row.target.strip() not in counts]
        if new:
            yield found(
                "warning",
                f"Labels of {part} that are never trained",
                f"{share(len(new), len(view.rows(part)))} have a label that train has not.",
                "Add rows with these labels to train, or take the items out.",
                new,
                file=part,
                sources=("OAI-BP",),
            )


def _spread(view: View, counts: Counter[str]) -> Iterator[Finding]:
    total = counts.total()
    label, most = counts.most_common(1)[0]
    if view.classifies and len(counts) > total / 2:
        yield found(
            "error",
            "Answers that are no labels",
            f"There are {len(counts):,} different answers in {total:,} rows; labels repeat.",
            "Take the method sft, which learns texts, or write one of a few labels as each answer.",
        )
        return
    if len(counts) == 1:
        yield found(
            "error" if view.classifies else "warning",
            "Only one answer",
            f"Every row answers {label[:60]}. There is nothing to tell apart.",
            "Add rows with other answers.",
            sources=("OAI-BP",),
        )
    elif most >= LOPSIDED * total:
        yield found(
            "warning",
            "One label is nearly everything",
            f"{share(most, total)} answer {label[:60]}; always saying that would look good.",
            "Add rows of the other labels, and look at the score of each label.",
            sources=("OAI-BP", "OWN"),
        )
    rare = {label for label, many in counts.items() if many < RARE}
    if rare and len(counts) > 1:
        rows = [row.number for row in view.train if row.target.strip() in rare]
        yield found(
            "warning",
            "Labels with hardly any rows",
            f"{len(rare):,} of {len(counts):,} labels have fewer than {RARE} rows: "
            f"{', '.join(sorted(label[:40] for label in rare)[:10])}.",
            "Add rows for them, or join them with a label that is near.",
            rows,
            sources=("OAI-BP", "OWN"),
        )


def _case(view: View, counts: Counter[str]) -> Iterator[Finding]:
    """Labels that differ by case or white space alone are one label, written twice."""
    usual: dict[str, str] = {}
    for label, _ in counts.most_common():
        usual.setdefault(" ".join(label.casefold().split()), label)
    rows = [
        row.number
        for row in view.train
        if usual[" ".join(row.target.casefold().split())] != row.target.strip()
    ]
    if rows:
        yield found(
            "warning",
            "Labels written in two ways",
            "These labels differ from a more frequent one by case or white space alone.",
            "Write each label in one way.",
            rows,
        )
