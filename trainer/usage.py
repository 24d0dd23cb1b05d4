"""How much memory a run takes, on whatever device it computes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

from trainer.device import Kind

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def reset_peak(kind: Kind) -> None:
    """Begin to measure the peak anew, where the device can."""
    if kind == "cuda":
        import torch

        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    elif CLEAR.exists():
        try:
            CLEAR.write_text("5")  # proc(5): 5 resets the peak of the resident set
        except OSError:
            return


def peak_bytes(kind: Kind) -> int:
    """The most memory since the peak was reset: of the GPU, or of the whole process on CPU."""
    if kind == "cuda":
        import torch

        return int(torch.cuda.max_memory_allocated())
    if kind == "mps":
        import torch

        return int(torch.mps.driver_allocated_memory())
    return _status("VmHWM") or _most_ever()


def held_bytes(kind: Kind) -> int:
    """Memory held now, by the same measure as `peak_bytes`."""
    if kind == "cuda":
        import torch

        return int(torch.cuda.memory_allocated())
    if kind == "mps":
        return peak_bytes(kind)
    return _status("VmRSS") or _most_ever()


def _status(name: str) -> int:
    if not STATUS.exists():
        return 0
    for line in STATUS.read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    return 0


def _most_ever() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
