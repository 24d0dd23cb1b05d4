"""Runs over tiny real models, as far as training has left them: what measuring starts from."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from trainer.context import Run
from trainer.contract import RunFolder, TrainSpec, write_whole
from trainer.device import DeviceChoice
from trainer.events import Journal
from trainer.failures import Stop

CPU = DeviceChoice("cpu", "CPU", "float32", "sdpa", threads=1)
QUESTIONS = ("What is the colour?", "What is it?", "Is the sky blue?", "What is blue, user?")


def chat(question: str, answer: str, **more: Any) -> dict[str, Any]:
    """One row."""
    messages = [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]
    return {"messages": messages, **more}


def make_run(
    root: Path,
    spec: dict[str, Any],
    parts: Mapping[str, Sequence[dict[str, Any]]],
    stop: Callable[[], Stop | None] = lambda: None,
) -> Run:
    """A run whose data is prepared; nothing is trained."""
    folder = RunFolder(root)
    folder.data.mkdir(parents=True, exist_ok=True)
    for name, rows in parts.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder.data / f"{name}.jsonl").write_text(text, encoding="utf-8")
    known = {"data": {"train": "data/train.jsonl"}, "device": "cpu", "threads": 1, **spec}
    run = Run(TrainSpec.model_validate(known), folder, CPU, Journal(folder.events), stop)
    weakref.finalize(run, run.journal.close)
    return run


def leave(run: Run, stage: str, result: dict[str, Any]) -> None:
    """What a stage leaves behind once it is done."""
    text = json.dumps({"stage": stage, "seconds": 1.0, "result": result})
    write_whole(run.folder.stages / f"{stage}.json", text)


def make_encoder(folder: Path, words: Sequence[str]) -> Path:
    """Write a BERT of one layer that knows these words, with random weights."""
    import torch
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    vocabulary = {word: place for place, word in enumerate([*special, *sorted(set(words))])}
    made = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.Lowercase()
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    kind: Any = PreTrainedTokenizerFast
    tokenizer = kind(
        tokenizer_object=made,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=32,
    )
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
    )
    model: Any = BertModel(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
