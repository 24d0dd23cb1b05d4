"""A small cross-encoder, made here: it learns one pair that belongs together."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from evidence.models import embedding_place

OTHERS = ["Bread is baked from flour, water, salt and yeast.", "The linker stops.", "", "Le café."]


def cross_encoder(folder: Path, question: str, answer: str, outcomes: int = 1) -> str:
    """The folder of a model that puts this answer first, and others far below it."""
    torch: Any = importlib.import_module("torch")
    transformers: Any = importlib.import_module("transformers")
    words = transformers.AutoTokenizer.from_pretrained(embedding_place())
    torch.manual_seed(1)
    shape = transformers.BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=outcomes,
    )
    model = transformers.BertForSequenceClassification(shape)
    if outcomes == 1:
        _learn(torch, model, words, question, answer)
    model.save_pretrained(folder)
    words.save_pretrained(folder)
    return str(folder)


def _learn(torch: Any, model: Any, words: Any, question: str, answer: str) -> None:
    texts = [answer, *OTHERS]
    pairs = words([question] * len(texts), texts, padding=True, return_tensors="pt")
    wanted = torch.tensor([[3.0]] + [[-3.0]] * len(OTHERS))
    steps = torch.optim.AdamW(model.parameters(), lr=0.01)
    model.eval()
    for _ in range(40):
        loss = torch.nn.functional.mse_loss(model(**pairs).logits, wanted)
        loss.backward()
        steps.step()
        steps.zero_grad()
