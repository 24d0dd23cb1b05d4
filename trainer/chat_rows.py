"""The prepared rows of a run as tokens with labels."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.context import Run
from trainer.dataset.rendering import IGNORED, Renderer, Unrenderable
from trainer.dataset.rows import BadRow, Row, read
from trainer.failures import RunFailure


@dataclass(frozen=True, slots=True)
class Tokens:
    """Ids and labels of each row, cut to the longest length."""

    ids: list[list[int]]
    labels: list[list[int]]
    dropped: int = 0
    """Rows without a token to learn."""

    def for_rehearsal(self, each: int, steps: int) -> Tokens:
        """Rows for so many steps of ``each``: first the longest, then those of middle length."""
        order = sorted(range(len(self.ids)), key=lambda place: -len(self.ids[place]))
        middle = order[max(0, len(order) // 2 - each // 2) :]
        chosen = _times(order, each) + _times(middle, each) * (steps - 1)
        return Tokens([self.ids[one] for one in chosen], [self.labels[one] for one in chosen])


def _times(places: list[int], many: int) -> list[int]:
    """The first ``many`` places, over again where there are fewer."""
    return [places[one % len(places)] for one in range(many)]


def read_rows(run: Run, part: str, most: int | None = None) -> list[Row]:
    """The first rows of a part; none where there is no such part.

    Raises:
        RunFailure: ``bad_data`` at a line that is no row: preparing should have kept it out.
    """
    path = run.part(part)
    rows: list[Row] = []
    for item in read(path) if path else ():
        if isinstance(item, BadRow):
            raise RunFailure("bad_data", f"Row {item.number} of {part}: {item.why}.")
        rows.append(item)
        if len(rows) == most:
            break
    return rows


def read_tokens(
    run: Run, part: str, longest: int, most: int | None = None, *, everything: bool = False
) -> Tokens | None:
    """A part of the data as tokens, with loss on all of them if asked; None where there is none.

    Raises:
        RunFailure: ``bad_data`` where a row cannot be rendered.
    """
    rows = read_rows(run, part, most)
    if not rows:
        return None
    try:
        renderer = Renderer(run.tokenizer())
        found = [renderer.render(row) for row in rows]
    except Unrenderable as error:
        raise RunFailure("bad_data", f"Some row of {part} cannot be rendered: {error}") from error
    pairs = [
        (list(one.ids[:longest]), list(one.ids[:longest]) if everything else one.labels(longest))
        for one in found
    ]
    kept = [(ids, labels) for ids, labels in pairs if any(one != IGNORED for one in labels)]
    return Tokens([ids for ids, _ in kept], [labels for _, labels in kept], len(pairs) - len(kept))
