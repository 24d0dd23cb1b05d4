"""What the published figures on memory were measured on, as plans of our own.

Each set-up says in ``note`` what its source leaves open and is assumed here. No figure is tuned to
its answer: the estimator has no constants that know of any of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from trainer.memory import Estimate, Plan, estimate, find_shape
from trainer.memory.activations import square_share
from trainer.memory.conventions import BITS, CONVENTIONS, serving_bytes
from trainer.memory.lora import ALL_LINEAR, lora_parameters, parameters_on
from trainer.memory.plan import GIB
from trainer.memory.shapes import Matrix
from trainer.memory.sharding import host_bytes, zero2_bytes, zero3_bytes

GB, MIB = 1e9, 2**20
Values = Sequence[float]


@dataclass(frozen=True, slots=True)
class Setup:
    """How to predict one figure, or several, in its own unit."""

    predict: Callable[[], Values]
    note: str = ""


def _one(value: float) -> Values:
    return (value,)


def _of(name: str, parts: str, parameters: float) -> Values:
    """GB of parts of a convention, such as ``weights`` or ``gradients optimizer``."""
    convention = CONVENTIONS[name]
    return _one(sum(getattr(convention, part) for part in parts.split()) * parameters / GB)


def _lora(model: str, rank: int, targets: str | tuple[str, ...]) -> Values:
    return _one(lora_parameters(find_shape(model), rank, targets))


def _estimate(model: str, plan: Plan) -> Estimate:
    return estimate(find_shape(model), plan)


# --- LitGPT: LoRA of rank 8 on queries and values, dropout 0.05, matrices fused, nothing recomputed
LITGPT = Plan(
    adapter="bfloat16",
    autocast=False,
    rank=8,
    targets=("q", "v"),
    dropout=0.05,
    length=1304,
    loss="materialised",
)
LITGPT_NOTE = "memory that PyTorch allocated; its defaults: dropout 0.05, query, key, value fused"


def _litgpt(model: str, *plans: Plan) -> Values:
    shape = find_shape(model)
    fused = replace(shape, matrices=_fuse(shape.matrices))
    return [estimate(fused, plan).allocated / GB for plan in plans]


def _fuse(matrices: Sequence[Matrix]) -> tuple[Matrix, ...]:
    """The same matrices with query, key and value as one."""
    three = [one for one in matrices if one.role in ("q", "k", "v")]
    parts = {one.role: one.d_out for one in three}
    first = three[0]
    whole = Matrix("attn", first.d_in, sum(parts.values()), first.count, parts=parts)
    return (whole, *(one for one in matrices if one not in three))


def _litgpt_nf4(double: bool) -> Plan:
    return replace(LITGPT, tuning="qlora", precision="nf4_double" if double else "nf4")


def _serving(model: str, precision: str, tokens: int, context: int) -> float:
    plan = Plan(tuning="inference", precision=precision, length=tokens, context=context)  # type: ignore[arg-type]
    return _estimate(model, plan).total / GB


# --- LLaMA-Factory: QLoRA and LoRA of rank 8 on all matrices, recomputing, all logits at once
FACTORY = Plan(rank=8, checkpointing="full", loss="materialised")
FACTORY_Q = replace(FACTORY, tuning="qlora")


def _factory_lengths() -> Values:
    lengths = [1024 * times for times in (1, 2, 4, 8, 16, 32)]
    return [_total("llama-2-7b", replace(FACTORY_Q, length=one)) for one in lengths]


def _total(model: str, plan: Plan) -> float:
    return _estimate(model, plan).total / GB


# --- torchtune: Llama 3.1 8B, two rows of 2,048, recomputing
TUNE = Plan(batch=2, length=2048, rank=8, checkpointing="full", adapter="bfloat16", autocast=False)
TUNE_TARGETS = ("q", "k", "v", "o", "gate", "up", "down")


def _torchtune() -> Values:
    whole = replace(TUNE, tuning="full", convention="pure_16bit")
    found = _estimate("llama-3.1-8b", whole)
    # The optimizer works within the backward pass, and its states are paged to the host.
    full = found["weights"] + found["activations"] + found["logits"]
    others = (TUNE, replace(TUNE, tuning="qlora"))
    rest = [_estimate("llama-3.1-8b", plan).allocated / GIB for plan in others]
    return [full / GIB, *rest]


# --- PEFT's examples: weights in 32 bit, eight tweets of about 64 tokens at once
PEFT = Plan(
    precision="float32",
    compute="float32",
    autocast=False,
    rank=8,
    targets=("q", "v"),
    batch=8,
    length=64,
    attention="eager",
    loss="materialised",
    gradients_stay=True,
)
SEQ = replace(PEFT, target_length=8)
TWEETS = "eight rows of 64 tokens are assumed: the table does not say"
BERT = replace(
    PEFT, tuning="full", batch=4, length=512, labels=2, context=1343 * MIB, convention="fp32"
)


def _input_gradients(checkpointing: bool) -> float:
    """MB that one row of 512 keeps in LLaMA 7B, with and without recomputing."""
    plan = Plan(
        tuning="qlora",
        rank=64,
        length=512,
        adapter="bfloat16",
        checkpointing="full" if checkpointing else "none",
    )
    return _estimate("llama-7b", plan)["activations"] / 1e6


def _qlora_parts() -> Values:
    shape = find_shape("llama-7b")
    plan = Plan(tuning="qlora", precision="nf4")
    lora = 0.002 * shape.parameters * 2  # adapters of 0.2% of the weights, in 16 bit
    weights = _estimate("llama-7b", plan)["weights"]
    return [lora / 1e6, _input_gradients(False), _input_gradients(True), weights / 1e6]


def _guanaco() -> Values:
    names = ("llama-7b", "llama-13b", "llama-33b", "llama-65b")
    return [_serving(name, "nf4_double", 2048, GIB // 2) for name in names]


def _rule_table(model: str) -> Values:
    whole = replace(FACTORY, tuning="full")
    plans = (
        replace(whole, convention="amp"),
        replace(whole, convention="pure_16bit", autocast=False),
        FACTORY,
        replace(FACTORY_Q, precision="int8"),
        FACTORY_Q,
    )
    return [_total(model, plan) for plan in plans]


SMALLEST = replace(
    FACTORY_Q, length=512, rank=16, adapter="bfloat16", optimizer="adamw_8bit", loss="fused"
)
LONG = replace(FACTORY, length=8192, targets=("q", "k", "v", "o"))
QLORA_65B = replace(FACTORY_Q, length=512, rank=64, adapter="bfloat16")
SHARDED, LARGEST = 2851e6, 32e6

SETUPS: Mapping[str, Setup] = {
    "O01": Setup(lambda: _of("pure_16bit", "weights", 7e9)),
    "O02": Setup(lambda: _of("pure_16bit", "gradients optimizer", 7e9)),
    "O03": Setup(lambda: _of("pure_16bit", "total", 7e9)),
    "O04": Setup(lambda: _of("pure_16bit", "gradients optimizer", 13e9)),
    "O05": Setup(lambda: _of("pure_16bit", "gradients optimizer", 1e9)),
    "O06": Setup(lambda: _one(serving_bytes(13e9, "bfloat16") / GB)),
    "O07": Setup(lambda: _of("qlora_paper", "total", 65e9)),
    "O08": Setup(lambda: _of("qlora_paper", "total", 33e9)),
    "O09": Setup(lambda: _of("fp32", "total", 11e9)),
    "O10": Setup(lambda: _of("amp", "total", 7e9)),
    "O11": Setup(lambda: _one(zero2_bytes(SHARDED, 8) / GIB)),
    "O12": Setup(lambda: _one(zero2_bytes(SHARDED, 8, offload=True) / GIB)),
    "O13": Setup(lambda: _one(zero3_bytes(SHARDED, LARGEST, 8) / GIB)),
    "O14": Setup(lambda: _one(zero3_bytes(SHARDED, LARGEST, 8, "optimizer") / GIB)),
    "O15": Setup(lambda: _one(zero3_bytes(SHARDED, LARGEST, 8, "both") / GIB)),
    "O16": Setup(lambda: _one(host_bytes(SHARDED, 8) / GIB)),
    "O17": Setup(lambda: _one(zero3_bytes(737.67e6, 32.90e6, 4) / MIB)),
    "O18": Setup(lambda: _lora("llama-2-7b", 8, ("q", "v"))),
    "O19": Setup(lambda: _lora("llama-2-13b", 8, ("q", "v"))),
    "O20": Setup(lambda: _lora("falcon-40b", 8, ("q", "v")), "parts of the fused matrix"),
    "O21": Setup(lambda: _lora("phi-1.5", 8, ("q", "v"))),
    "O22": Setup(lambda: _lora("mt0-large", 8, ("q", "v"))),
    "O23": Setup(lambda: _lora("llama-2-7b", 16, ALL_LINEAR)),
    "O24": Setup(lambda: _lora("llama-3.1-8b", 16, ALL_LINEAR)),
    "O25": Setup(lambda: _one(4096 * 4096 + 100 * parameters_on(4096, 4096, 8))),
    "O26": Setup(lambda: _one((BITS["nf4"] - BITS["nf4_double"]) * 65e9 / 8 / GB)),
    "O27": Setup(lambda: _one(square_share(96, 2048, 12288))),
    "O28": Setup(lambda: _one(square_share(128, 2048, 20480))),
    "O29": Setup(lambda: [100 * share / (34 + share) for share in _squares()]),
    "O30": Setup(lambda: _litgpt("llama-2-7b", LITGPT), LITGPT_NOTE),
    "O31": Setup(lambda: _litgpt("llama-2-7b", _litgpt_nf4(False), _litgpt_nf4(True)), LITGPT_NOTE),
    "O32": Setup(lambda: _litgpt("llama-2-7b", replace(LITGPT, batch=2)), LITGPT_NOTE),
    "O33": Setup(lambda: _litgpt("llama-2-13b", LITGPT, _litgpt_nf4(False)), LITGPT_NOTE),
    "O34": Setup(
        lambda: [
            _serving("llama-2-7b", name, 256, 0) for name in ("bfloat16", "nf4", "nf4_double")
        ],
        "a text of 256 tokens",
    ),
    "O35": Setup(lambda: _one(_serving("llama-2-70b", "nf4_double", 256, 0)), "256 tokens"),
    "O36": Setup(
        _torchtune, "rows filled to their length; loss in tiles; states of 8 bit paged to the host"
    ),
    "O37": Setup(_factory_lengths, "constants of quantisation quantised too"),
    "O38": Setup(
        lambda: [
            _total("llama-2-7b", replace(plan, batch=4, length=1024))
            for plan in (FACTORY, FACTORY_Q)
        ]
    ),
    "O39": Setup(
        lambda: [
            _estimate("t0_3b", plan).allocated / GB
            for plan in (replace(SEQ, tuning="full", convention="fp32"), SEQ)
        ],
        TWEETS,
    ),
    "O40": Setup(
        lambda: [
            _estimate("bloomz-7b1", replace(PEFT, targets=("query_key_value",))).allocated / GB,
            _estimate("mt0-xxl", SEQ).allocated / GB,
        ],
        TWEETS,
    ),
    "O41": Setup(lambda: _one(_estimate("bert-large", BERT).total / MIB), "MB read as MiB"),
    "O42": Setup(_qlora_parts, "adapters of 0.2% of the weights"),
    "O43": Setup(_guanaco, "double quantisation, and the cache of a full text of 2,048 tokens"),
    "O44": Setup(lambda: _rule_table("llama-2-7b"), "one row of 1,024 tokens, recomputing"),
    "O45": Setup(lambda: _rule_table("llama-2-70b"), "one row of 1,024 tokens, recomputing"),
    "O46": Setup(
        lambda: [_total(name, SMALLEST) for name in ("llama-3.1-8b", "qwen2.5-14b", LLAMA_70B)],
        "one row of 512 tokens, recomputing, states of 8 bit",
    ),
    "O47": Setup(lambda: _one(_total("llama-2-7b", LONG)), "rank 8 on attention's matrices"),
    "O48": Setup(lambda: _one(_total("llama-65b", QLORA_65B)), "rank 64, one row of 512 tokens"),
}
LLAMA_70B = "llama-3.1-70b"


def _squares() -> Values:
    return square_share(96, 2048, 12288), square_share(128, 2048, 20480)
