"""What a model in training says to a few prompts, for people to read."""

from __future__ import annotations

from typing import Any

import torch

from trainer.chat_rows import read_rows
from trainer.context import Run
from trainer.dataset.rendering import Renderer
from trainer.loop import Sampler

MOST_TOKENS, MOST_CHARACTERS = 64, 2000


def sampler(run: Run, many: int) -> Sampler:
    """Tells greedy answers to the first prompts of validation, else of train."""
    part = "validation" if run.part("validation") else "train"
    rows = read_rows(run, part, many)
    renderer = Renderer(run.tokenizer())
    prompts = [(renderer.prompt(row), row.target) for row in rows]

    def sample(model: Any, step: int) -> None:
        for place, (prompt, reference) in enumerate(prompts):
            output = answer(model, run, prompt)
            data = {"prompt": prompt, "reference": reference, "output": output}
            shown = {key: text[-MOST_CHARACTERS:] for key, text in data.items()}
            run.tell("sample", f"sample:{step}:{place}", shown, step)

    return sample


def answer(model: Any, run: Run, prompt: str) -> str:
    """The greedy continuation of a rendered prompt, without control tokens."""
    tokenizer: Any = run.tokenizer()
    inputs = tokenizer(prompt, return_tensors="pt", add_special_tokens=False).to(model.device)
    was_training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            made = model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                max_new_tokens=min(MOST_TOKENS, run.spec.evaluation.max_new_tokens),
                do_sample=False,
                use_cache=True,
                pad_token_id=tokenizer.pad_token_id,
                eos_token_id=_ends(model, tokenizer),
            )
    finally:
        model.train(was_training)
    new = made[0, inputs["input_ids"].shape[1] :]
    return str(tokenizer.decode(new, skip_special_tokens=True))


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """Tokens that end an answer: the tokenizer's and those of the model's own settings."""
    own = model.generation_config.eos_token_id
    listed = own if isinstance(own, list) else [own]
    return sorted({one for one in [*listed, tokenizer.eos_token_id] if one is not None})
