"""Sorts texts into labels: a classification head with LoRA on an encoder, calibrated.

The text is what was asked; the label is what the assistant answered. The system's words, the same
in every row, are left out. Its baseline is the untrained encoder: the label whose name is nearest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from trainer.methods._base import TrainingParams, setting

if TYPE_CHECKING:
    from trainer.context import Run
    from trainer.dataset.rows import Row
    from trainer.generate import Answer

NAME = "classification_head"
TITLE = "Classification head on an encoder"


class Params(TrainingParams):
    """Settings of a classification head."""

    adapter: Literal["lora", "full"] = setting(
        "lora",
        "What is trained",
        "The head with an adapter on the encoder (lora), or all weights (full).",
    )
    rank: int = setting(16, "Rank", "How much the adapter can hold.", "UNS", "WSH", ge=1, le=1024)
    alpha: int = setting(
        32, "Alpha", "The adapter's weight is alpha / rank.", "WSH", "KOR", ge=1, le=4096
    )
    learning_rate: float = setting(
        1e-3,
        "Learning rate",
        "How far each step goes. A new head learns from nothing, so it is higher than for text.",
        gt=0,
        le=1,
    )
    epochs: float | None = setting(5.0, "Epochs", "How often every row is seen.", gt=0, le=1000)
    batch_size: int = setting(
        32, "Rows a step", "How many rows each step learns from.", ge=1, le=4096
    )
    micro_batch_size: int = setting(
        32, "Rows at once", "How many of them the device holds at a time.", ge=1, le=4096
    )
    max_length: int = setting(
        128, "Longest text", "In tokens; what is beyond is cut off.", ge=8, le=1_048_576
    )
    samples: int = setting(0, "Samples", "A head says labels, of which none are shown.", ge=0, le=0)


def params_of(run: Run) -> Params:
    """The run's settings.

    Raises:
        RunFailure: ``bad_spec`` for what is none.
    """
    from pydantic import ValidationError

    from trainer.failures import RunFailure

    try:
        return Params(**run.spec.params)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise RunFailure("bad_spec", f"Settings of {NAME}. " + "; ".join(lines)) from error


def fit(run: Run) -> dict[str, Any]:
    """Train, calibrate, and leave the head with its adapter in the run's folder."""
    from trainer.heads import fit_head

    return fit_head(run, params_of(run))


def rehearse(run: Run, steps: int) -> dict[str, Any]:
    """Train so many steps, the first on the longest rows, and forget them; memory and time."""
    from trainer.heads import rehearse_head

    return rehearse_head(run, params_of(run), steps)


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


def untuned(run: Run) -> Any:
    """The base with an untrained head of the right shape, for an adapter to be put on."""
    from trainer.heads import head_of

    return head_of(run)
