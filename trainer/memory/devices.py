"""Devices that jobs run on: how much memory, how fast, at what price."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml

Kind = Literal["cuda", "mps", "cpu"]
CPU_TFLOPS = 0.1
"""A CPU core pair's 32-bit matrix products, where nobody says better."""


@dataclass(frozen=True, slots=True)
class Device:
    """What is known of a device; 0 stands for unknown."""

    name: str = ""
    kind: Kind = "cuda"
    memory: float = 0
    """Bytes."""
    tflops: float = 0
    """Peak of matrix products in the precision that is computed in."""
    price: float = 0
    """Of an hour, in whatever currency."""
    bfloat16: bool = True


class UnknownDevice(ValueError):
    """No device has that name; the text says which there are."""


@cache
def devices() -> dict[str, Device]:
    """Known accelerators by name."""
    text = (files("trainer.memory") / "devices.yaml").read_text(encoding="utf-8")
    return {
        name: Device(
            row["title"],
            "cuda",
            row["memory_gb"] * 1e9,
            row["tflops"],
            bfloat16=row.get("bfloat16", True),
        )
        for name, row in yaml.safe_load(text).items()
    }


def device_named(name: str) -> Device:
    """A known accelerator; raises UnknownDevice."""
    found = devices().get(name.lower())
    if found is None:
        raise UnknownDevice(f"device {name[:60]}: there is {', '.join(devices())}")
    return found
