"""Supervised finetuning on chats: TRL's trainer with a LoRA adapter by default.

Loss is on the assistant's words alone, as `trainer.dataset.rendering` marks them for any template.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from trainer.sft_params import Params

if TYPE_CHECKING:
    from trainer.context import Run

__all__ = ["NAME", "TITLE", "Params", "fit", "params_of", "rehearse"]

NAME = "sft"
TITLE = "Supervised finetuning on conversations"


def params_of(run: Run) -> Params:
    """The run's settings; raises RunFailure for what is none.

    Raises:
        RunFailure: ``bad_spec``.
    """
    from pydantic import ValidationError

    from trainer.failures import RunFailure

    try:
        return Params(**run.spec.params)
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise RunFailure("bad_spec", "Settings of sft. " + "; ".join(lines)) from error


def fit(run: Run) -> dict[str, Any]:
    """Train and leave the adapter, or all weights, in the run's folder; the figures of it."""
    from trainer.chats import fit_chats

    return fit_chats(run, params_of(run))


def rehearse(run: Run, steps: int) -> dict[str, Any]:
    """Train so many steps, the first on the longest rows, and forget them; memory and time."""
    from trainer.chats import rehearse_chats

    return rehearse_chats(run, params_of(run), steps)
