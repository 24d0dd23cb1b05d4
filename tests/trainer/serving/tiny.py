"""A tiny real model for the tests: a Llama of two layers with a tokenizer of its own, and adapters.

Its weights are drawn at random, so what it writes means nothing; it is the same every time.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TEMPLATE = (
    "{% if tools %}<|im_start|>tools\n{{ tools | tojson }}<|im_end|>\n{% endif %}"
    "{% for message in messages %}{% if message['role'] == 'forbidden' %}"
    "{{ raise_exception('no such role') }}{% endif %}"
    "<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTEXT = 512
LABELS = ["praise", "question", "complaint"]


def make_model(folder: Path) -> Path:
    """Write the base model into a folder."""
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return _write(LlamaForCausalLM, config, tokenizer, folder)


def make_windowed(folder: Path) -> Path:
    """Write a model whose layers look back 8 tokens, all but one of them, into a folder."""
    from transformers import Gemma3ForCausalLM, Gemma3TextConfig

    tokenizer = _tokenizer()
    config = Gemma3TextConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=3,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        sliding_window=8,
        layer_types=["sliding_attention", "full_attention", "sliding_attention"],
        max_position_embeddings=CONTEXT,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return _write(Gemma3ForCausalLM, config, tokenizer, folder)


def _write(kind: Any, config: Any, tokenizer: Any, folder: Path) -> Path:
    import torch

    torch.manual_seed(7)
    model = kind(config)
    with torch.no_grad():  # sharper than a new model is, so that no two tokens are as likely
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(4.0)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_adapter(base: Path, folder: Path, seed: int, **more: Any) -> Path:
    """Write a LoRA adapter that changes what the base says into a folder."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(seed)
    config = LoraConfig(
        r=4, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM", init_lora_weights=False
    )
    for name, value in more.items():
        setattr(config, name, value)
    model: Any = get_peft_model(AutoModelForCausalLM.from_pretrained(base), config)
    model.save_pretrained(folder)
    return folder


def make_head(base: Path, folder: Path, labels: list[str]) -> Path:
    """Write a classifier with an adapter into a folder, as a run leaves it."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForSequenceClassification

    torch.manual_seed(4)
    config = LoraConfig(
        r=4, target_modules=["q_proj", "v_proj"], task_type="SEQ_CLS", init_lora_weights=False
    )
    kind: Any = AutoModelForSequenceClassification
    model: Any = get_peft_model(kind.from_pretrained(base, num_labels=len(labels)), config)
    model.save_pretrained(folder)
    (folder / "labels.json").write_text(json.dumps(labels), encoding="utf-8")
    return folder


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    special = ["<|pad|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    words = "user assistant system What is the colour of the sky? It is blue. "
    made.train_from_iterator([words * 3], trainer)
    kind: Any = PreTrainedTokenizerFast
    return kind(
        tokenizer_object=made,
        pad_token="<|pad|>",
        eos_token="<|im_end|>",
        chat_template=TEMPLATE,
        model_max_length=CONTEXT,
    )


def make_all(folder: Path) -> None:
    """``base`` with its adapters ``one`` and ``two``."""
    base = make_model(folder / "base")
    make_adapter(base, folder / "one", 1)
    make_adapter(base, folder / "two", 2)
    make_head(base, folder / "head", LABELS)


if __name__ == "__main__":
    make_all(Path(sys.argv[1]))
