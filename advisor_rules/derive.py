"""Facts made from facts: the only place where knowledge is code.

Each predicate takes the values of its inputs (all known) and returns the derived value, or None
where it cannot tell. ``DERIVATIONS`` is what the engine runs, in order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from typing import Any

from advisor_rules.conditions import NO_VALUES, Columns
from advisor_rules.model import Value

GB = 1e9
BYTES_BF16 = 2.0
BYTES_NF4 = 4.127 / 8
"""NF4 with double quantisation: 4 + 0.127 bits a parameter (Dettmers et al. 2023, QLoRA)."""
LORA_OVERHEAD = 1.5
"""Measured LoRA peaks over frozen bf16 weights at batch 1 and about 1,300 tokens: 21.3 GB over
13.5 GB for Llama-2-7B (litgpt resource tables), rounded down: a heuristic, the worker measures."""
RESERVE_GB = 2.0
"""CUDA context and allocator slack, 0.3-2 GiB (Hugging Face, model memory anatomy)."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """A fact, what it is made from, and how."""

    fact: str
    inputs: tuple[str, ...]
    make: Callable[..., Value | None]
    samples: dict[str, tuple[Value, ...]]
    """Values of the inputs that reach every derived value: what enumeration tries."""


def fits_window(corpus_tokens: int, context_window_tokens: int) -> bool:
    """Whether all documents fit into three quarters of the model's window.

    A quarter is left for instructions, the conversation and the answer (our own heuristic).
    """
    return corpus_tokens <= 0.75 * context_window_tokens


def adapter_that_fits(model_billion_parameters: float, gpu_memory_gb: float) -> str:
    """The lightest-to-train adapter whose estimated peak fits: ``lora``, ``qlora`` or ``none``.

    Memory is frozen weights x overhead + reserve; parameters in billions, memory in GB (1e9 bytes).
    """
    room = (gpu_memory_gb - RESERVE_GB) * GB
    parameters = model_billion_parameters * 1e9
    if parameters * BYTES_BF16 * LORA_OVERHEAD <= room:
        return "lora"
    if parameters * BYTES_NF4 * LORA_OVERHEAD <= room:
        return "qlora"
    return "none"


DERIVATIONS: tuple[Derivation, ...] = (
    Derivation(
        "corpus_fits_window",
        ("corpus_tokens", "context_window_tokens"),
        fits_window,
        {
            "corpus_tokens": (1_000, 90_000, 150_000, 700_000, 100_000_000),
            "context_window_tokens": (8_000, 128_000, 200_000, 1_000_000),
        },
    ),
    Derivation(
        "adapter_that_fits",
        ("model_billion_parameters", "gpu_memory_gb"),
        adapter_that_fits,
        {
            "model_billion_parameters": (1.0, 8.0, 32.0, 70.0),
            "gpu_memory_gb": (0.0, 8.0, 24.0, 80.0, 640.0),
        },
    ),
)


def derived_column(derivation: Derivation, columns: Columns) -> dict[Value, int]:
    """The derived fact's masks: the predicate runs once for each combination of input values."""
    inputs = [columns.get(name, NO_VALUES) for name in derivation.inputs]
    result: dict[Value, int] = {}
    for combination in product(*(column.items() for column in inputs)):
        values: list[Any] = [value for value, _ in combination]
        mask = combination[0][1]
        for _, other in combination[1:]:
            mask &= other
        made = derivation.make(*values) if mask else None
        if made is not None:
            result[made] = result.get(made, 0) | mask
    return result
