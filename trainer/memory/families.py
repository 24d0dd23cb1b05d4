"""Shapes out of a model's ``config.json``, family by family.

Names of modules and what has a bias follow the classes of Transformers; the tests build these on
the meta device and compare the numbers of parameters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypedDict

from trainer.memory.shapes import Matrix, ModelShape, UnknownShape

Config = Mapping[str, Any]
Reader = Callable[[Config], ModelShape]
LARGEST = 2**40
"""Beyond any dimension of a model: a hostile configuration asks for endless numbers."""

ROTARY = frozenset({"llama", "mistral", "qwen2", "qwen3", "phi3", "gemma", "gemma2", "gemma3_text"})


class _Widths(TypedDict):
    """What every family's configuration says, under names of its own."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    vocab: int
    positions: int


def read_shape(config: Config) -> ModelShape:
    """The shape that a configuration describes.

    Raises:
        UnknownShape: the architecture is none of `FAMILIES`, or a number is missing.
    """
    config = config.get("text_config") or config
    kind = str(config.get("model_type", ""))
    if config.get("num_local_experts") or config.get("num_experts"):
        raise UnknownShape(f"model_type {kind}: mixtures of experts are not estimated")
    if kind not in FAMILIES:
        known = ", ".join(sorted(FAMILIES))
        raise UnknownShape(f"model_type {kind[:60] or 'is missing'}: there is {known}")
    return FAMILIES[kind](config)


def _number(config: Config, *names: str, default: int | None = None) -> int:
    """The first of some keys that is set; raises UnknownShape where none is a whole number."""
    for name in names:
        value = config.get(name)
        if value is None:
            continue
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LARGEST:
            return value
        raise UnknownShape(f"{name} has to be a whole number, not {str(value)[:60]}")
    if default is None:
        raise UnknownShape(f"the configuration lacks {names[0]}")
    return default


