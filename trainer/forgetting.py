"""How well a model still reads general text: perplexity before and after training.

The text is what every machine with Python has: the reference topics of its own documentation, cut
into passages when it is measured. It is the same for both models, so that their difference counts
and not the figure itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

PASSAGES = 24
CHARACTERS = 1_000
"""Of a passage; with about four characters a token, some 6,000 tokens in all."""


def passages(most: int = PASSAGES) -> list[str]:
    """Passages of prose, evenly over all topics in order of their names."""
    from pydoc_data.topics import topics

    long = [text for _, text in sorted(topics.items()) if len(text) >= 2 * CHARACTERS]
    step = max(1, len(long) // most)
    # from the middle of a topic: its beginning is a heading and a grammar
    return [text[CHARACTERS // 2 :][:CHARACTERS] for text in long[::step][:most]]


def reading(
    model: Any,
    tokenizer: Any,
    texts: Sequence[str],
    before: Callable[[], None] = lambda: None,
) -> list[tuple[float, int]]:
    """Of each text its negative log-likelihood in nats, and the tokens that were predicted."""
    model.eval()
    found = []
    for text in texts:
        before()
        ids = tokenizer(text)["input_ids"]
        if len(ids) > 1:
            found.append((_nats(model, ids), len(ids) - 1))
    return found


def _nats(model: Any, ids: list[int]) -> float:
    import torch

    given = torch.tensor([ids], device=model.device)
    with torch.inference_mode():
        scores = model(input_ids=given).logits[0, :-1].float()
        return float(torch.nn.functional.cross_entropy(scores, given[0, 1:], reduction="sum"))
