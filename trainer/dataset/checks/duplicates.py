"""Rows that say the same: within the training file, and across files."""

from __future__ import annotations

import json
from collections.abc import Iterator

from trainer.contract import Finding
from trainer.dataset.checks._base import found, share
from trainer.dataset.parts import PARTS
from trainer.dataset.rows import Row
from trainer.dataset.similar import canonical
from trainer.dataset.view import View

NEEDS = "rensa"
MANY = 0.01
"""The share of test items that are trained on from which a verdict is void; our own judgement."""


def find(view: View) -> Iterator[Finding]:
    """Exact and near duplicates in train, then leaks between train and the other files."""
    yield from _within(view)
    for part in PARTS[1:]:
        yield from _leaks(view, part)


def _within(view: View) -> Iterator[Finding]:
    seen: set[str] = set()
    same = []
    for row in view.train:
        key = _whole(row)
        same += [row.number] if key in seen else []
        seen.add(key)
    if same:
        yield found(
            "warning",
            "Rows that are there twice",
            f"{share(len(same), len(view.train))} repeat an earlier row. What is repeated is "
            "learned by heart and counts more than the rest.",
            "Keep each of them once.",
            same,
            sources=("S4", "AZ-data"),
        )
    again = set(same)
    first: set[int] = set()
    near = []
    for row, cluster in zip(view.train, view.alike["train"], strict=True):
        near += [row.number] if cluster in first and row.number not in again else []
        first.add(cluster)
    if near:
        yield found(
            "note",
            "Questions that are nearly the same",
            f"{share(len(near), len(view.train))} ask nearly what an earlier row asks; they "
            "stay together when the data is split.",
            "Nothing, unless they were made by copying.",
            near,
            sources=("AZ-data",),
        )


def _leaks(view: View, part: str) -> Iterator[Finding]:
    rows = view.rows(part)
    if not rows:
        return
    trained = {canonical(row.question) for row in view.train}
    exact = [row.number for row in rows if canonical(row.question) in trained]
    held = part in ("validation", "test")
    if exact:
        yield found(
            "error" if part == "test" and len(exact) >= MANY * len(rows) else "warning",
            f"Items of {part} that are also trained on",
            f"{share(len(exact), len(rows))} stand word for word in train. The measure would "
            "praise what was learned by heart.",
            f"Take them out of train, or out of {part}.",
            exact,
            file=part,
            sources=("AZ-eval",),
        )
    groups = {row.group for row in view.train if row.group}
    shared = [row.number for row in rows if row.group in groups]
    if shared and held:
        yield found(
            "warning",
            f"Groups of {part} that are also trained on",
            f"{share(len(shared), len(rows))} belong to a group that train has rows of.",
            "Keep a group in one file, or give one file and let it be split.",
            shared,
            file=part,
            sources=("AZ-eval",),
        )
    learnt, known = set(view.alike["train"]), set(exact)
    near = [
        row.number
        for row, cluster in zip(rows, view.alike[part], strict=True)
        if cluster in learnt and row.number not in known
    ]
    if near:
        yield found(
            "warning" if held else "note",
            f"Items of {part} nearly like trained ones",
            f"{share(len(near), len(rows))} differ by a few characters from a row of train.",
            f"Take them out of train or {part}, or give one file and let it be split.",
            near,
            file=part,
            sources=("AZ-eval",),
        )


def _whole(row: Row) -> str:
    return json.dumps(
        [[item["role"], item["content"], item.get("tool_calls")] for item in row.messages]
    )