def _widths(config: Config) -> _Widths:
    hidden = _number(config, "hidden_size", "n_embd", "d_model")
    heads = _number(config, "num_attention_heads", "n_head")
    if not hidden or not heads:
        raise UnknownShape("hidden_size and num_attention_heads have to be above 0")
    return {
        "hidden": hidden,
        "layers": _number(config, "num_hidden_layers", "n_layer"),
        "heads": heads,
        "kv_heads": _number(config, "num_key_value_heads", default=heads),
        "head_dim": _number(config, "head_dim", default=hidden // heads),
        "vocab": _number(config, "vocab_size"),
        "positions": _number(config, "max_position_embeddings", "n_positions", default=0),
    }


def _attention(wide: _Widths, names: tuple[str, ...], bias: bool, out: bool) -> list[Matrix]:
    """Query, key, value and output as four matrices, with these names."""
    hidden, layers = wide["hidden"], wide["layers"]
    q, kv = wide["heads"] * wide["head_dim"], wide["kv_heads"] * wide["head_dim"]
    return [
        Matrix(names[0], hidden, q, layers, "q", bias),
        Matrix(names[1], hidden, kv, layers, "k", bias),
        Matrix(names[2], hidden, kv, layers, "v", bias),
        Matrix(names[3], q, hidden, layers, "o", out),
    ]


def _fused(wide: _Widths, name: str, out: str, bias: bool) -> list[Matrix]:
    """Query, key and value as one matrix, and the output."""
    hidden, layers = wide["hidden"], wide["layers"]
    q, kv = wide["heads"] * wide["head_dim"], wide["kv_heads"] * wide["head_dim"]
    parts = {"q": q, "k": kv, "v": kv}
    return [
        Matrix(name, hidden, q + 2 * kv, layers, bias=bias, parts=parts),
        Matrix(out, q, hidden, layers, "o", bias),
    ]


def _kept(config: Config, *, default: str = "") -> int:
    """Tensors that the activation function keeps: GELU by its tanh is written out in torch."""
    name = config.get("hidden_act") or config.get("activation_function") or default
    return 4 if name in ("gelu_new", "gelu_fast") else 1


def _plain_mlp(wide: _Widths, ffn: int, names: tuple[str, str], bias: bool) -> list[Matrix]:
    hidden, layers = wide["hidden"], wide["layers"]
    return [
        Matrix(names[0], hidden, ffn, layers, "up", bias),
        Matrix(names[1], ffn, hidden, layers, "down", bias),
    ]


def _rotary(config: Config) -> ModelShape:
    """Llama and its kin: RMS norms, rotary positions, gated MLP."""
    kind, wide = config["model_type"], _widths(config)
    hidden, layers, ffn = wide["hidden"], wide["layers"], _number(config, "intermediate_size")
    tied = bool(config.get("tie_word_embeddings", kind.startswith("gemma")))
    if kind == "phi3":
        made = _fused(wide, "qkv_proj", "o_proj", bias=False)
        both = {"gate": ffn, "up": ffn}
        made += [
            Matrix("gate_up_proj", hidden, 2 * ffn, layers, parts=both),
            Matrix("down_proj", ffn, hidden, layers, "down"),
        ]
    else:
        bias = kind == "qwen2" or bool(config.get("attention_bias", False))
        names = ("q_proj", "k_proj", "v_proj", "o_proj")
        made = _attention(wide, names, bias, bias and kind != "qwen2")
        wide_bias = bool(config.get("mlp_bias", False))
        made += [
            Matrix("gate_proj", hidden, ffn, layers, "gate", wide_bias),
            Matrix("up_proj", hidden, ffn, layers, "up", wide_bias),
            Matrix("down_proj", ffn, hidden, layers, "down", wide_bias),
        ]
    of_layer = 4 if kind in ("gemma2", "gemma3_text") else 2
    of_heads = 2 * wide["head_dim"] if kind in ("qwen3", "gemma3_text") else 0
    return ModelShape(
        family=kind,
        ffn=ffn,
        matrices=tuple(made),
        embeddings=wide["vocab"] * hidden,
        head=0 if tied else wide["vocab"] * hidden,
        norms=hidden + layers * (of_layer * hidden + of_heads),
        **wide,
    )


def _phi(config: Config) -> ModelShape:
    wide = _widths(config)
    hidden, layers, ffn = wide["hidden"], wide["layers"], _number(config, "intermediate_size")
    made = _attention(wide, ("q_proj", "k_proj", "v_proj", "dense"), bias=True, out=True)
    return ModelShape(
        family="phi",
        ffn=ffn,
        matrices=(*made, *_plain_mlp(wide, ffn, ("fc1", "fc2"), bias=True)),
        embeddings=wide["vocab"] * hidden,
        head=wide["vocab"] * (hidden + 1),
        norms=2 * hidden * (layers + 1),
        gated=False,
        activation=_kept(config, default="gelu_new"),
        norm="layer",
        **wide,
    )


def _falcon(config: Config) -> ModelShape:
    wide = _widths(config)
    newer = bool(config.get("new_decoder_architecture", False))
    if newer:
        wide["kv_heads"] = _number(config, "num_kv_heads", default=wide["heads"])
    else:
        wide["kv_heads"] = 1 if config.get("multi_query", True) else wide["heads"]
    hidden, layers, bias = wide["hidden"], wide["layers"], bool(config.get("bias", False))
    ffn = _number(config, "ffn_hidden_size", default=4 * hidden)
    names = ("dense_h_to_4h", "dense_4h_to_h")
    made = _fused(wide, "query_key_value", "dense", bias) + _plain_mlp(wide, ffn, names, bias)
    of_layer = 2 if newer or not config.get("parallel_attn", True) else 1
    tied = config.get("tie_word_embeddings", True)
    return ModelShape(
        family="falcon",
        ffn=ffn,
        matrices=tuple(made),
        embeddings=wide["vocab"] * hidden,
        head=0 if tied else wide["vocab"] * hidden,
        norms=2 * hidden * (of_layer * layers + 1),
        gated=False,
        norm="layer",
        **wide,
    )


def _gpt(config: Config) -> ModelShape:
    """GPT-NeoX, GPT-2 and BLOOM: fused attention, plain MLP, layer norms, biases everywhere."""
    kind, wide = config["model_type"], _widths(config)
    hidden, layers = wide["hidden"], wide["layers"]
    ffn = _number(config, "intermediate_size", "n_inner", default=4 * hidden)
    names = ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h")
    if kind == "gpt2":
        names = ("c_attn", "c_proj", "c_fc", "c_proj")
    made = _fused(wide, names[0], names[1], bias=True)
    made += _plain_mlp(wide, ffn, (names[2], names[3]), bias=True)
    tied = bool(config.get("tie_word_embeddings", kind != "gpt_neox"))
    learned = wide["positions"] * hidden if kind == "gpt2" else 0
    first = 2 * hidden if kind == "bloom" else 0
    return ModelShape(
        family=kind,
        ffn=ffn,
        matrices=tuple(made),
        embeddings=wide["vocab"] * hidden + learned,
        head=0 if tied else wide["vocab"] * hidden,
        norms=2 * hidden * (2 * layers + 1) + first,
        gated=False,
        activation=_kept(config, default="gelu_new" if kind == "gpt2" else ""),
        norm="layer",
        **wide,
    )


def _bert(config: Config) -> ModelShape:
    """BERT, RoBERTa and their kin: encoders with learned positions."""
    kind, wide = config["model_type"], _widths(config)
    hidden, layers, ffn = wide["hidden"], wide["layers"], _number(config, "intermediate_size")
    made = _attention(wide, ("query", "key", "value", "dense"), bias=True, out=True)
    made += _plain_mlp(wide, ffn, ("dense", "dense"), bias=True)
    types = _number(config, "type_vocab_size", default=2)
    return ModelShape(
        family=kind,
        ffn=ffn,
        matrices=tuple(made),
        embeddings=(wide["vocab"] + wide["positions"] + types) * hidden,
        head=0,
        norms=2 * hidden * (2 * layers + 1),
        gated=False,
        norm="layer",
        causal=False,
        pooler=hidden * (hidden + 1),
        **wide,
    )


def _t5(config: Config) -> ModelShape:
    """T5 and mT5: as many blocks of self-attention as layers, and cross-attention in the decoder.

    ``layers`` counts encoder and decoder together.
    """
    hidden, heads = _number(config, "d_model"), _number(config, "num_heads")
    head_dim, ffn = _number(config, "d_kv"), _number(config, "d_ff")
    encoder = _number(config, "num_layers")
    decoder = _number(config, "num_decoder_layers", default=encoder)
    vocab, inner = _number(config, "vocab_size"), heads * head_dim
    blocks, both = encoder + 2 * decoder, encoder + decoder
    default = "gated-gelu" if config["model_type"] == "mt5" else "relu"
    gated = str(config.get("feed_forward_proj", default)).startswith("gated")
    up = [("wi_0", "gate"), ("wi_1", "up")] if gated else [("wi", "up")]
    tied = config.get("tie_word_embeddings", True)
    return ModelShape(
        family=config["model_type"],
        hidden=hidden,
        layers=both,
        heads=heads,
        kv_heads=heads,
        head_dim=head_dim,
        ffn=ffn,
        vocab=vocab,
        matrices=(
            *(Matrix(name, hidden, inner, blocks, name) for name in "qkv"),
            Matrix("o", inner, hidden, blocks, "o"),
            *(Matrix(name, hidden, ffn, both, role) for name, role in up),
            Matrix("wo", ffn, hidden, both, "down"),
        ),
        embeddings=vocab * hidden,
        head=0 if tied else vocab * hidden,
        norms=hidden * (2 * encoder + 3 * decoder + 2)
        + 2 * heads * _number(config, "relative_attention_num_buckets", default=32),
        gated=gated,
        activation=4 if gated else 1,
        cross_layers=decoder,
    )


FAMILIES: dict[str, Reader] = {
    **dict.fromkeys(sorted(ROTARY), _rotary),
    **dict.fromkeys(("bert", "roberta", "xlm-roberta", "camembert"), _bert),
    **dict.fromkeys(("bloom", "gpt2", "gpt_neox"), _gpt),
    **dict.fromkeys(("t5", "mt5"), _t5),
    "falcon": _falcon,
    "phi": _phi,
}
"""``model_type`` -> what reads its configuration."""
