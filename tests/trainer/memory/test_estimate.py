from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.memory.shapes import CONFIGS
from trainer.contract import Data, TrainSpec
from trainer.memory import (
    Device,
    Plan,
    UnknownDevice,
    UnknownShape,
    device_named,
    estimate,
    estimate_for,
    find_shape,
    judge,
    lora_parameters,
    read_shape,
)
from trainer.memory.conventions import BITS, CONVENTIONS, key_value_bytes, serving_bytes
from trainer.memory.remedies import fits, remedies
from trainer.memory.sharding import host_bytes, zero2_bytes, zero3_bytes

GIB = 2**30
plans = st.builds(
    Plan,
    tuning=st.sampled_from(["lora", "qlora", "full", "inference"]),
    precision=st.sampled_from(["float32", "bfloat16"]),
    compute=st.sampled_from(["float32", "bfloat16"]),
    adapter=st.sampled_from(["float32", "bfloat16"]),
    autocast=st.booleans(),
    convention=st.sampled_from(["", *CONVENTIONS]),
    optimizer=st.sampled_from(["adamw", "adamw_8bit", "momentum", "sgd"]),
    rank=st.integers(1, 64),
    dropout=st.sampled_from([0.0, 0.1]),
    batch=st.integers(1, 16),
    length=st.integers(1, 4096),
    checkpointing=st.sampled_from(["none", "full"]),
    attention=st.sampled_from(["flash", "eager"]),
    loss=st.sampled_from(["fused", "materialised"]),
    labels=st.sampled_from([0, 3]),
    gradients_stay=st.booleans(),
)
shapes = st.sampled_from([read_shape(config) for config in CONFIGS.values()])


@given(shapes, plans)
def test_parts_are_positive_and_the_interval_holds_the_total(shape: Any, plan: Plan) -> None:
    found = estimate(shape, plan)
    assert all(part.bytes > 0 and part.words for part in found.parts)
    assert 0 < found.low <= found.total <= found.high
    assert found.allocated + found["context"] == pytest.approx(found.total)


@given(shapes, plans, st.sampled_from(["batch", "length", "rank"]))
def test_more_never_takes_less(shape: Any, plan: Plan, what: str) -> None:
    more = replace(plan, **{what: getattr(plan, what) * 2})
    assert estimate(shape, more).total >= estimate(shape, plan).total


@given(shapes, plans)
def test_every_remedy_saves_and_all_together_save_most(shape: Any, plan: Plan) -> None:
    found, before = remedies(shape, plan, 1), estimate(shape, plan).total
    assert all(one.estimate.total < before for one in found)
    if len(found) > 1:
        assert found[-1].estimate.total <= min(one.estimate.total for one in found[:-1]) * 1.001


def test_recomputing_and_quantising_shrink_what_they_say() -> None:
    shape = find_shape("llama-3.1-8b")
    plan = Plan(batch=4, length=2048)
    kept, again = estimate(shape, plan), estimate(shape, replace(plan, checkpointing="full"))
    assert again["activations"] < kept["activations"] / 5
    small = estimate(shape, replace(plan, tuning="qlora"))
    assert small["weights"] == pytest.approx(
        shape.linear * BITS["nf4_double"] / 8 + (shape.parameters - shape.linear) * 2
    )


def test_conventions_differ_as_published_for_7_billion() -> None:
    totals = {name: one.total * 7 for name, one in CONVENTIONS.items()}
    wanted = {"pure_16bit": 56, "qlora_paper": 84, "fp32": 112, "zero_16": 112}
    assert totals == {**wanted, "zero": 126, "amp": 126}
    assert serving_bytes(13e9, "bfloat16") == pytest.approx(31.2e9)


def test_adapters_on_grouped_and_fused_matrices_are_counted_by_role() -> None:
    assert lora_parameters(find_shape("llama-2-7b"), 8, ("q", "v")) == 4_194_304
    assert lora_parameters(find_shape("llama-3.1-8b"), 16) == 41_943_040
    falcon = find_shape("falcon-40b")
    assert lora_parameters(falcon, 8, ("query", "value")) == 12_042_240
    assert lora_parameters(falcon, 8, "query_key_value") == 60 * 8 * (8192 + 9216)
    assert lora_parameters(find_shape("mt0-large"), 8, ("q", "v")) == 2_359_296


def test_an_unknown_target_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownShape, match="q_proj, k_proj"):
        lora_parameters(find_shape("llama-2-7b"), 8, ("attention",))


