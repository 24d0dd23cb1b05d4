"""What a training step keeps for its backward pass, counted tensor by tensor.

Korthikanti and others (2022) count s·b·h·(34 + 5·a·s/h) bytes a layer for GPT with dropout (D12);
`published_bytes` is their formula for any precision (D13). Today's models differ (gated MLP,
grouped keys, RMS norms in 32 bit, LoRA that freezes most matrices), so `layer_bytes` counts what
Transformers and PEFT really keep. All widths are bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trainer.memory.lora import adapted
from trainer.memory.plan import Plan
from trainer.memory.shapes import ModelShape

WITH_DROPOUT = frozenset({"bert", "roberta", "xlm-roberta", "camembert", "gpt2", "t5", "mt5"})
"""Families whose published configurations drop out a tenth in training."""
TILE_TOKENS, TILE_VOCABULARY = 4096, 32768
"""Largest tile of logits that TRL's fused loss holds at once."""


def published_bytes(
    layers: int, hidden: int, heads: int, batch: int, length: int, width: float = 2
) -> float:
    """Activations of a GPT with dropout, nothing recomputed, as Korthikanti and others count."""
    square = (2 * width + 1) * heads * length / hidden
    return layers * length * batch * hidden * (16 * width + 2 + square)


def square_share(heads: int, length: int, hidden: int) -> float:
    """The part that attention's squares take, beside 34: 5·a·s/h at 16 bit."""
    return 5 * heads * length / hidden


@dataclass(frozen=True, slots=True)
class Widths:
    """Bytes of a value by where it is kept."""

    compute: int
    """What matrices give."""
    residual: int
    """What layers hand on."""
    adapter: int
    """The copy that an adapter keeps of its input."""
    own_copies: bool
    """Whether each matrix of a group keeps a copy of their common input."""

    @classmethod
    def of(cls, plan: Plan) -> Widths:
        """The widths of a plan."""
        compute = _bytes(plan.compute)
        weights = _bytes(plan.unquantised)
        if plan.tuning == "full":
            weights = 4 if plan.whole.weights >= 4 else 2
        residual = max(weights, compute) if plan.autocast else compute
        if plan.adapts:
            adapter = compute if plan.autocast else max(compute, _bytes(plan.adapter))
            return cls(compute, residual, adapter, _bytes(plan.adapter) != compute)
        return cls(compute, residual, compute, residual != compute)


def _bytes(precision: str) -> int:
    return 4 if precision == "float32" else 2


def kept_bytes(shape: ModelShape, plan: Plan) -> float:
    """What all layers keep until their backward pass, without the loss."""
    widths = Widths.of(plan)
    ends = plan.tokens * shape.hidden * (4 + widths.residual)
    if plan.checkpointing == "full":
        return ends + _over_layers(shape, plan, lambda *_: shape.hidden * widths.residual)
    return ends + _over_layers(
        shape, plan, lambda length, cross: layer_bytes(shape, plan, length, cross)
    )


def live_bytes(shape: ModelShape, plan: Plan) -> float:
    """What comes on top while a layer is computed backwards: its own tensors, and gradients."""
    widths, tokens = Widths.of(plan), plan.tokens
    at_work: float = 3 * shape.ffn * widths.compute + 2 * shape.hidden * widths.residual
    if plan.adapts and not plan.autocast:
        at_work += shape.ffn * _bytes(plan.adapter)
    if plan.checkpointing == "full":
        at_work += layer_bytes(shape, plan, plan.length, shape.cross_layers > 0)
    return tokens * at_work


def _over_layers(shape: ModelShape, plan: Plan, per_token: Callable[[int, bool], float]) -> float:
    """Sum over encoder and decoder layers; the decoder's side has a length of its own."""
    target = plan.target_length or plan.length
    plain = shape.layers - shape.cross_layers
    total: float = plain * plan.tokens * per_token(plan.length, False)
    return total + shape.cross_layers * plan.batch * target * per_token(target, True)


