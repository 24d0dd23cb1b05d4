"""What is left of rows as tokens: cut off, nothing trained, refused by the template."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from trainer.contract import Finding
from trainer.dataset.checks._base import found, share
from trainer.dataset.measures import Measures
from trainer.dataset.view import View


def find(view: View) -> Iterator[Finding]:
    """Rows that lose tokens or train nothing; a job with nothing to train on is refused."""
    made = view.measures.get("train")
    if made is None:
        return
    yield from _refused(made)
    yield from _untrained(view, made)
    yield from _cut(view, made)
    yield from _odd(made)
    yield from _control(view)


def _refused(made: Measures) -> Iterator[Finding]:
    kinds: dict[str, list[int]] = defaultdict(list)
    for row, why in made.refused.items():
        kinds[why].append(row)
    for why, rows in kinds.items():
        yield found(
            "error",
            "Rows that the chat template refuses",
            why,
            "Bring the messages into the order that the base model knows, or take another "
            "base model.",
            rows,
        )


def _untrained(view: View, made: Measures) -> Iterator[Finding]:
    rows = [
        row.number
        for row, kept in zip(view.train, made.kept, strict=True)
        if not kept and row.number not in made.refused
    ]
    if not rows:
        return
    nothing = not any(made.kept)
    yield found(
        "error" if nothing else "warning",
        "Nothing to train on" if nothing else "Rows without any trained token",
        f"{share(len(rows), len(view.train))} have no token with loss: every answer has "
        "weight 0, or lies beyond the longest length.",
        "Raise the longest length, shorten what comes before the answer, or take the rows out.",
        rows,
    )


def _cut(view: View, made: Measures) -> Iterator[Finding]:
    longest = view.longest or 0
    rows = [
        row.number
        for row, tokens in zip(view.train, made.tokens, strict=True)
        if longest and tokens > longest
    ]
    if rows:
        yield found(
            "warning",
            "Rows that are cut off",
            f"{share(len(rows), len(view.train))} are longer than {longest:,} tokens; the "
            f"longest has {max(made.tokens):,}. An answer that is cut teaches the model to stop in "
            "the middle.",
            "Raise max_length, shorten the rows, or take them out.",
            rows,
            sources=("AZ-data",),
        )


def _odd(made: Measures) -> Iterator[Finding]:
    if made.lost:
        yield found(
            "warning",
            "Answers that the chat template does not write out",
            "The words of the answer are not in the text that the model sees.",
            "Look at a sample row; take a base model whose template writes plain text.",
            made.lost,
        )
    if made.endless:
        yield found(
            "warning",
            "Answers without an end",
            "No token that ends a turn is trained, so the model will not learn to stop.",
            "Take a chat template that ends the assistant's turn with the model's end token.",
            made.endless,
        )


def _control(view: View) -> Iterator[Finding]:
    rows: dict[str, list[int]] = defaultdict(list)
    for row in view.train:
        said = "\n".join(message["content"] for message in row.messages)
        for token in view.control:
            if token in said:
                rows[token].append(row.number)
    for token, numbers in rows.items():
        yield found(
            "error",
            "Text that steers the model",
            f"These rows hold {token}, which the model reads as its own sign and not as text.",
            "Take the sign out, or write it otherwise.",
            numbers,
        )
