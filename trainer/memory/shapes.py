"""What of a model's architecture decides its memory: its matrices and how wide a token is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

Norm = Literal["rms", "layer"]


class UnknownShape(ValueError):
    """A configuration whose memory cannot be worked out; the text says why."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """A linear layer that occurs ``count`` times: ``d_in`` → ``d_out`` values a token."""

    name: str
    """The last part of the module's name, as LoRA targets have it."""
    d_in: int
    d_out: int
    count: int
    role: str = ""
    """``q``, ``k``, ``v``, ``o``, ``gate``, ``up`` or ``down``; of a fused one empty."""
    bias: bool = False
    parts: Mapping[str, int] = field(default_factory=dict, hash=False)
    """Of a fused matrix: role -> its share of ``d_out``."""

    @property
    def parameters(self) -> int:
        """Of all its occurrences."""
        return self.count * (self.d_in * self.d_out + (self.d_out if self.bias else 0))


@dataclass(frozen=True, slots=True)
class ModelShape:
    """A transformer in numbers. Widths are values a token; ``layers`` are all blocks together."""

    family: str
    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn: int
    vocab: int
    matrices: tuple[Matrix, ...]
    """All linear layers of the blocks, without the language model's head."""
    embeddings: int
    """Parameters of all tables that tokens, positions and types are looked up in."""
    head: int
    """Parameters of a language model's head of its own; 0 where it is the embedding's table."""
    norms: int
    """Parameters of norms and whatever else is small."""
    gated: bool = True
    activation: int = 1
    """Tensors as wide as the MLP that its activation function keeps: more than one where it is
    written out in several operations."""
    norm: Norm = "rms"
    causal: bool = True
    """Whether it ends in a language model's head (else it encodes: BERT and alike)."""
    positions: int = 0
    """The longest text in tokens, where the configuration says it."""
    cross_layers: int = 0
    """Of an encoder-decoder: blocks that attend to the encoder as well."""
    pooler: int = 0
    """Parameters of a dense layer at an encoder's end, which classification uses or drops."""

    @property
    def linear(self) -> int:
        """Parameters of the blocks' matrices: what quantisation shrinks."""
        return sum(matrix.parameters for matrix in self.matrices)

    @property
    def parameters(self) -> int:
        """All parameters."""
        return self.linear + self.embeddings + self.head + self.norms + self.pooler

    @property
    def q_width(self) -> int:
        """Values of a token's query, over all heads."""
        return self.heads * self.head_dim

    @property
    def kv_width(self) -> int:
        """Values of a token's key, and of its value."""
        return self.kv_heads * self.head_dim

    @property
    def fused(self) -> bool:
        """Whether query, key and value come out of one matrix."""
        return any(matrix.parts.keys() >= {"q", "k", "v"} for matrix in self.matrices)

    def matrix(self, role: str) -> Matrix | None:
        """The first matrix with a role, or that holds it."""
        return next((one for one in self.matrices if role == one.role or role in one.parts), None)

    def by_role(self, role: str) -> Iterator[Matrix]:
        """Every matrix with a role, or that holds it."""
        return (one for one in self.matrices if role == one.role or role in one.parts)
