"""What a job takes: a `TrainSpec` read as a plan, and its estimate on a device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import Any

from trainer.catalogue import catalogue
from trainer.contract import TrainSpec
from trainer.memory.cost import Duration, duration
from trainer.memory.devices import Device
from trainer.memory.estimate import Estimate, estimate
from trainer.memory.families import read_shape
from trainer.memory.known import find_shape
from trainer.memory.plan import CONTEXT, WORKSPACE, Compute, Plan
from trainer.memory.remedies import Fits, Remedy, fits, remedies
from trainer.memory.shapes import ModelShape

LIBRARIES = 2**29
"""Memory that Python, PyTorch and Transformers take in a process on CPU, about."""


@dataclass(frozen=True, slots=True)
class JobEstimate:
    """What a job takes, and what to change where it does not fit."""

    shape: ModelShape
    plan: Plan
    memory: Estimate
    device: Device
    fits: Fits
    remedies: tuple[Remedy, ...]
    """Changes that save memory; empty where it fits."""
    duration: Duration | None

    @property
    def total_bytes(self) -> int:
        """What PyTorch allocates at most: what a dry run measures."""
        return int(self.memory.allocated)


def shape_of(model: str) -> ModelShape:
    """The shape of a base model: of the catalogue, a folder, or a well-known name.

    Raises:
        UnknownShape: its configuration cannot be found or read.
    """
    entry = catalogue().get(model)
    if entry is None:
        return find_shape(model)
    path = Path(entry.path).expanduser() if entry.local else None
    return find_shape(str(path) if path else entry.hub or entry.path)


def estimate_for(
    spec: TrainSpec,
    config: Mapping[str, Any] | None = None,
    device: Device | None = None,
    *,
    longest: int | None = None,
    labels: int | None = None,
    tokens: float | None = None,
    seconds_a_step: float | None = None,
) -> JobEstimate:
    """The memory, time and cost of a job.

    Args:
        spec: The job.
        config: The base's ``config.json``; None: it is looked for by the spec's model.
        device: Where it runs; None: an accelerator of which nothing is known.
        longest: Tokens of the longest row, where known; else rows are as long as they may be.
        labels: Classes of a classification head, where known.
        tokens: Tokens that are trained on over all epochs, for time and cost.
        seconds_a_step: Seconds that a step of a micro batch took when it was tried.

    Raises:
        UnknownShape: the base's configuration cannot be found or read.
        ValueError: settings that the method does not have.
    """
    shape = read_shape(config) if config is not None else shape_of(spec.model)
    device = device or Device(kind="cpu" if spec.device == "cpu" else "cuda")
    plan = plan_for(spec, shape, device, longest=longest, labels=labels)
    return judge(shape, plan, device, tokens=tokens, seconds_a_step=seconds_a_step)


def judge(
    shape: ModelShape,
    plan: Plan,
    device: Device,
    *,
    tokens: float | None = None,
    seconds_a_step: float | None = None,
) -> JobEstimate:
    """A plan on a device: memory, whether it fits, what else would, and how long it takes."""
    found = estimate(shape, plan)
    verdict = fits(found, device.memory)
    others = remedies(shape, plan, device.memory) if verdict in ("tight", "no") else ()
    took = duration(shape, plan, device, tokens, seconds_a_step) if tokens else None
    return JobEstimate(shape, plan, found, device, verdict, others, took)


def plan_for(
    spec: TrainSpec,
    shape: ModelShape,
    device: Device,
    *,
    longest: int | None = None,
    labels: int | None = None,
) -> Plan:
    """The plan that a job's method will follow on a device.

    Raises:
        ValueError: settings that the method does not have (pydantic's ValidationError is one).
    """
    methods = import_module("trainer.methods._base").methods()  # found by folder, as methods are
    if spec.method not in methods:
        raise ValueError(f"method {spec.method[:60]}: there is {', '.join(methods)}")
    params = methods[spec.method].Params(**spec.params)
    compute = _compute(spec, device)
    plan = Plan(
        tuning=params.adapter,
        precision=compute,
        compute=compute,
        autocast=compute != "float32",
        rank=params.rank,
        batch=min(params.micro_batch_size, params.batch_size),
        length=min(longest or params.max_length, params.max_length),
        gradients_stay=params.batch_size > params.micro_batch_size,
        attention="eager" if _written_out(compute, shape, device) else "flash",
        context=CONTEXT if device.kind == "cuda" else LIBRARIES,
        workspace=WORKSPACE if device.kind == "cuda" else 0,
    )
    if spec.method == "classification_head":
        return replace(plan, labels=labels or 10, loss="materialised")
    targets = tuple(params.targets)
    return replace(
        plan,
        targets=targets[0] if targets == ("all-linear",) else targets,
        dropout=params.dropout,
        checkpointing="full" if _recomputes(params.recompute, device) else "none",
        adapter="bfloat16" if params.adapter == "qlora" else "float32",
    )


def _compute(spec: TrainSpec, device: Device) -> Compute:
    if spec.dtype != "auto":
        return spec.dtype
    return "bfloat16" if device.kind == "cuda" and device.bfloat16 else "float32"


def _written_out(compute: Compute, shape: ModelShape, device: Device) -> bool:
    """Whether torch keeps squares: on CUDA it has no other kernel for 32 bit and shared keys."""
    shared = shape.kv_heads < shape.heads
    return device.kind == "cuda" and compute == "float32" and shared


def _recomputes(setting: str, device: Device) -> bool:
    return device.kind != "cpu" if setting == "auto" else setting == "on"