def test_sharding_follows_deepspeeds_table() -> None:
    many, largest = 2851e6, 32e6
    assert zero2_bytes(many, 8) / GIB == pytest.approx(15.93, abs=0.01)
    assert zero2_bytes(many, 8, offload=True) / GIB == pytest.approx(5.31, abs=0.01)
    assert zero3_bytes(many, largest, 8) / GIB == pytest.approx(6.09, abs=0.01)
    assert zero3_bytes(many, largest, 8, "optimizer") / GIB == pytest.approx(0.78, abs=0.01)
    assert zero3_bytes(many, largest, 8, "both") / GIB == pytest.approx(0.12, abs=0.01)
    assert host_bytes(many, 8) / GIB == pytest.approx(127.45, abs=0.01)


def test_the_cache_of_a_token_is_half_a_megabyte_for_llama_2_7b() -> None:
    assert key_value_bytes(32, 4096, 1) == pytest.approx(0.524e6, rel=1e-3)


def test_whether_it_fits_depends_on_the_whole_interval() -> None:
    found = estimate(find_shape("llama-2-7b"), Plan())
    assert fits(found, found.high) == "yes"
    assert fits(found, found.total) == "tight"
    assert fits(found, found.low - 1) == "no"
    assert fits(found, 0) == "unknown"


def test_what_does_not_fit_comes_with_changes_that_would() -> None:
    made = judge(find_shape("llama-2-7b"), Plan(batch=8, length=2048), device_named("l4"))
    assert made.fits == "no"
    assert made.remedies[-1].fits == "yes"
    assert any("QLoRA" in one.words for one in made.remedies)


def test_time_and_cost_follow_speed_and_price() -> None:
    shape, device = find_shape("llama-2-7b"), device_named("h100")
    slow = judge(shape, Plan(), replace(device, tflops=100, price=3.6), tokens=1e6).duration
    fast = judge(shape, Plan(), replace(device, tflops=200), tokens=1e6).duration
    assert slow is not None
    assert fast is not None
    assert slow.seconds == pytest.approx(2 * fast.seconds)
    assert slow.low < slow.seconds < slow.high
    assert slow.cost == pytest.approx(slow.seconds * 3.6 / 3600)
    assert fast.cost is None


def test_a_step_that_was_measured_gives_the_time() -> None:
    shape = find_shape("llama-2-7b")
    took = judge(shape, Plan(length=1000), Device(), tokens=1e5, seconds_a_step=0.5).duration
    assert took is not None
    assert took.seconds == pytest.approx(50)


def test_nothing_is_said_of_time_where_the_device_is_unknown() -> None:
    assert judge(find_shape("llama-2-7b"), Plan(), Device(), tokens=1e6).duration is None


def test_an_unknown_device_is_told_with_those_there_are() -> None:
    with pytest.raises(UnknownDevice, match="h100"):
        device_named("abacus")


def spec(**more: Any) -> TrainSpec:
    return TrainSpec(**{"model": "qwen2.5-0.5b", "data": Data(train="rows.jsonl"), **more})


def test_a_job_is_estimated_as_its_method_trains() -> None:
    gpu, cpu = estimate_for(spec()), estimate_for(spec(device="cpu"))
    assert (gpu.plan.compute, gpu.plan.checkpointing) == ("bfloat16", "full")
    assert (cpu.plan.compute, cpu.plan.checkpointing) == ("float32", "none")
    assert gpu.memory.trained == lora_parameters(gpu.shape, 16)
    assert gpu.total_bytes == int(gpu.memory.allocated)


def test_settings_of_a_job_change_its_estimate() -> None:
    whole = estimate_for(spec(params={"adapter": "full"}))
    assert whole.memory.trained == whole.shape.parameters
    short = estimate_for(spec(), longest=64)
    assert short.total_bytes < estimate_for(spec()).total_bytes


def test_a_classification_head_takes_the_place_of_the_vocabulary() -> None:
    made = estimate_for(spec(method="classification_head", model="bert-base"), labels=77)
    assert made.memory["logits"] == 0
    shape = made.shape
    head = 77 * (shape.hidden + 1) + shape.pooler
    assert made.memory.trained == lora_parameters(shape, 16) + head


def test_settings_that_a_method_does_not_have_are_refused() -> None:
    with pytest.raises(ValueError, match="colour"):
        estimate_for(spec(params={"colour": "red"}))
    with pytest.raises(ValueError, match="there is"):
        estimate_for(spec(method="prayer"))


def test_estimating_loads_neither_torch_nor_transformers() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from trainer.memory import *; from trainer.contract import *;"
        "estimate_for(TrainSpec(model='bert-base', data=Data(train='x')));"
        "assert not {'torch', 'transformers'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
