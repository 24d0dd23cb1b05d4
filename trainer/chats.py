"""Builds TRL's supervised trainer for a run: rows, model, adapter, and what keeps rows apart."""

from __future__ import annotations

import importlib.util
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from transformers import PreTrainedModel
from trl.trainer.sft_config import SFTConfig
from trl.trainer.sft_trainer import SFTTrainer

from trainer.chat_rows import Tokens, read_tokens
from trainer.context import Run
from trainer.failures import RunFailure
from trainer.joining import keeps_apart
from trainer.loop import Course, Sampler, arguments, course, fit, rehearse
from trainer.models import load_base
from trainer.resumable import Resumable
from trainer.samples import sampler
from trainer.sft_params import Params
from trainer.weights import replace_folder, weights_hash

MOST_VALIDATED = 200
"""Rows that validation loss is computed on: it is there to show a turn, not the third digit."""


class ChatTrainer(Resumable, SFTTrainer):  # type: ignore[misc,unused-ignore]
    """TRL's trainer, made resumable."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a trainer is built of."""

    run: Run
    params: Params
    train: Tokens
    validation: Tokens | None
    joined: bool
    """Whether rows stand in one line without padding."""


def fit_chats(run: Run, params: Params) -> dict[str, Any]:
    """Train, save, and say how it went."""
    parts = _parts(run, params)
    way = course(params, len(parts.train.ids))
    trainer, figures = fit(run, lambda root: _trainer(parts, way, root), _sampler(run, params))
    _save(run, trainer)
    return {**figures, "joined": parts.joined, "weights_hash": weights_hash(run.folder.adapter)}


def rehearse_chats(run: Run, params: Params, steps: int) -> dict[str, Any]:
    """Train steps that are forgotten: the first on the longest rows, the others on usual ones."""
    parts = _parts(run, params)
    way = course(params, len(parts.train.ids))
    each = way.micro * way.accumulate
    some = replace(parts, train=parts.train.for_rehearsal(each, steps), validation=None)
    short = replace(way, steps=steps, warmup=0)

    def build(root: Path) -> ChatTrainer:
        trainer = _trainer(some, short, root, keep=False)
        trainer.group_rows = 0
        return trainer

    found = rehearse(run, build)
    shutil.rmtree(run.folder.root / ".rehearsal", ignore_errors=True)
    return {**found, "longest": max(map(len, parts.train.ids))}


def _parts(run: Run, params: Params) -> Parts:
    whole = params.learn_from == "everything"
    train = read_tokens(run, "train", params.max_length, everything=whole)
    if train is None or not train.ids:
        raise RunFailure(
            "bad_data",
            "No row of the training data has anything to learn within the longest length: "
            "lengthen it, or look at the preflight.",
        )
    validation = read_tokens(run, "validation", params.max_length, MOST_VALIDATED, everything=whole)
    joined = _wants_joined(params, run.device.attention) and keeps_apart(_base(run, params))
    if params.packing == "on" and not joined:
        raise RunFailure(
            "bad_spec",
            "This model mixes up rows that are joined without padding: set packing to off.",
        )
    return Parts(run, params, train, validation, joined)


def _wants_joined(params: Params, attention: str) -> bool:
    """Auto: where the kernels of attention know where rows begin.

    Others compute attention over the whole line and mask it: on CPU, rows of 30 tokens joined by
    32 gave 1,740 tokens a second, grouped by length and padded 2,420.
    """
    if params.packing == "auto":
        return attention.startswith("flash_attention")
    return params.packing == "on"


def _trainer(parts: Parts, way: Course, root: Path, *, keep: bool = True) -> ChatTrainer:
    run, params = parts.run, parts.params
    settings = arguments(run, params, way, root) | {
        "max_length": None,
        "padding_free": parts.joined,
        "gradient_checkpointing": recomputes(params, run.device.kind),
        **({} if parts.validation else {"eval_strategy": "no"}),
        **({} if keep else {"save_strategy": "no"}),
    }
    trainer = ChatTrainer(
        model=_base(run, params),
        args=SFTConfig(**settings),
        train_dataset=_dataset(parts.train),
        eval_dataset=_dataset(parts.validation) if parts.validation else None,
        processing_class=run.tokenizer(),
        peft_config=_adapter(params),
    )
    trainer.group_rows = 1 if parts.joined else way.micro
    return trainer


def recomputes(params: Params, kind: str) -> bool:
    """Whether activations are computed again instead of kept."""
    return kind != "cpu" if params.recompute == "auto" else params.recompute == "on"


def _dataset(tokens: Tokens) -> Dataset:
    return Dataset.from_dict({"input_ids": tokens.ids, "labels": tokens.labels})


def _base(run: Run, params: Params) -> PreTrainedModel:
    """The base as it is trained: all weights in float32, since steps drown in fewer bits."""
    if params.adapter == "full":
        return load_base(run.spec, replace(run.device, dtype="float32"))
    if params.adapter == "qlora":
        return _in_4_bits(run)
    return run.base_model()


def _in_4_bits(run: Run) -> PreTrainedModel:
    """NF4 with constants quantised too, computing in bfloat16: the QLoRA authors' advice (C73)."""
    if run.device.kind != "cuda" or importlib.util.find_spec("bitsandbytes") is None:
        raise RunFailure(
            "missing_package",
            "qlora needs a CUDA device and the package bitsandbytes: install it where the worker "
            "runs, or choose lora.",
        )
    from peft import prepare_model_for_kbit_training
    from transformers import BitsAndBytesConfig

    kind: Any = BitsAndBytesConfig
    bits = kind(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
    model = load_base(run.spec, run.device, quantization_config=bits, device_map={"": 0})
    prepare: Any = prepare_model_for_kbit_training
    prepared: PreTrainedModel = prepare(model)
    return prepared


def _adapter(params: Params) -> Any:
    if params.adapter == "full":
        return None
    from peft import LoraConfig

    targets = params.targets
    return LoraConfig(
        r=params.rank,
        lora_alpha=params.alpha,
        lora_dropout=params.dropout,
        target_modules=targets[0] if targets == ("all-linear",) else list(targets),
        task_type="CAUSAL_LM",
    )


def _sampler(run: Run, params: Params) -> Sampler | None:
    return sampler(run, params.samples) if params.samples else None


def _save(run: Run, trainer: Resumable) -> None:
    """Leave adapter or weights, with the tokenizer, whole or not at all."""
    draft = run.folder.root / ".adapter"
    shutil.rmtree(draft, ignore_errors=True)
    trainer.save_model(str(draft))
    (draft / "training_args.bin").unlink(missing_ok=True)  # a pickle that nobody needs
    replace_folder(draft, run.folder.adapter)
