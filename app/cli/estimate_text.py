"""An estimate as plain text: a bar for each part, what it means, and what would make it fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from trainer.memory import JobEstimate, Plan
    from trainer.memory.cost import Duration

GIB = 2**30
BAR = 28
TUNINGS = {
    "lora": "LoRA",
    "qlora": "QLoRA",
    "full": "all weights trained",
    "inference": "only served",
}
FITS = {
    "yes": "fits",
    "tight": "may fit: the interval reaches beyond its memory",
    "no": "does not fit",
}


def estimate_text(model: str, found: JobEstimate) -> str:
    """The whole estimate for a terminal."""
    blocks = (_head(model, found), _parts(found), _counted(found), _verdict(found), _time(found))
    return "\n\n".join("\n".join(lines) for block in blocks if (lines := list(block)))


def _head(model: str, found: JobEstimate) -> Iterator[str]:
    plan = found.plan
    how = [TUNINGS[plan.tuning]]
    if plan.adapts:
        where = plan.targets if isinstance(plan.targets, str) else ", ".join(plan.targets)
        how[0] += f" of rank {plan.rank} on {where}"
    rows = "1 row" if plan.batch == 1 else f"{plan.batch:,} rows"
    how += [f"weights in {_precision(plan)}", f"{rows} of {plan.length:,} tokens"]
    yield f"{model}: {'; '.join(how)}"


def _precision(plan: Plan) -> str:
    return {"nf4": "NF4", "nf4_double": "NF4 with double quantisation"}.get(plan.base, plan.base)


def _parts(found: JobEstimate) -> Iterator[str]:
    memory = found.memory
    most = max(part.bytes for part in memory.parts)
    for part in memory.parts:
        bar = "█" * max(1, round(BAR * part.bytes / most))
        yield f"  {part.name:12} {part.bytes / GIB:8.2f} GiB  {bar:{BAR}}  {part.words}"
    interval = f"{memory.low / GIB:.2f} to {memory.high / GIB:.2f}"
    yield f"  {'together':12} {memory.total / GIB:8.2f} GiB  ({interval})"


def _counted(found: JobEstimate) -> Iterator[str]:
    memory, counted = found.memory, found.memory.convention
    if not memory.trained:
        yield f"Parameters: {memory.parameters:,}."
        return
    share = memory.trained / memory.parameters
    yield f"Trained: {memory.trained:,} parameters beside {memory.parameters:,} ({share:.2%})."
    yield (
        f"Counted by the convention {counted.name}: {counted.words}; {counted.weights:g} + "
        f"{counted.gradients:g} + {counted.optimizer:g} bytes a trained weight, for weights, "
        f"gradients and optimizer [{counted.source}]."
    )


def _verdict(found: JobEstimate) -> Iterator[str]:
    device = found.device
    if found.fits == "unknown":
        yield "Name a --device or its --memory-gb to learn whether it fits."
        return
    yield f"{device.name} ({device.memory / GIB:.1f} GiB): {FITS[found.fits]}."
    for remedy in found.remedies:
        word = {"yes": "fits", "tight": "may fit", "no": "does not fit"}[remedy.fits]
        yield f"  - {remedy.words}: {remedy.estimate.total / GIB:.2f} GiB, {word}"


def _time(found: JobEstimate) -> Iterator[str]:
    took = found.duration
    if took is None:
        return
    interval = f"{_clock(took.low)} to {_clock(took.high)}"
    yield f"Time: about {_clock(took.seconds)} ({interval}){_cost(took)}."


def _cost(took: Duration) -> str:
    if took.cost is None or took.cost_high is None:
        return ""
    return f"; cost about {took.cost:.2f}, at most {took.cost_high:.2f}"


def _clock(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
