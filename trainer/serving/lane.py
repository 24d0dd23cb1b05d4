"""Rows that one forward pass continues together: their keys and values, padded on the left."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class Batch:
    """Token rows of different lengths in one cache of keys and values.

    ``mask`` is [rows, length]: 0 where a row is padded, on its left.
    """

    def __init__(self, model: Any, prompts: Sequence[Sequence[int]], pad: int) -> None:
        import torch
        from transformers import DynamicCache

        self.model = model
        longest = max(map(len, prompts))
        rows = [[pad] * (longest - len(prompt)) + list(prompt) for prompt in prompts]
        masks = [[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts]
        self.next = torch.tensor(rows, device=model.device)
        self.mask = torch.tensor(masks, device=model.device)
        self.cache: Any = DynamicCache(config=model.config)
        self.extra = _extra(model)

    def forward(self, **adapters: Any) -> torch.Tensor:
        """Logits of each row's next token, [rows, vocabulary]."""
        import torch

        positions = (self.mask.cumsum(-1) - 1).clamp(min=0)[:, -self.next.shape[1] :]
        with torch.inference_mode():
            made = self.model(
                input_ids=self.next,
                attention_mask=self.mask,
                position_ids=positions,
                use_cache=True,
                **{self.extra["cache"]: self.cache},
                **self.extra["last"],
                **adapters,
            )
        logits: torch.Tensor = made.logits[:, -1]
        return logits

    def put(self, tokens: Sequence[int]) -> None:
        """Append one token to each row."""
        self.next = self.next.new_tensor(tokens).unsqueeze(1)
        self.mask = _widened(self.mask, right=1)

    def keep(self, rows: Sequence[int]) -> None:
        """Drop all rows but these, and the padding that none of them needs."""
        chosen = self.mask.new_tensor(rows)
        self.cache.batch_select_indices(chosen)
        self.mask, self.next = self.mask[chosen], self.next[chosen]
        self._trim()

    def joins(self, other: Batch) -> bool:
        """Whether the rows of both may go on in one batch: both wait for their next forward.

        Only plain layers are put together; windows and recurrent states go on by themselves.
        """
        return _plain(self.cache) and _plain(other.cache)

    def join(self, other: Batch) -> None:
        """Take over the rows of another batch, after one's own."""
        import torch
        from torch.nn.functional import pad

        held = [batch.cache.get_seq_length() for batch in (self, other)]
        left = [max(held) - length for length in held]
        for mine, theirs in zip(self.cache.layers, other.cache.layers, strict=True):
            for name in ("keys", "values"):
                parts = [
                    pad(getattr(layer, name), (0, 0, missing, 0))
                    for layer, missing in zip((mine, theirs), left, strict=True)
                ]
                setattr(mine, name, torch.cat(parts))
        masks = [_widened(self.mask, left[0]), _widened(other.mask, left[1])]
        self.mask = torch.cat(masks)
        self.next = torch.cat([self.next, other.next])

    def _trim(self) -> None:
        needless = int((self.mask.cumsum(-1) == 0).sum(-1).min())
        if needless and _plain(self.cache):
            self.mask = self.mask[:, needless:]
            for layer in self.cache.layers:
                layer.keys = layer.keys[..., needless:, :]
                layer.values = layer.values[..., needless:, :]


def _plain(cache: Any) -> bool:
    from transformers.cache_utils import DynamicLayer

    return all(type(layer) is DynamicLayer and layer.is_initialized for layer in cache.layers)


def _widened(mask: torch.Tensor, left: int = 0, right: int = 0) -> torch.Tensor:
    before = mask.new_zeros(mask.shape[0], left)
    after = mask.new_ones(mask.shape[0], right)
    import torch

    return torch.cat([before, mask, after], dim=1)


def _extra(model: Any) -> dict[str, Any]:
    """How this model's forward calls its cache, and how it is told to give the last logits only."""
    names = inspect.signature(_inner(model).forward).parameters
    cache = "cache" if "cache" in names else "past_key_values"
    return {"cache": cache, "last": {"logits_to_keep": 1} if "logits_to_keep" in names else {}}


def _inner(model: Any) -> Any:
    return model.get_base_model() if hasattr(model, "get_base_model") else model
