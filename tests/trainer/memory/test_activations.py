from __future__ import annotations

from typing import Any

import pytest

from tests.trainer.memory.shapes import CONFIGS, LLAMA
from trainer.memory import Plan, read_shape
from trainer.memory.activations import kept_bytes, published_bytes, square_share

torch = pytest.importorskip("torch", reason="the extra train is not installed")
pytest.importorskip("peft", reason="the extra train is not installed")

# PEFT asks Transformers by a name that goes with its version 6.
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated")

PLAN = Plan(batch=3, length=203)
PLANS: dict[str, dict[str, Any]] = {
    "adapters in 32 bit under autocast": {},
    "adapters in 32 bit, nothing cast": {"autocast": False},
    "everything in 16 bit": {"autocast": False, "adapter": "bfloat16"},
    "base in 32 bit under autocast": {"precision": "float32"},
    "all weights under autocast": {"tuning": "full"},
    "all weights in 32 bit": {"tuning": "full", "compute": "float32"},
    "all weights in 16 bit": {"tuning": "full", "convention": "pure_16bit", "autocast": False},
    "attention written out": {"tuning": "full", "compute": "float32", "attention": "eager"},
}


def model_for(config: dict[str, Any], plan: Plan) -> Any:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    wide = plan.tuning == "full" and plan.whole.weights >= 4
    kind: Any = AutoModelForCausalLM
    model: Any = kind.from_config(
        AutoConfig.for_model(**config),
        dtype=torch.float32 if wide else getattr(torch, plan.precision),
        attn_implementation="eager" if plan.attention == "eager" else "sdpa",
    )
    if plan.adapts:
        settings = LoraConfig(r=plan.rank, target_modules="all-linear")
        cast = plan.adapter == "float32"
        adapted: Any = get_peft_model(model, settings, autocast_adapter_dtype=cast)
        adapted.enable_input_require_grads()
    return model.train()


def really_kept(config: dict[str, Any], plan: Plan) -> int:
    """Bytes of every tensor with a token's width that autograd keeps, each storage once."""
    model, found, alive = model_for(config, plan), {}, []
    weights = {weight.untyped_storage().data_ptr() for weight in model.parameters()}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        of_tokens = {plan.length, plan.tokens} & set(tensor.shape)
        if of_tokens and storage.data_ptr() not in weights:
            found[storage.data_ptr()] = storage.nbytes()
            alive.append(tensor)  # or its place would be taken by another
        return tensor

    ids = torch.randint(0, config["vocab_size"], (plan.batch, plan.length))
    cast = torch.autocast("cpu", torch.bfloat16, plan.autocast and plan.compute == "bfloat16")
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), cast:
        model.base_model(input_ids=ids, use_cache=False)
    return sum(found.values())


@pytest.mark.parametrize("words", PLANS)
def test_what_a_llama_keeps_is_counted_to_two_hundredths(words: str) -> None:
    plan = Plan(**{"batch": 3, "length": 203, **PLANS[words]})
    kept = really_kept(LLAMA, plan)
    assert kept_bytes(read_shape(LLAMA), plan) == pytest.approx(kept, rel=0.021)


@pytest.mark.parametrize("family", ["qwen3", "phi3", "gpt_neox", "phi"])
@pytest.mark.parametrize("tuning", ["lora", "full"])
def test_what_other_families_keep_is_counted_to_an_eighth(family: str, tuning: Any) -> None:
    plan = Plan(tuning=tuning, precision="float32", compute="float32", batch=3, length=203)
    kept = really_kept(CONFIGS[family], plan)
    assert kept_bytes(read_shape(CONFIGS[family]), plan) == pytest.approx(kept, rel=0.125)


def test_published_formula_is_34_bytes_and_the_squares() -> None:
    plain = published_bytes(1, 12288, 0, 1, 1)
    assert plain == 34 * 12288
    whole = published_bytes(1, 12288, 96, 1, 2048)
    assert whole / (2048 * 12288) == 34 + square_share(96, 2048, 12288)
