"""How long a job computes, and what that costs: floating-point operations over speed."""

from __future__ import annotations

from dataclasses import dataclass

from trainer.memory.devices import Device
from trainer.memory.plan import Plan
from trainer.memory.shapes import ModelShape

USE = (0.15, 0.35, 0.55)
"""Share of a device's peak that training reaches: low, usual, high. Small models and short rows
reach the lower end; published runs of large models report 0.3 to 0.55."""
QUANTISED_SLOWER = 1.56
"""QLoRA's steps over LoRA's, as measured with 7 B (LGT, C64)."""


@dataclass(frozen=True, slots=True)
class Duration:
    """Seconds with their interval, and the cost where the device's price is known."""

    seconds: float
    low: float
    high: float
    cost: float | None = None
    cost_high: float | None = None


def operations(shape: ModelShape, plan: Plan) -> float:
    """Floating-point operations a token of training.

    Two a parameter forwards, two for gradients of inputs, two for gradients of weights where all
    are trained, and two more where the forward pass is done again; attention comes on top.
    """
    passes = 4 + (2 if plan.tuning == "full" else 0) + (2 if plan.checkpointing == "full" else 0)
    head = shape.head or (shape.vocab * shape.hidden if shape.causal else 0)
    attention = 2 * shape.layers * shape.q_width * plan.length
    return passes * (shape.linear + (0 if plan.labels else head) + attention / 2)


def duration(
    shape: ModelShape,
    plan: Plan,
    device: Device,
    tokens: float,
    seconds_a_step: float | None = None,
) -> Duration | None:
    """The time that so many tokens take; None where nothing is known of the device's speed.

    ``seconds_a_step`` was measured on steps of the plan's own tokens, and is then trusted to 10%.
    """
    if seconds_a_step is not None:
        usual = tokens / max(plan.tokens, 1) * seconds_a_step
        return _priced(usual, usual * 0.9, usual * 1.1, device)
    if not device.tflops:
        return None
    work = operations(shape, plan) * tokens / (device.tflops * 1e12)
    work *= QUANTISED_SLOWER if plan.tuning == "qlora" else 1
    if plan.compute == "float32" and device.kind == "cuda":
        work *= 8  # without tensor cores: about an eighth of the 16-bit rate on current cards
    low, usual, high = USE
    return _priced(work / usual, work / high, work / low, device)


def _priced(usual: float, low: float, high: float, device: Device) -> Duration:
    if not device.price:
        return Duration(usual, low, high)
    hourly = device.price / 3600
    return Duration(usual, low, high, usual * hourly, high * hourly)
