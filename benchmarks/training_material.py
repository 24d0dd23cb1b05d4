"""Models with random weights and rows of mixed lengths, to measure training with, offline."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

Json = dict[str, Any]
SEED = 20261120
MEDIAN, SPREAD = 4.8, 0.8
"""Logarithm of the median length of a row in tokens (122), and its standard deviation: about that
of instruction data sets, where few rows are long."""
WORDS = re.findall(
    r"\w+",
    "the of to and in is for on with as by at from that this order invoice customer refund "
    "parcel account password address delivery return late broken missing please help thanks",
)
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTROL = ("<|pad|>", "<|im_start|>", "<|im_end|>")
FRAME = 50
"""Tokens of a row's roles and marks, about."""


def byte_tokenizer() -> Any:
    """A tokenizer without merges: each byte is a token, and the marks of turns are."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {char: place for place, char in enumerate([*CONTROL, *alphabet])}
    inner = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    made: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call,unused-ignore]
        tokenizer_object=inner,
        pad_token=CONTROL[0],
        eos_token=CONTROL[2],
        additional_special_tokens=["<|im_start|>"],
    )
    made.chat_template = TEMPLATE
    return made


def random_model(folder: Path, config: Mapping[str, Any], dtype: str = "bfloat16") -> Path:
    """A base model with random weights of a configuration, as a folder of safetensors."""
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

    known = AutoConfig.for_model(
        **{"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2, **config}
    )
    kind: Any = AutoModel if config["model_type"] == "bert" else AutoModelForCausalLM
    torch.manual_seed(SEED)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = kind.from_config(known, dtype=getattr(torch, dtype))
    model.save_pretrained(folder)
    byte_tokenizer().save_pretrained(folder)
    return folder


def mixed_rows(count: int, longest: int) -> list[Json]:
    """Conversations of one question and one answer; lengths are lognormal, cut at ``longest``."""
    dice = random.Random(SEED)  # noqa: S311 - data to train on, not secrets
    wanted = (dice.lognormvariate(MEDIAN, SPREAD) for _ in range(count))
    lengths = [int(min(max(length, FRAME + 20), longest)) - FRAME for length in wanted]
    return [_row(dice, place, length) for place, length in enumerate(lengths)]


def full_rows(count: int, length: int) -> list[Json]:
    """Conversations that are all longer than ``length``: cut, each has exactly that many tokens."""
    dice = random.Random(SEED)  # noqa: S311 - as above
    return [_conversation(place, "Go on.", _text(dice, length)) for place in range(count)]


def labelled_rows(count: int, labels: int) -> list[Json]:
    """Conversations whose answer is a label that the question names by its words."""
    dice = random.Random(SEED)  # noqa: S311 - as above
    rows = []
    for place in range(count):
        label = place % labels
        text = f"{WORDS[-1 - label]} {_text(dice, 60)} {WORDS[-1 - label]} {place}"
        rows.append(_conversation(place, text, f"kind {label}"))
    return rows


def _row(dice: random.Random, place: int, length: int) -> Json:
    half = max(8, length // 2)
    return _conversation(place, _text(dice, half), _text(dice, half))


def _conversation(place: int, asked: str, answered: str) -> Json:
    turns = (("user", asked), ("assistant", answered))
    return {
        "id": f"r{place}",
        "group": f"g{place}",
        "messages": [{"role": role, "content": text} for role, text in turns],
    }


def _text(dice: random.Random, length: int) -> str:
    words: list[str] = []
    while sum(map(len, words)) + len(words) < length:
        words.append(dice.choice(WORDS))
    return " ".join(words)[:length]


def write_rows(path: Path, rows: Sequence[Json]) -> Path:
    """Rows as JSON Lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path
