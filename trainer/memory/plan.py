"""How a model is trained or served, as far as it decides memory and time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from trainer.memory.conventions import BITS, CONVENTIONS, Convention, Optimizer, Precision
from trainer.memory.lora import ALL_LINEAR

Tuning = Literal["lora", "qlora", "full", "inference"]
Compute = Literal["float32", "bfloat16", "float16"]
Checkpointing = Literal["none", "full"]
Attention = Literal["flash", "eager"]
Loss = Literal["fused", "materialised"]
GIB = 2**30
CONTEXT = GIB // 2
"""Memory that CUDA takes before the first tensor: 0.3 to 2 GiB (D15); about this on newer cards."""
WORKSPACE = 2**26
"""What matrix products on CUDA work in: 32 MiB each for cuBLAS and cuBLASLt on Hopper cards."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One way of training (or serving) a model. Lengths are in tokens, padding included."""

    tuning: Tuning = "lora"
    precision: Precision = "bfloat16"
    """Of the base's weights."""
    compute: Compute = "bfloat16"
    """Of what layers compute."""
    adapter: Compute = "float32"
    """Of LoRA's weights: PEFT keeps them in 32 bit unless told otherwise."""
    autocast: bool = True
    """Whether 16-bit computing is torch's autocast, which casts inputs of every matrix anew."""
    convention: str = ""
    """A key of `CONVENTIONS` for weights that are trained in full; empty: by ``compute``."""
    optimizer: Optimizer = "adamw"
    rank: int = 16
    targets: str | tuple[str, ...] = ALL_LINEAR
    dropout: float = 0.0
    """LoRA's."""
    batch: int = 1
    length: int = 1024
    target_length: int | None = None
    """Tokens of the decoder's side of an encoder-decoder; None: as ``length``."""
    checkpointing: Checkpointing = "none"
    attention: Attention = "flash"
    """``flash`` for every kernel that keeps no square of the length (SDPA, FlashAttention)."""
    loss: Loss = "fused"
    """``fused``: TRL's, without all logits at once; ``materialised``: Transformers' own."""
    labels: int = 0
    """Classes of a classification head; 0: the model keeps its own head, if it has one."""
    gradients_stay: bool = False
    """Whether gradients are there from the first layer on: accumulation, or PyTorch before 2.0."""
    context: int = CONTEXT
    workspace: int = WORKSPACE

    @property
    def tokens(self) -> int:
        """Tokens of a step on the device, without accumulation."""
        return self.batch * self.length

    @property
    def trains(self) -> bool:
        """Whether anything is trained."""
        return self.tuning != "inference"

    @property
    def adapts(self) -> bool:
        """Whether LoRA adapters are trained."""
        return self.tuning in ("lora", "qlora")

    @property
    def whole(self) -> Convention:
        """The convention for weights that are trained in full."""
        return CONVENTIONS[self.convention or ("fp32" if self.compute == "float32" else "amp")]

    @property
    def base(self) -> Precision:
        """Precision of the base's weights on the device."""
        if self.tuning == "qlora" and BITS[self.precision] > 8:
            return "nf4_double"
        return self.precision

    @property
    def unquantised(self) -> Compute:
        """Precision of embeddings, norms and heads."""
        if self.base in ("float32", "bfloat16", "float16"):
            return self.base
        return self.compute
