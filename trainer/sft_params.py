"""Settings of supervised finetuning."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import model_validator

from trainer.params import TrainingParams, setting

FULL_RATE = 2e-5
"""The learning rate where all weights are trained: a tenth of an adapter's (LWR)."""


class Params(TrainingParams):
    """Settings of supervised finetuning."""

    adapter: Literal["lora", "qlora", "full"] = setting(
        "lora",
        "What is trained",
        "An adapter (lora), an adapter on a base of 4 bits where memory is short (qlora: CUDA, "
        "slower steps), or all weights (full).",
        "AIE7",
        "LWR",
        "LLF",
    )
    rank: int = setting(
        16,
        "Rank",
        "How much an adapter can hold. Higher for large and diverse data only.",
        "UNS",
        "WSH",
        ge=1,
        le=1024,
    )
    alpha: int = setting(
        32, "Alpha", "The adapter's weight is alpha / rank.", "WSH", "KOR", ge=1, le=4096
    )
    dropout: float = setting(
        0.0, "Dropout", "The share of the adapter's inputs left out at random.", ge=0, lt=1
    )
    targets: tuple[str, ...] = setting(
        ("all-linear",),
        "Layers",
        "Which layers have an adapter: all-linear, or the names of modules.",
        "TRL",
    )
    learn_from: Literal["answers", "everything"] = setting(
        "answers",
        "Learned from",
        "The assistant's words alone, or every word of a row, as when a model is begun.",
    )
    packing: Literal["auto", "on", "off"] = setting(
        "auto",
        "Rows joined without padding",
        "Joined rows cost no padding. Auto: where the kind of attention gains by it and the model "
        "keeps rows apart, which is tried; else rows of like length go together.",
    )
    recompute: Literal["auto", "on", "off"] = setting(
        "auto",
        "Activations computed again",
        "Less memory for a third more time. Auto: on a GPU.",
        "KTH",
    )

    @model_validator(mode="before")
    @classmethod
    def _slower_in_full(cls, given: Any) -> Any:
        if isinstance(given, dict) and given.get("adapter") == "full":
            return {"learning_rate": FULL_RATE, **given}
        return given
