"""ZeRO: bytes a device where weights, gradients and states are spread over several (DSM, D06).

``parameters`` are those of the model, ``largest`` those of its largest layer; every function gives
bytes on one device, except `host_bytes`. Activations come on top.
"""

from __future__ import annotations

from typing import Literal

Offload = Literal["none", "optimizer", "both"]

STATES = 16
"""Bytes a parameter that ZeRO-2 spreads: 32-bit weights, Adam's states, gradients."""
EVERYTHING = 18
"""Bytes a parameter that ZeRO-3 spreads: those, and the 16-bit weights."""
WORKING = 4
"""Bytes a parameter that is at work: 16-bit weights and gradients."""
HOST_ROOM = 1.5
"""Room for buffers on the host."""


def zero2_bytes(parameters: float, devices: int, offload: bool = False) -> float:
    """ZeRO-2: whole weights everywhere, gradients and states spread, or on the host."""
    if offload:
        return 2 * parameters
    return WORKING * parameters + STATES * parameters / devices


def zero3_bytes(
    parameters: float, largest: float, devices: int, offload: Offload = "none"
) -> float:
    """ZeRO-3: everything spread; one layer at a time is whole."""
    spread = {"none": EVERYTHING, "optimizer": 2, "both": 0}[offload]
    return WORKING * largest + spread * parameters / devices


def host_bytes(parameters: float, devices: int) -> float:
    """Memory of the host that ZeRO-2 with offloading takes."""
    return parameters * max(4 * devices, STATES) * HOST_ROOM