def layer_bytes(shape: ModelShape, plan: Plan, length: int, cross: bool = False) -> float:
    """Bytes a token that one layer keeps."""
    attention = _attention(shape, plan, length) * (2 if cross else 1)
    norms = _norm(shape, plan) * (3 if cross else 2)
    drops = 2 * shape.hidden if shape.family in WITH_DROPOUT else 0
    return attention + norms + _mlp(shape, plan) + drops


def _norm(shape: ModelShape, plan: Plan) -> float:
    """An RMS norm keeps its input in 32 bit, and where it is trained its result before scaling."""
    widths = Widths.of(plan)
    if shape.norm == "layer":
        return shape.hidden * (4 if plan.autocast else widths.residual)
    return shape.hidden * (4 + (widths.residual if plan.tuning == "full" else 0))


def _attention(shape: ModelShape, plan: Plan, length: int) -> float:
    """Queries, keys and values as they are attended to, what comes out, and inputs of matrices."""
    width, q, kv = Widths.of(plan).compute, shape.q_width, shape.kv_width
    kept: float = width * (2 * q + 2 * kv) + 4 * shape.heads
    if shape.fused:
        kept += width * (q + kv)  # values are a view of the fused result, which stays whole
    if plan.attention == "eager":
        kept += width * (2 * q - 2 * kv) + shape.heads * length * _square(shape, width)
    if shape.family in ("qwen3", "gemma3_text"):
        kept += (q + kv) * (4 + (width if plan.tuning == "full" else 0))  # norms of q and k
    return kept + _inputs(shape, plan, ("q", "k", "v")) + _inputs(shape, plan, ("o",), there=True)


def _square(shape: ModelShape, width: int) -> int:
    """Bytes of an attention weight: the softmax, and after dropout its result and a mask."""
    if shape.family in WITH_DROPOUT:
        return 2 * width + 1
    return 4 if width == 4 else 4 + width


def _mlp(shape: ModelShape, plan: Plan) -> float:
    width = Widths.of(plan).compute
    kept = shape.ffn * width * (shape.activation + (2 if shape.gated else 0))
    return kept + _inputs(shape, plan, ("gate", "up")) + _inputs(shape, plan, ("down",))


def _inputs(shape: ModelShape, plan: Plan, roles: tuple[str, ...], there: bool = False) -> float:
    """Bytes a token that matrices keep of their common input, to have gradients of weights.

    A frozen matrix keeps none, an adapter also the few values between its two matrices. ``there``
    says that the input is kept anyway.
    """
    matrices = [one for one in _trained(shape, plan) if one[0] in roles]
    if not matrices:
        return 0
    widths, d_in = Widths.of(plan), matrices[0][1]
    copies = len(matrices)
    low = copies * plan.rank * widths.adapter if plan.adapts else 0
    if plan.adapts and plan.dropout:
        return copies * d_in * (widths.adapter + 1) + low
    late = roles in (("o",), ("down",))  # their input is a matrix's result, so in compute precision
    if not widths.own_copies or (late and plan.tuning == "full"):
        return low + (0 if there else d_in * widths.compute)
    return low + copies * d_in * widths.adapter


def _trained(shape: ModelShape, plan: Plan) -> list[tuple[str, int]]:
    """Role and width of the input of every kind of matrix that is trained or adapted, once each."""
    if not plan.trains:
        return []
    found = adapted(shape, plan.targets) if plan.adapts else shape.matrices
    rows = [(one.role or next(iter(one.parts)), one.d_in) for one in found]
    return list(dict.fromkeys(rows))


def loss_bytes(shape: ModelShape, plan: Plan) -> float:
    """What the loss takes at its worst moment, in its backward pass."""
    if plan.labels or not shape.causal:
        return 0
    width = Widths.of(plan).compute
    target = plan.target_length if shape.cross_layers else None
    tokens = plan.batch * (target or plan.length)
    if plan.loss == "materialised":
        # logits, and in 32 bit their log-softmax and the gradients of loss and log-softmax
        return tokens * shape.vocab * (width + 12)
    tile = min(tokens, TILE_TOKENS) * min(shape.vocab, TILE_VOCABULARY) * width
    trained = shape.vocab * shape.hidden * 4 if plan.tuning == "full" else 0
    return tile + tokens * shape.hidden * (4 + width) + trained
