"""Settings of a classification head."""

from __future__ import annotations

from typing import Any, Literal

from trainer.params import TrainingParams, setting, settings_of

METHOD = "classification_head"


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


def params_from(given: dict[str, Any]) -> Params:
    """The settings as a spec gives them.

    Raises:
        RunFailure: ``bad_spec`` for what is none.
    """
    return settings_of(Params, METHOD, given)
