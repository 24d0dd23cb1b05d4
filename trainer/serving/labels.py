"""Classifiers in the model server: the answer to a chat is the likeliest label of its question."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.device import DeviceChoice
from trainer.models import load_as, load_tokenizer
from trainer.serving.choosing import choose
from trainer.serving.protocol import Alternative, Ask, Chance, Done, Ended, Piece
from trainer.serving.specs import spec_for

LABELS = "labels.json"


@dataclass
class Head:
    """A classifier in memory; ``labels`` are in the order of its scores."""

    model: Any
    tokenizer: Any
    labels: list[str]
    bytes: int
    used: int = 0


def is_head(folder: str) -> bool:
    """Whether a folder holds a trained classifier."""
    return bool(folder) and (Path(folder) / LABELS).is_file()


def load_head(ask: Ask, device: DeviceChoice) -> Head:
    """The classifier that a request names; raises RunFailure, or what loading raises."""
    from transformers import AutoModelForSequenceClassification

    folder = Path(ask.adapter)
    labels: list[str] = json.loads((folder / LABELS).read_text(encoding="utf-8"))
    adapted = (folder / "adapter_config.json").is_file()
    tokenizer: Any = load_tokenizer(spec_for(ask.model, ask.revision))
    model = load_as(
        AutoModelForSequenceClassification,
        spec_for(ask.model, ask.revision) if adapted else spec_for(ask.adapter),
        device,
        num_labels=len(labels),
    )
    model.config.pad_token_id = tokenizer.pad_token_id
    if adapted:
        from peft import PeftModel

        model = PeftModel.from_pretrained(model, ask.adapter).to(device.kind)
    size = sum(item.numel() * item.element_size() for item in model.parameters())
    return Head(model.eval(), tokenizer, labels, size)


def answers(head: Head, ask: Ask) -> list[Piece | Ended | Done]:
    """All that is told of a request: one label for each choice, always the likeliest."""
    import torch

    ids = head.tokenizer(
        question_of(ask),
        truncation=True,
        max_length=ask.most_read or head.tokenizer.model_max_length,
        return_tensors="pt",
    ).to(head.model.device)
    with torch.inference_mode():
        scores = head.model(**ids).logits[0]
    found = choose(scores, ask.model_copy(update={"temperature": 0, "bias": {}}), Counter(), None)
    top = tuple(Alternative(text=head.labels[one], chance=worth) for one, worth in found.top)
    label = head.labels[found.token]
    chances = (Chance(text=label, chance=found.chance, top=top),) if ask.chances else ()
    told: list[Piece | Ended | Done] = []
    for index in range(ask.choices):
        told.append(Piece(id=ask.id, choice=index, text=label, chances=chances))
        told.append(Ended(id=ask.id, choice=index, reason="stop"))
    read = int(ids["input_ids"].shape[1])
    return [*told, Done(id=ask.id, prompt_tokens=read, completion_tokens=ask.choices)]


def question_of(ask: Ask) -> str:
    """What is sorted: the last thing that the user said."""
    said = (item["content"] for item in reversed(ask.messages) if item.get("role") == "user")
    return str(next(said, ""))
