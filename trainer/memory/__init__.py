"""What fits: bytes by part, per method and precision, and by whose convention."""

from trainer.memory.devices import Device, UnknownDevice, device_named, devices
from trainer.memory.estimate import Estimate, Part, estimate
from trainer.memory.families import read_shape
from trainer.memory.job import JobEstimate, estimate_for, judge, plan_for, shape_of
from trainer.memory.known import find_shape
from trainer.memory.lora import lora_parameters
from trainer.memory.plan import Plan
from trainer.memory.shapes import ModelShape, UnknownShape

__all__ = [
    "Device",
    "Estimate",
    "JobEstimate",
    "ModelShape",
    "Part",
    "Plan",
    "UnknownDevice",
    "UnknownShape",
    "device_named",
    "devices",
    "estimate",
    "estimate_for",
    "find_shape",
    "judge",
    "lora_parameters",
    "plan_for",
    "read_shape",
    "shape_of",
]
