"""The tiny models' tokenizer, chat template and network, before any training."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.tiny.copying import begin_with_copying

PAD, START, END = "<|pad|>", "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
    "{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""ChatML: the turns are told apart by tokens that no text holds."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes of a network of Llama's architecture."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int = 2048
    theta: float = 10_000.0
    """Base of the rotary positions."""
    copies: bool = False
    """Whether the weights to begin with already copy (`trainer.tiny.copying`)."""


TINY = Shape(
    vocabulary=2048, hidden=256, layers=4, heads=4, inner=576, theta=1_000_000.0, copies=True
)
"""3.1 million parameters. Positions turn slowly, so that words are found again far behind."""
MINUTE = Shape(vocabulary=400, hidden=32, layers=2, heads=2, inner=64, positions=512)
"""Made in a second, untrained: for tests of everything but quality."""


def make_untrained(
    folder: Path, texts: Iterable[str], shape: Shape = MINUTE, seed: int = 7
) -> None:
    """Write a model with random weights, and a tokenizer made from ``texts``, into a folder."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = make_tokenizer(texts, shape)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=shape.hidden,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=max(1, shape.heads // 2),
        intermediate_size=shape.inner,
        max_position_embeddings=shape.positions,
        rope_parameters={"rope_type": "default", "rope_theta": shape.theta},
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(config)
        if shape.copies:
            begin_with_copying(model, seed)
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def make_tokenizer(texts: Iterable[str], shape: Shape) -> Any:
    """A byte-level tokenizer learned from the texts: nothing is unknown to it.

    A space belongs to the word behind it, so that the token before a word is a word too, which is
    what copying goes by; digits are tokens of their own.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    bare: Any = Tokenizer(models.BPE())
    bare.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Digits(individual_digits=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    bare.decoder = decoders.ByteLevel()
    learn = trainers.BpeTrainer(
        vocab_size=shape.vocabulary,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bare.train_from_iterator(texts, learn)
    kind: Any = PreTrainedTokenizerFast
    return kind(
        tokenizer_object=bare,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[START],
        chat_template=TEMPLATE,
        model_max_length=shape.positions,
    )
