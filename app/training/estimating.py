"""What a job would take on the device of the worker that would run it; unknown stays unknown."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from app.training.presence import list_workers
from trainer.contract import TrainSpec
from trainer.memory import Device, UnknownShape, devices, estimate_for
from trainer.memory.cost import Duration
from trainer.memory.devices import CPU_TFLOPS
from trainer.params import epochs_for

GIB = 2**30
A_TOKEN = 4.0
"""Characters of a token, about; English text has a little more."""
NO_WORKER = "No worker is running, so nothing is known of the device. Start one: formfact worker"
FITS = {
    "yes": "It fits.",
    "tight": "It may not fit: the interval reaches beyond its memory.",
    "no": "It does not fit.",
    "unknown": "How much memory the device has is not known.",
}


@dataclass(frozen=True, slots=True)
class Rows:
    """What is known of the data before it is read as tokens."""

    rows: int = 0
    characters: float = 0.0
    """Of a row on average."""

    @property
    def tokens(self) -> float:
        """Tokens of all rows, roughly."""
        return self.rows * self.characters / A_TOKEN


@dataclass(frozen=True, slots=True)
class Estimated:
    """An estimate in words; '' where nothing is known."""

    device: str
    memory: str = ""
    fits: str = ""
    verdict: str = "unknown"
    remedies: tuple[str, ...] = ()
    time: str = ""
    cost: str = ""
    unknown: tuple[str, ...] = ()
    """What is not known, and why."""


def device_of_worker(session: Session, price: float = 0.0) -> Device | None:
    """The device of the newest worker that is alive; None where there is none, or it is not told.

    ``price`` is that of an hour, in any currency.
    """
    for standing in list_workers(session):
        told = standing.worker.device or {}
        kind = told.get("kind")
        if standing.alive and kind in ("cuda", "mps", "cpu"):
            name = str(told.get("name", ""))[:200]
            known = _known(name)
            return Device(
                name=name,
                kind=kind,
                memory=float(told.get("memory_bytes") or (known.memory if known else 0)),
                tflops=CPU_TFLOPS if kind == "cpu" else known.tflops if known else 0,
                price=price,
                bfloat16=told.get("dtype") == "bfloat16",
            )
    return None


def _known(name: str) -> Device | None:
    """The accelerator of the list that this name is of: all words of its title are in it."""
    words = set(name.upper().replace("-", " ").split())
    short = {key: set(key.upper().split("-")) for key in devices()}
    fits = [key for key, parts in short.items() if _core(parts) <= words]
    return devices()[max(fits, key=len)] if fits else None


def _core(parts: set[str]) -> set[str]:
    """The words of a card's id without its memory, which names give in ways of their own."""
    return {part for part in parts if not part.endswith("GB")}


def estimated(spec: TrainSpec, device: Device | None, data: Rows) -> Estimated:
    """The memory, time and cost of a job, in words."""
    name = "" if device is None else device.name or device.kind
    epochs = spec.params.get("epochs") or epochs_for(data.rows)
    tokens = data.tokens * float(epochs) if data.rows else None
    longest = None if not data.rows else max(32, int(4 * data.characters / A_TOKEN))
    try:
        used = device or Device(kind="cpu" if spec.device == "cpu" else "cuda")
        found = estimate_for(spec, device=used, longest=longest, tokens=tokens)
    except UnknownShape:
        words = "The shape of this base model is not known before it is fetched: no estimate."
        return Estimated(name, unknown=(words,))
    except (ValueError, OSError):
        return Estimated(name, unknown=("The settings cannot be estimated as they are.",))
    memory = found.memory
    shown = Estimated(
        device=name,
        memory=f"{_gib(memory.total)} GiB ({_gib(memory.low)} to {_gib(memory.high)})",
        fits=FITS.get(found.fits, ""),
        verdict=found.fits,
        remedies=tuple(item.words for item in found.remedies[:4]),
    )
    return _with_time(shown, found.duration, device, data)


def _with_time(
    shown: Estimated, took: Duration | None, device: Device | None, data: Rows
) -> Estimated:
    unknown = [NO_WORKER] if device is None else []
    if not data.rows:
        unknown.append("Time: choose the data first.")
    elif took is None:
        unknown.append("Time: how fast this device is, is not known before the dry run.")
    if took is None or device is None:
        return replace(shown, unknown=tuple(unknown))
    cost = ""
    if took.cost is not None:
        high = f", at most {took.cost_high:,.2f}" if took.cost_high is not None else ""
        cost = f"{took.cost:,.2f}{high}"
    else:
        unknown.append("Cost: give the price of an hour to have it worked out.")
    words = f"{_span(took.low)} to {_span(took.high)}"
    return replace(shown, time=words, cost=cost, unknown=tuple(unknown))


def _gib(size: float) -> str:
    return f"{size / GIB:.2f}" if size < 10 * GIB else f"{size / GIB:.1f}"


def _span(seconds: float) -> str:
    """A time in the largest unit that leaves it a number to imagine."""
    for size, unit in ((86_400, "days"), (3_600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 1):.0f} seconds"
