"""The memory that a plan needs: by part, at the moment that needs most, with an interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from trainer.memory.activations import kept_bytes, live_bytes, loss_bytes
from trainer.memory.conventions import (
    BITS,
    CONVENTIONS,
    Convention,
    key_value_bytes,
    of_optimizer,
)
from trainer.memory.lora import lora_parameters
from trainer.memory.plan import Plan
from trainer.memory.shapes import ModelShape

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "weights": "weights of the base model",
        "copies": "16-bit copies of 32-bit weights while they compute",
        "adapter": "weights that are added and trained",
        "gradients": "one for every trained weight",
        "optimizer": "what the optimizer remembers of every trained weight",
        "activations": "what layers keep for the way back",
        "logits": "the loss over the vocabulary",
        "cache": "keys and values of the text so far",
        "workspace": "room for matrix products",
        "context": "the device's own runtime",
    }
)
"""Every part, and what it is."""
SPREAD: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "weights": (1.0, 1.02),
        "copies": (0.9, 1.05),
        "adapter": (1.0, 1.02),
        "gradients": (1.0, 1.02),
        "optimizer": (1.0, 1.02),
        "activations": (0.8, 1.25),
        "logits": (0.6, 1.25),
        "cache": (0.8, 1.1),
        "workspace": (0.25, 1.0),
        "context": (0.6, 4.0),
    }
)
"""Part -> from which to which multiple of its estimate: what is counted, what depends on kernels
and the allocator, and the context, which was seen from 0.3 to 2 GiB (D15)."""


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes of one part at the moment that needs most."""

    name: str
    bytes: float

    @property
    def words(self) -> str:
        """What it is."""
        return WORDS[self.name]


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a plan takes on one device, in bytes."""

    parts: tuple[Part, ...]
    convention: Convention
    """Of the weights that are trained."""
    parameters: int
    trained: int

    def __getitem__(self, name: str) -> float:
        """Bytes of a part; 0 where there is none."""
        return sum(part.bytes for part in self.parts if part.name == name)

    @property
    def total(self) -> float:
        """All parts."""
        return sum(part.bytes for part in self.parts)

    @property
    def allocated(self) -> float:
        """What PyTorch's allocator hands out: all parts but the context."""
        return self.total - self["context"]

    @property
    def low(self) -> float:
        """The lower end of the interval around the total."""
        return sum(part.bytes * SPREAD[part.name][0] for part in self.parts)

    @property
    def high(self) -> float:
        """The upper end of the interval around the total."""
        return sum(part.bytes * SPREAD[part.name][1] for part in self.parts)


def estimate(shape: ModelShape, plan: Plan) -> Estimate:
    """The memory of a plan on one device.

    Raises:
        UnknownShape: a LoRA target that the model does not have.
    """
    if not plan.trains:
        return _served(shape, plan)
    trained = trained_parameters(shape, plan)
    convention = trained_convention(plan)
    rest = total_parameters(shape, plan)
    copies = copy_bytes(shape, plan)
    weights = weight_bytes(shape, plan)
    if plan.tuning == "full":
        weights = rest * (convention.weights - (2 if copies else 0))
    parts = {
        "weights": weights,
        "adapter": 0.0 if plan.tuning == "full" else trained * convention.weights,
        "optimizer": trained * convention.optimizer,
        **_moment(shape, plan, trained * convention.gradients, copies),
        "workspace": float(plan.workspace),
        "context": float(plan.context),
    }
    order = [name for name in WORDS if parts.get(name)]
    return Estimate(tuple(Part(name, parts[name]) for name in order), convention, rest, trained)


def _served(shape: ModelShape, plan: Plan) -> Estimate:
    """Weights, cache of keys and values, and the largest matrix while it is dequantised."""
    width = 4 if plan.compute == "float32" else 2
    largest = max((one.d_in * one.d_out for one in shape.matrices), default=0)
    at_work = largest * width if BITS[plan.base] < 16 else 0
    parts = (
        Part("weights", weight_bytes(shape, plan)),
        Part("activations", float(at_work)),
        Part("cache", key_value_bytes(shape.layers, shape.kv_width, plan.tokens, width)),
        Part("context", float(plan.context)),
    )
    kept = tuple(part for part in parts if part.bytes)
    return Estimate(kept, Convention("inference", 0, 0, 0, "weights only", ""), shape.parameters, 0)


def total_parameters(shape: ModelShape, plan: Plan) -> int:
    """Parameters of the base, without a language model's head where classes take its place."""
    return shape.parameters - (shape.head if plan.labels else 0)


def trained_parameters(shape: ModelShape, plan: Plan) -> int:
    """Parameters that are trained: adapters, the head of classes, or all."""
    head = plan.labels * (shape.hidden + (0 if shape.causal else 1))
    if plan.tuning == "full":
        return total_parameters(shape, plan) + head
    dense = shape.pooler if plan.labels else 0
    return lora_parameters(shape, plan.rank, plan.targets) + head + dense


def trained_convention(plan: Plan) -> Convention:
    """Bytes of a trained weight with its gradient and states."""
    if plan.tuning == "full":
        return of_optimizer(plan.whole, plan.optimizer)
    name = "fp32" if plan.adapter == "float32" else "qlora_paper"
    return of_optimizer(CONVENTIONS[name], plan.optimizer)


def weight_bytes(shape: ModelShape, plan: Plan) -> float:
    """Bytes of frozen weights: matrices as they are quantised, all else in 16 or 32 bit."""
    rest = total_parameters(shape, plan) - shape.linear
    return (shape.linear * BITS[plan.base] + rest * BITS[plan.unquantised]) / 8


def copy_bytes(shape: ModelShape, plan: Plan) -> float:
    """Bytes of the copies of 32-bit matrices that compute in 16 bit under autocast."""
    if plan.compute == "float32" or not plan.autocast:
        return 0
    whole = plan.tuning == "full" and plan.whole.weights == 6
    return 2 * shape.linear if whole or (plan.adapts and plan.base == "float32") else 0


def _moment(shape: ModelShape, plan: Plan, gradients: float, copies: float) -> dict[str, float]:
    """Gradients, copies, activations and logits at the moment that needs most.

    Either the loss goes back through the vocabulary while all layers still keep their tensors and
    no gradient is there yet; or the last layer goes back; or the first one, when all gradients are
    there. Copies of weights go with the layers that keep them; where layers are computed again
    they are gone after the forward pass.
    """
    kept, live, loss = kept_bytes(shape, plan), live_bytes(shape, plan), loss_bytes(shape, plan)
    layers = max(shape.layers, 1)
    again = plan.checkpointing == "full"
    early = gradients if plan.gradients_stay else 0.0
    first, one = (0.0 if again else kept / layers), copies / layers
    moments = (
        {"gradients": early, "copies": copies, "activations": kept, "logits": 0.0},
        {"gradients": early, "copies": 0 if again else copies, "activations": kept, "logits": loss},
        {"gradients": early, "copies": one if again else copies, "activations": kept + live},
        {"gradients": gradients, "copies": one, "activations": first + live},
    )
    return max(moments, key=lambda moment: sum(moment.values()))
