"""Whether a plan fits a device, and what would make it fit: each change alone, then all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from trainer.memory.estimate import Estimate, estimate
from trainer.memory.plan import Plan
from trainer.memory.shapes import ModelShape

Fits = Literal["yes", "tight", "no", "unknown"]


@dataclass(frozen=True, slots=True)
class Remedy:
    """A change to a plan and what comes of it."""

    words: str
    plan: Plan
    estimate: Estimate
    fits: Fits

    @property
    def saves(self) -> float:
        """Bytes of the total after the change."""
        return self.estimate.total


def fits(found: Estimate, memory: float) -> Fits:
    """``yes`` where the whole interval is below the memory, ``no`` where all is above it."""
    if not memory:
        return "unknown"
    if found.high <= memory:
        return "yes"
    return "no" if found.low > memory else "tight"


def remedies(shape: ModelShape, plan: Plan, memory: float) -> tuple[Remedy, ...]:
    """Changes that save memory, the least invasive first; the last one makes all of them."""
    before, made, all_of_them = estimate(shape, plan), [], plan
    for words, changed in _changes(plan):
        found = estimate(shape, changed)
        if found.total < 0.98 * before.total:
            made.append(Remedy(words, changed, found, fits(found, memory)))
            all_of_them = _merged(plan, all_of_them, changed)
    if len(made) > 1:
        found = estimate(shape, all_of_them)
        made.append(Remedy("All of these together", all_of_them, found, fits(found, memory)))
    return tuple(made)


def _merged(before: Plan, so_far: Plan, changed: Plan) -> Plan:
    """The changes so far and those of another plan."""
    new = {
        name: getattr(changed, name)
        for name in Plan.__dataclass_fields__
        if getattr(changed, name) != getattr(before, name)
    }
    return replace(so_far, **new)


def _changes(plan: Plan) -> Iterator[tuple[str, Plan]]:
    if not plan.trains:
        if plan.precision in ("bfloat16", "float16", "float32"):
            yield "Weights in 4 bits", replace(plan, precision="nf4_double")
        return
    if plan.loss == "materialised":
        yield "A loss that never holds all logits", replace(plan, loss="fused")
    if plan.checkpointing == "none":
        words = "Activations computed again instead of kept (30% to 40% slower)"
        yield words, replace(plan, checkpointing="full")
    if plan.batch > 1:
        yield "One row at a time, with accumulated gradients", replace(plan, batch=1)
    if plan.length > 512:
        words = f"Rows of at most {plan.length // 2:,} tokens"
        yield words, replace(plan, length=plan.length // 2)
    if plan.tuning == "full":
        yield "An adapter (LoRA) instead of all weights", replace(plan, tuning="lora")
        yield "AdamW with states of 8 bits", replace(plan, optimizer="adamw_8bit")
    if plan.tuning == "lora" and plan.precision == "float32":
        changed = replace(plan, precision="bfloat16", compute="bfloat16", autocast=True)
        yield "Weights in bfloat16", changed
    if plan.tuning == "lora":
        words = "QLoRA: the base in 4 bits (steps 1.6 times as long)"
        yield words, replace(plan, tuning="qlora", adapter="bfloat16")
