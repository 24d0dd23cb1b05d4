"""Which token follows: the likeliest, or one drawn by temperature and top-p."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from trainer.serving.protocol import Ask

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Choice:
    """A token, its log-probability in nats, and the likeliest ones at its place."""

    token: int
    chance: float = 0.0
    top: tuple[tuple[int, float], ...] = ()


def choose(
    logits: torch.Tensor, ask: Ask, seen: Counter[int], generator: torch.Generator | None
) -> Choice:
    """The token that follows; logits of one row, [vocabulary].

    Log-probabilities are the model's own: before penalties, bias, temperature and top-p.
    """
    logits = logits.float()
    token = _drawn(_weighed(logits, ask, seen), ask, generator)
    if not ask.chances:
        return Choice(token)
    chances = logits.log_softmax(-1)
    best = chances.topk(min(ask.top, chances.numel()))
    top = tuple(zip(best.indices.tolist(), best.values.tolist(), strict=True))
    return Choice(token, float(chances[token]), top)


def _weighed(logits: torch.Tensor, ask: Ask, seen: Counter[int]) -> torch.Tensor:
    """Penalties as the OpenAI reference gives them: each use of a token lowers its logit."""
    penalised = bool(seen) and (ask.frequency_penalty or ask.presence_penalty)
    if not penalised and not ask.bias:
        return logits
    logits = logits.clone()
    for token, count in seen.items() if penalised else ():
        logits[token] -= count * ask.frequency_penalty + ask.presence_penalty
    for token, added in ask.bias.items():
        if 0 <= token < logits.numel():
            logits[token] += added
    return logits


def _drawn(logits: torch.Tensor, ask: Ask, generator: torch.Generator | None) -> int:
    import torch

    if ask.temperature == 0:
        return int(logits.argmax())
    shares = (logits / ask.temperature).softmax(-1)
    if ask.top_p < 1:
        ranked = shares.sort(descending=True)
        # the token that passes the limit still counts, so at least one is left
        outside = ranked.values.cumsum(-1) - ranked.values >= ask.top_p
        shares[ranked.indices[outside]] = 0.0
    return int(torch.multinomial(shares, 1, generator=generator))
