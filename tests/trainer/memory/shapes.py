"""Small configurations of every family that is estimated."""

from __future__ import annotations

from typing import Any

LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 128,
    "intermediate_size": 352,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "vocab_size": 97,
    "max_position_embeddings": 512,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
PLAIN = {key: value for key, value in LLAMA.items() if key != "num_key_value_heads"}
T5: dict[str, Any] = {
    "d_model": 64,
    "d_kv": 16,
    "d_ff": 96,
    "num_layers": 2,
    "num_decoder_layers": 3,
    "num_heads": 6,
    "vocab_size": 97,
}
FALCON = {**PLAIN, "model_type": "falcon", "bias": False, "alibi": False}
CONFIGS: dict[str, dict[str, Any]] = {
    "llama": LLAMA,
    "llama, tied": {**LLAMA, "tie_word_embeddings": True},
    "llama, biased": {**LLAMA, "attention_bias": True, "mlp_bias": True},
    "mistral": {**LLAMA, "model_type": "mistral"},
    "qwen2": {**LLAMA, "model_type": "qwen2"},
    "qwen3": {**LLAMA, "model_type": "qwen3", "head_dim": 48},
    "phi3": {**LLAMA, "model_type": "phi3"},
    "gemma2": {**LLAMA, "model_type": "gemma2", "head_dim": 32},
    "phi": {**LLAMA, "model_type": "phi"},
    "falcon, one key": {**FALCON, "multi_query": True, "parallel_attn": True},
    "falcon, all keys": {**FALCON, "multi_query": False, "parallel_attn": False},
    "falcon, grouped": {**FALCON, "new_decoder_architecture": True, "num_kv_heads": 2},
    "gpt_neox": {**PLAIN, "model_type": "gpt_neox"},
    "gpt2": {**PLAIN, "model_type": "gpt2", "n_positions": 64, "n_embd": 128, "n_layer": 3},
    "bloom": {**PLAIN, "model_type": "bloom", "n_layer": 3, "n_head": 4},
    "bert": {**PLAIN, "model_type": "bert"},
    "roberta": {**PLAIN, "model_type": "roberta", "type_vocab_size": 1},
    "t5": {**T5, "model_type": "t5"},
    "t5, gated": {**T5, "model_type": "t5", "feed_forward_proj": "gated-gelu"},
}
"""A word for each -> its ``config.json``."""
CONFIGS["gpt2"] = {
    key: value
    for key, value in CONFIGS["gpt2"].items()
    if key not in ("hidden_size", "intermediate_size", "max_position_embeddings")
    and not key.startswith("num_")
} | {"n_head": 4}
CONFIGS["bloom"] = {
    key: value
    for key, value in CONFIGS["bloom"].items()
    if not key.startswith("num_") and key != "intermediate_size"
}
