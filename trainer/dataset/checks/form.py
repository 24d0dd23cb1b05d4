"""Rows that cannot be read, and targets that have not the form that the task asks for."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator

from trainer.contract import Finding
from trainer.dataset.checks._base import found, share
from trainer.dataset.parts import LEARNT
from trainer.dataset.view import View
from trainer.scoring import has_form, score

_PLACE = re.compile(r"message \d+: ?|at (?:byte|column) \d+")


def find(view: View) -> Iterator[Finding]:
    """Bad rows by what is wrong with them; targets that would be scored as malformed."""
    for part, loaded in view.files.items():
        kinds: dict[str, list[int]] = defaultdict(list)
        for bad in loaded.bad:
            kinds[_PLACE.sub("", bad.why).strip()].append(bad.number)
        for why, rows in kinds.items():
            yield found(
                "error",
                "Rows that cannot be read",
                why[:1].upper() + why[1:] + ".",
                "Mend these rows or take them out.",
                rows,
                file=part,
            )
        if loaded.bad_count > len(loaded.bad):
            yield found(
                "error",
                "More rows that cannot be read",
                f"{loaded.bad_count:,} rows in all; the first {len(loaded.bad):,} are named.",
                "Mend what is named and check again.",
                file=part,
            )
    if not view.train and not view.files["train"].bad_count:
        yield found(
            "error",
            "No rows",
            "The file has nothing to learn from.",
            "Give a file with one row a line.",
        )
    if has_form(view.spec.task):
        yield from _malformed(view)


def _malformed(view: View) -> Iterator[Finding]:
    task = view.spec.task
    for part in LEARNT:
        rows = view.rows(part)
        bad = [
            row.number for row in rows if score(task, row.target, row.target).well_formed is False
        ]
        if bad:
            yield found(
                "error" if len(bad) == len(rows) else "warning",
                "Answers without the form that the task asks for",
                f"{share(len(bad), len(rows))} would be scored as malformed ({task.score}).",
                "Bring the answers into the form, or change how the task is scored.",
                bad,
                file=part,
                sources=("AZ-data",),
            )
