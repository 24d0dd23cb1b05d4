"""Sorts texts into labels: a classification head with LoRA on an encoder, calibrated.

The text is what was asked; the label is what the assistant answered. The system's words, the same
in every row, are left out. Its baseline is the untrained encoder: the label whose name is nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from trainer.head_params import METHOD, Params

if TYPE_CHECKING:
    from trainer.context import Run
    from trainer.dataset.rows import Row
    from trainer.generate import Answer

__all__ = ["NAME", "TITLE", "Params", "answers", "fit", "rehearse", "tuned"]

NAME = METHOD
TITLE = "Classification head on an encoder"


def fit(run: Run) -> dict[str, Any]:
    """Train, calibrate, and leave the head with its adapter in the run's folder."""
    from trainer.heads import fit_head

    return fit_head(run)


def rehearse(run: Run, steps: int) -> dict[str, Any]:
    """Train so many steps, the first on the longest rows, and forget them; memory and time."""
    from trainer.heads import rehearse_head

    return rehearse_head(run, steps)


def answers(
    run: Run,
    which: Literal["base", "tuned"],
    rows: Sequence[Row],
    before: Callable[[int], None],
) -> list[Answer]:
    """The label of each row: by the trained head, or by the name nearest to the untrained one."""
    from trainer.heads import labelled, nearest

    return (nearest if which == "base" else labelled)(run, rows, before)


def tuned(run: Run) -> Any:
    """The trained model, with its adapter as it was saved."""
    from trainer.heads import tuned_head

    return tuned_head(run)
