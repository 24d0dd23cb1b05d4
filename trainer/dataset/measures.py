"""What the rows of a file come to as tokens: lengths, what is trained, what is cut off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from trainer.contract import ShownRow, ShownToken
from trainer.dataset.rendering import Rendered, Renderer, Unrenderable
from trainer.dataset.rows import Row

HEADS = frozenset({"classification_head"})
"""Methods that learn a label for a text, without a template."""
SAMPLES = 3
"""Rows that are shown token by token."""


@dataclass(slots=True)
class Measures:
    """Of each row in order, counts of tokens; and rows (by number) that something is odd about."""

    tokens: list[int] = field(default_factory=list)
    trained: list[int] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)
    """Trained tokens within the longest length."""
    refused: dict[int, str] = field(default_factory=dict)
    """Row -> why the chat template refuses it."""
    lost: list[int] = field(default_factory=list)
    """Rows of which the template does not write out the answer."""
    endless: list[int] = field(default_factory=list)
    """Rows whose last trained token is none that ends a turn."""
    samples: list[ShownRow] = field(default_factory=list)


def measure(
    rows: Sequence[Row], tokenizer: Any, method: str, longest: int | None, file: str
) -> Measures:
    """Render every row as the method does; raises Unrenderable where no row can be."""
    shown = _chosen(rows)
    if method in HEADS:
        return _of_texts(rows, tokenizer, longest, file, shown)
    made, renderer = Measures(), Renderer(tokenizer)
    for row, rendered in zip(rows, renderer.render_all(rows), strict=True):
        if isinstance(rendered, Unrenderable):
            made.refused[row.number] = str(rendered)
            for counts in (made.tokens, made.trained, made.kept):
                counts.append(0)
            continue
        _count(made, row, rendered, renderer.control, longest)
        if row.number in shown:
            made.samples.append(rendered.shown(row.number, file, longest))
    return made


def _count(
    made: Measures, row: Row, rendered: Rendered, control: tuple[str, ...], longest: int | None
) -> None:
    made.tokens.append(len(rendered.ids))
    made.trained.append(sum(rendered.trained))
    made.kept.append(sum(rendered.trained[:longest]))
    last = max((place for place, one in enumerate(rendered.trained) if one), default=None)
    if last is None:
        return
    ending = rendered.text[: rendered.places[last][1]].rstrip()
    if not ending.endswith(control or ("\0",)):
        made.endless.append(row.number)
    answer = row.messages[row.last_answer or 0]["content"].strip()
    if answer.rpartition("</think>")[2].strip() not in rendered.text:
        made.lost.append(row.number)


def _of_texts(
    rows: Sequence[Row], tokenizer: Any, longest: int | None, file: str, shown: Iterable[int]
) -> Measures:
    """Counts where a label is learned for a text: the label is no token, so ``trained`` is 1."""
    made = Measures()
    for row in rows:
        ids = tokenizer(row.question, verbose=False)["input_ids"]
        made.tokens.append(len(ids))
        has_label = int(bool(row.target.strip()))
        made.trained.append(has_label)
        made.kept.append(has_label)
        if row.number in shown:
            texts = [tokenizer.decode([one]) for one in ids[:longest]]
            tokens = [ShownToken(text=f"{text} ", trained=False) for text in texts[:600]]
            label = ShownToken(text=row.target.strip(), trained=True)
            cut = len(ids) - len(texts)
            made.samples.append(
                ShownRow(row=row.number, file=file, tokens=(*tokens, label), cut=cut)
            )
    return made


def _chosen(rows: Sequence[Row]) -> set[int]:
    """Rows to show: the first, one from the middle, and the longest."""
    if not rows:
        return set()
    longest = max(rows, key=lambda row: sum(len(item["content"]) for item in row.messages))
    return {rows[0].number, rows[len(rows) // 2].number, longest.number}
