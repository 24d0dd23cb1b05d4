"""Which device trains, in which precision and with which attention: by what it can do."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import asdict, dataclass
from typing import Any, Literal

from trainer.contract import Data, TrainSpec
from trainer.failures import RunFailure

Kind = Literal["cuda", "mps", "cpu"]
Precision = Literal["float32", "bfloat16", "float16"]


@dataclass(frozen=True, slots=True)
class DeviceChoice:
    """Where a run computes."""

    kind: Kind
    name: str
    """As its maker calls it."""
    dtype: Precision
    attention: str
    """A name of Transformers: ``sdpa``, ``flash_attention_2``, ``eager``."""
    threads: int
    """CPU threads: sums depend on how many there are, so a resumed run keeps them."""
    memory_bytes: int = 0
    """All memory that the device has; 0 where it does not say."""

    def as_dict(self) -> dict[str, Any]:
        """As it stands in a report."""
        return asdict(self)

    @property
    def torch_dtype(self) -> Any:
        """The precision as torch knows it."""
        import torch

        return getattr(torch, self.dtype)


def choose_device(spec: TrainSpec, threads: int | None = None) -> DeviceChoice:
    """The device for a spec; ``threads`` are those of an earlier start of the same run.

    Raises:
        RunFailure: ``bad_spec`` where the device that the spec names is not there.
    """
    kind = _kind(spec.device)
    count = threads or spec.threads or usual_threads()
    dtype = _precision(kind) if spec.dtype == "auto" else spec.dtype
    return DeviceChoice(kind, _name(kind), dtype, _attention(kind, dtype), count, _memory(kind))


def usual_threads() -> int:
    """As many as the process may use cores, or fewer where OMP_NUM_THREADS says so."""
    import torch

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
    return min(torch.get_num_threads(), usable or os.cpu_count() or 1)


def spin_briefly() -> None:
    """Have threads of one sum spin but briefly while they wait; to be called before torch comes.

    As libgomp has it they spin 300,000 times, and where other work shares the cores they take the
    time of the very thread that they wait for. A small network on two cores, as usual and like
    this: 80 and 82 steps a second where the cores were free, 2 and 29 where they were busy. Not
    spinning at all was slower where they were free (59).
    """
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")


def settle(device: DeviceChoice) -> None:
    """Fix the threads, and on CPU the order of every sum, for the rest of the process."""
    import torch

    torch.set_num_threads(device.threads)
    if device.kind == "cpu":
        torch.use_deterministic_algorithms(True)
        # nothing here reads memory that it has not written, and filling it takes time at every step
        setattr(torch.utils.deterministic, "fill_uninitialized_memory", False)  # noqa: B010  # untyped


def _kind(wanted: str) -> Kind:
    import torch

    there: dict[Kind, bool] = {
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
        "cpu": True,
    }
    for kind, present in there.items():
        if present and wanted in ("auto", kind):
            return kind
    raise RunFailure(
        "bad_spec", f"This machine has no {wanted} device. Choose `auto` or `cpu` for the device."
    )


def _precision(kind: Kind) -> Precision:
    """bfloat16 where the device computes in it: float16 overflows in training (QLoRA, C73)."""
    import torch

    if kind == "cuda":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float32"
    return "float32"


def _attention(kind: Kind, dtype: Precision) -> str:
    import torch

    installed = importlib.util.find_spec("flash_attn") is not None
    if kind == "cuda" and installed and dtype != "float32":
        major, _ = torch.cuda.get_device_capability()
        return "flash_attention_2" if major >= 8 else "sdpa"
    return "sdpa"


def _name(kind: Kind) -> str:
    import platform

    import torch

    if kind == "cuda":
        return str(torch.cuda.get_device_name())
    return platform.processor() or platform.machine()


def _memory(kind: Kind) -> int:
    import torch

    if kind == "cuda":
        return int(torch.cuda.get_device_properties(0).total_memory)
    if kind == "mps":
        return int(torch.mps.recommended_max_memory())
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError, AttributeError):
        return 0


def main() -> None:
    """Print this machine's device as JSON on the last line: ``python -m trainer.device``."""
    import json

    import torch

    choice = choose_device(TrainSpec(model="any", data=Data(train="any")))
    print(json.dumps({**choice.as_dict(), "torch": torch.__version__}))


if __name__ == "__main__":
    main()
