"""Weights to begin with that already copy: what attention has to learn first takes it longest.

A small model answers out of its prompt by induction (Olsson et al. 2022, "In-context learning and
induction heads"): a head of the first layer notes for each token the one before it, and a head of
the second looks where the token at hand stood before and says what followed there. Left to itself
this network had learned neither after 300,000 tokens (8% to 10% of copied words right); begun with
both it copies 67% at once, and keeps them, since training goes on from there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

CONSTANT = 15.0
"""What the first dimension of every token is, in standard deviations of the others."""
SHARPNESS, MATCH = 40.0, 25.0
"""Scores of attention, before the softmax, of the token before and of a token found again."""
PLACES = 3
"""Pairs of dimensions, the fastest turning ones, that tell neighbours apart."""
STILL = 0.02
"""Radians a token below which a pair's turning does not hinder a comparison."""
NOTED, SAID, HUSHED = 2.0, 30.0, 0.2
"""How loud the first head and the second speak beside the token, and everything else."""
SPREAD, LOUDNESS = 0.4, 0.1
"""Standard deviation of embeddings, and the last norm's weight: so large that steps of Adam, which
are as large as the learning rate, bend what is there and do not wipe it out."""


@dataclass(frozen=True, slots=True)
class _Sizes:
    hidden: int
    head: int
    turns: list[float]
    """Radians that each pair of a head's dimensions turns by from token to token."""
    token: float
    constant: float
    """What a token's dimensions, and the constant one, are after the first norm."""

    @property
    def matching(self) -> list[int]:
        """The dimensions of a head that hardly turn."""
        half = len(self.turns)
        still = [place for place, turn in enumerate(self.turns) if turn <= STILL]
        return [*still, *(half + place for place in still)]


def begin_with_copying(model: Any, seed: int) -> None:
    """Give the first head of the first two layers of a fresh Llama its work; in place."""
    import torch

    sizes = _sizes(model.config)
    drawn = torch.Generator().manual_seed(seed)
    token, before, spoken = (
        _directions(many, sizes.hidden, drawn)
        for many in (len(sizes.matching), len(sizes.matching), sizes.head)
    )
    first, second = (layer.self_attn for layer in model.model.layers[:2])
    with torch.no_grad():
        _scale(model)
        _note_the_token_before(first, token, before, sizes)
        _find_again(second, token, before, spoken, sizes)


def _sizes(config: Any) -> _Sizes:
    head = config.hidden_size // config.num_attention_heads
    theta = config.rope_parameters["rope_theta"]
    root = math.sqrt((CONSTANT**2 + config.hidden_size - 1) / config.hidden_size)
    turns = [theta ** (-2 * place / head) for place in range(head // 2)]
    return _Sizes(config.hidden_size, head, turns, 1 / root, CONSTANT / root)


def _directions(many: int, hidden: int, drawn: Any) -> Any:
    """Rows at right angles to one another and to the constant dimension, (many, hidden)."""
    import torch

    found, _ = torch.linalg.qr(torch.randn(hidden - 1, many, generator=drawn))
    return torch.cat([torch.zeros(many, 1), found.T], dim=1)


def _scale(model: Any) -> None:
    embeddings, inner = model.model.embed_tokens.weight, model.model
    grown = SPREAD / model.config.initializer_range
    embeddings.mul_(grown)
    embeddings[:, 0] = CONSTANT * SPREAD
    inner.norm.weight.fill_(LOUDNESS)
    for place, layer in enumerate(inner.layers):
        loud = grown * (HUSHED if place < 2 else 1.0)
        layer.mlp.down_proj.weight.mul_(loud)
        layer.self_attn.o_proj.weight.mul_(loud)


def _note_the_token_before(layer: Any, token: Any, before: Any, sizes: _Sizes) -> None:
    """Keys are one vector, turned by their place; the query is the same, turned one back."""
    half, size = len(sizes.turns), sizes.head
    loud = math.sqrt(SHARPNESS * math.sqrt(size) / PLACES) / sizes.constant
    layer.q_proj.weight[:size] = 0
    layer.k_proj.weight[:size] = 0
    for place, turn in enumerate(sizes.turns[:PLACES]):
        layer.k_proj.weight[place, 0] = loud
        layer.q_proj.weight[place, 0] = loud * math.cos(turn)
        layer.q_proj.weight[place + half, 0] = -loud * math.sin(turn)
    _say(layer, token, before, NOTED, sizes)


def _find_again(layer: Any, token: Any, before: Any, spoken: Any, sizes: _Sizes) -> None:
    """Attend to where the token at hand is the one before, and say the token that stands there."""
    loud = math.sqrt(MATCH * math.sqrt(sizes.head) / len(sizes.matching)) / sizes.token
    layer.q_proj.weight[: sizes.head] = 0
    layer.k_proj.weight[: sizes.head] = 0
    layer.q_proj.weight[sizes.matching] = loud * token
    layer.k_proj.weight[sizes.matching] = loud / NOTED * before
    _say(layer, spoken, spoken, SAID, sizes)


def _say(layer: Any, read: Any, written: Any, loud: float, sizes: _Sizes) -> None:
    """The first head reads along some directions and writes along others."""
    layer.v_proj.weight[: sizes.head] = 0
    layer.v_proj.weight[: len(read)] = read
    layer.o_proj.weight[:, : sizes.head] = 0
    layer.o_proj.weight[:, : len(written)] = loud * SPREAD / sizes.token * written.T
