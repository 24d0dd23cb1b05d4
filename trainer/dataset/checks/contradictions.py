"""Equal questions with different answers: nobody can learn both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from trainer.contract import Finding
from trainer.dataset.checks._base import found, share
from trainer.dataset.rows import said
from trainer.dataset.similar import canonical
from trainer.dataset.view import View


def find(view: View) -> Iterator[Finding]:
    """Rows of train whose whole prompt is equal to another's while the answer is not."""
    answers: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for row in view.train:
        prompt = "\0".join(f"{item['role']} {said(item)}" for item in row.prompt)
        answers[canonical(prompt)][canonical(row.target)].append(row.number)
    rows = sorted(
        number
        for targets in answers.values()
        if len(targets) > 1
        for numbers in targets.values()
        for number in numbers
    )
    if rows:
        yield found(
            "warning",
            "Equal questions with different answers",
            f"{share(len(rows), len(view.train))} are asked the same as another row and answer it "
            "otherwise. Where people disagree, the model cannot be better than they are.",
            "Decide which answer is right, or say in the question what makes the difference.",
            rows,
            sources=("OAI-BP",),
        )
