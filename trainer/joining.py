"""Whether a model keeps rows apart that stand in one line without padding: tried, not believed."""

from __future__ import annotations

from typing import Any

import torch
from trl.trainer.sft_trainer import DataCollatorForLanguageModeling

LENGTH = 12
WORST = {torch.float32: 1e-3, torch.float64: 1e-3}
"""The largest difference of logits that is rounding; a leak is of the order of 1 (measured 1.9
against 7e-7 in float32)."""
WORST_HALF = 0.25
"""The same in 16 bits."""


def keeps_apart(model: Any) -> bool:
    """Whether a row's logits are the same alone and behind another row in one line."""
    size = int(model.get_input_embeddings().num_embeddings)
    one = [(7 * place + 3) % size for place in range(LENGTH)]
    other = [(11 * place + 5) % size for place in range(LENGTH)]
    collate = DataCollatorForLanguageModeling(pad_token_id=0, padding_free=True)
    was_training = model.training
    model.eval()
    try:
        joined = _logits(model, collate.torch_call([{"input_ids": one}, {"input_ids": other}]))
        alone = _logits(model, collate.torch_call([{"input_ids": other}]))
    finally:
        model.train(was_training)
    worst = (joined[0, LENGTH:] - alone[0]).abs().max().item()
    return bool(worst <= WORST.get(model.dtype, WORST_HALF))


@torch.no_grad()
def _logits(model: Any, inputs: dict[str, object]) -> torch.Tensor:
    given = {
        name: value.to(model.device) if isinstance(value, torch.Tensor) else value
        for name, value in inputs.items()
        if name not in ("labels", "seq_idx")
    }
    logits: torch.Tensor = model(**given, use_cache=False).logits
    return logits.float()
