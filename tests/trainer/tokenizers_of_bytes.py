"""A tokenizer of bytes for tests, with whatever chat template and control tokens they need."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

PLAIN = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<call>{{ c.function | tojson }}</call>{% endfor %}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""ChatML, which many models use."""
MARKED = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' %}"
    "{% generation %}{{ m.content }}<|im_end|>{% endgeneration %}\n"
    "{% else %}{{ m.content }}<|im_end|>\n{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
FORGETFUL = (
    "{% for m in messages %}{% if m.role == 'assistant' %}<A>"
    "{{ m.content if loop.last else m.content.split('</think>')[-1] }}</A>"
    "{% else %}<U>{{ m.content }}</U>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<A><think>{% endif %}"
)
"""Writes the reasoning of the last turn alone, and opens a turn with words that may be absent."""
ENDLESS = (
    "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant: {% endif %}"
)
"""Nothing says where a turn ends."""
CONTROL = ("<|im_start|>", "<|im_end|>", "<A>", "</A>", "<U>", "</U>")


@cache
def tokenizer(template: str = PLAIN, control: tuple[str, ...] = CONTROL) -> Any:
    """A byte-level tokenizer without merges: each byte one token, and the control tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    alphabet = {char: place for place, char in enumerate(pre_tokenizers.ByteLevel.alphabet())}
    inner = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    made: Any = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, additional_special_tokens=list(control), eos_token="<|im_end|>"
    )
    made.chat_template = template
    return made


def model_folder(folder: Path, template: str = PLAIN) -> Path:
    """A folder that passes for a base model as long as only its tokenizer is loaded."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer(template).save_pretrained(folder)
    (folder / "config.json").write_text('{"model_type": "llama"}', encoding="utf-8")
    return folder
