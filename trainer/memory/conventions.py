"""How many bytes a parameter takes, and by whose convention.

Published figures differ because they count different copies of a weight (rulebook source F14): the
same 7 B model trained in full takes 56, 84, 112 or 126 GB. An estimate always names its convention.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Precision = Literal["float32", "bfloat16", "float16", "int8", "nf4", "nf4_double"]
Optimizer = Literal["adamw", "adamw_8bit", "momentum", "sgd"]

BITS: Mapping[Precision, float] = MappingProxyType(
    {
        "float32": 32.0,
        "bfloat16": 16.0,
        "float16": 16.0,
        "int8": 8.0,
        # Four bits and the constants of quantisation: one 32-bit number for 64 weights, or with
        # double quantisation an 8-bit one, and one 32-bit number for 256 of these (QLoRA, D11).
        "nf4": 4 + 32 / 64,
        "nf4_double": 4 + 8 / 64 + 32 / (64 * 256),
    }
)
"""Bits of a quantised or plain weight. Embeddings, norms and heads are never quantised."""

STATE_BYTES: Mapping[Optimizer, float] = MappingProxyType(
    {"adamw": 8.0, "adamw_8bit": 2.0, "momentum": 4.0, "sgd": 0.0}
)
"""Bytes of optimizer state a trained parameter, where states are 32-bit (HFM, D04)."""

INFERENCE_OVERHEAD = 1.2
"""Memory to serve over memory of weights, as a rule of thumb (AIE-inf, D03)."""


@dataclass(frozen=True, slots=True)
class Convention:
    """Bytes a trained parameter: what is counted as weights, gradients and optimizer."""

    name: str
    weights: float
    gradients: float
    optimizer: float
    words: str
    source: str

    @property
    def total(self) -> float:
        """Bytes a trained parameter, without activations."""
        return self.weights + self.gradients + self.optimizer


_ALL = (
    Convention("pure_16bit", 2, 2, 4, "weights, gradients and Adam's states in 16 bit", "AIE7"),
    Convention("qlora_paper", 2, 2, 8, "16-bit weights and gradients, 32-bit states", "QLR"),
    Convention("fp32", 4, 4, 8, "everything in 32 bit", "ELE"),
    Convention("zero_16", 2, 2, 12, "16-bit weights and gradients, 32-bit master copy", "ELE"),
    Convention("zero", 2, 4, 12, "16-bit weights, 32-bit gradients and master copy", "ELE"),
    Convention("amp", 6, 4, 8, "32-bit weights with a 16-bit copy, 32-bit gradients", "HFM"),
)
CONVENTIONS: Mapping[str, Convention] = MappingProxyType({one.name: one for one in _ALL})


def of_optimizer(convention: Convention, optimizer: Optimizer) -> Convention:
    """The same convention with another optimizer than AdamW.

    States keep their share: where Adam's two take 4 bytes instead of 8, those of others halve too.
    """
    if optimizer == "adamw":
        return convention
    master = max(0.0, convention.optimizer - STATE_BYTES["adamw"])
    halved = min(1.0, convention.optimizer / STATE_BYTES["adamw"])
    states = STATE_BYTES[optimizer] * (1.0 if optimizer == "adamw_8bit" else halved)
    return Convention(
        f"{convention.name}, {optimizer}",
        convention.weights,
        convention.gradients,
        master + states,
        convention.words,
        convention.source,
    )


def serving_bytes(parameters: float, precision: Precision) -> float:
    """Bytes to serve a model by the rule of thumb: its weights and a fifth more."""
    return parameters * BITS[precision] / 8 * INFERENCE_OVERHEAD


def key_value_bytes(layers: int, kv_width: int, tokens: int, width: float = 2) -> float:
    """Bytes of the cache of keys and values for so many tokens (D24)."""
    return 2 * width * layers * kv_width * tokens
