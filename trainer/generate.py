"""Greedy answers of a causal model, in batches padded on the left, with log-probabilities.

Base, tuned and merged models are asked in the very same way: same template, same batches, nothing
sampled, and none of the habits (a penalty for repetition, say) that a model's folder may bring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """What a model said."""

    text: str
    tokens: tuple[int, ...] = ()
    """Ids, the one that ended the answer included."""
    logprobs: tuple[float, ...] = ()
    """Of each token, in nats."""


def answers(
    model: Any,
    tokenizer: Any,
    prompts: Sequence[str],
    *,
    most: int,
    batch_size: int = 16,
    before: Callable[[int], None] = lambda done: None,
) -> list[Answer]:
    """The greedy answer to each prompt (rendered text), at most ``most`` tokens long.

    ``before`` is called ahead of every batch with the number of prompts that are done; what it
    raises ends the work.
    """
    ids = [tokenizer(text, add_special_tokens=False)["input_ids"] for text in prompts]
    room = context_of(model) - most
    ids = [row[-room:] if 0 < room < len(row) else row for row in ids]
    # longest first: what does not fit into memory shows at once
    order = sorted(range(len(ids)), key=lambda place: (-len(ids[place]), place))
    found: dict[int, Answer] = {}
    with _plainly(model, tokenizer) as inner:
        for start in range(0, len(order), batch_size):
            before(len(found))
            batch = order[start : start + batch_size]
            made = _batch(inner, tokenizer, [ids[place] for place in batch], most)
            found |= dict(zip(batch, made, strict=True))
    return [found[place] for place in range(len(ids))]


def context_of(model: Any) -> int:
    """Tokens that the model can look at; very many where its config does not say."""
    return int(getattr(model.config, "max_position_embeddings", 0) or 1_000_000)


def ends_of(model: Any, tokenizer: Any) -> list[int]:
    """Ids of the tokens that end an answer, by the model's word and by its tokenizer's."""
    said = getattr(model.generation_config, "eos_token_id", None)
    ends = said if isinstance(said, list) else [said]
    return sorted({end for end in (*ends, tokenizer.eos_token_id) if end is not None})


@contextmanager
def _plainly(model: Any, tokenizer: Any) -> Iterator[Any]:
    """The model inside any adapter's wrapping, ready to answer and rid of its own habits."""
    from transformers import GenerationConfig

    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    before, training = inner.generation_config, inner.training
    settings: Any = GenerationConfig
    inner.generation_config = settings(
        do_sample=False,
        use_cache=True,
        eos_token_id=ends_of(inner, tokenizer),
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=before.bos_token_id,
    )
    model.eval()
    try:
        yield inner
    finally:
        inner.generation_config = before
        model.train(training)


def _batch(model: Any, tokenizer: Any, rows: list[list[int]], most: int) -> list[Answer]:
    """Answers to one batch; a batch too large for the device is halved."""
    import torch

    try:
        return _generated(model, tokenizer, rows, most)
    except torch.OutOfMemoryError:
        if len(rows) == 1:
            raise
    torch.cuda.empty_cache()
    middle = len(rows) // 2
    return [
        item
        for half in (rows[:middle], rows[middle:])
        for item in _batch(model, tokenizer, half, most)
    ]


def _generated(model: Any, tokenizer: Any, rows: list[list[int]], most: int) -> list[Answer]:
    import torch
    from transformers import LogitsProcessorList

    given = tokenizer.pad({"input_ids": rows}, padding_side="left", return_tensors="pt")
    given = given.to(model.device)
    kept: list[Any] = []

    def keep(_: Any, scores: Any) -> Any:
        # the greedy token is the likeliest, so its log-probability is the largest
        kept.append(scores.float().log_softmax(-1).amax(-1))
        return scores

    with torch.inference_mode():
        out = model.generate(
            input_ids=given["input_ids"],
            attention_mask=given["attention_mask"],
            max_new_tokens=most,
            logits_processor=LogitsProcessorList([keep]),
        )
    new = out[:, given["input_ids"].shape[1] :].tolist()
    worth = torch.stack(kept, dim=1).tolist()
    ends = set(model.generation_config.eos_token_id)
    return [_answer(tokenizer, *pair, ends) for pair in zip(new, worth, strict=True)]


def _answer(tokenizer: Any, ids: list[int], logprobs: list[float], ends: set[int]) -> Answer:
    stop = next((place + 1 for place, token in enumerate(ids) if token in ends), len(ids))
    text = tokenizer.decode(ids[:stop], skip_special_tokens=True)
    return Answer(text, tuple(ids[:stop]), tuple(logprobs[:stop]))
