"""Models that are in memory: each base with its adapters; the least recently used goes first."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from trainer.device import DeviceChoice, choose_device
from trainer.failures import RunFailure
from trainer.models import find_model, load_base, load_tokenizer
from trainer.serving.labels import Head, load_head
from trainer.serving.protocol import Ask, RefusalCode
from trainer.serving.specs import spec_for

SHARE_OF_MEMORY = 0.6
"""Of the device's memory, for weights: the rest is for what is computed, and for other programs."""
BASE = "__base__"
"""What PEFT calls the base in a batch of several adapters."""
UNMIXABLE = (
    "use_dora",
    "lora_bias",
    "modules_to_save",
    "trainable_token_indices",
    "alora_invocation_tokens",
)
"""Settings of an adapter with which PEFT cannot mix it with others in one batch."""


class CannotServe(Exception):
    """A request that cannot be served; ``code`` is the protocol's."""

    def __init__(self, code: RefusalCode, words: str) -> None:
        self.code, self.words = code, words
        super().__init__(words)


class NoRoomYet(Exception):
    """There will be room once others are done."""


@dataclass
class Adapter:
    """An adapter in memory. ``name`` is PEFT's for it."""

    name: str
    bytes: int
    alone: bool
    """Whether its rows cannot share a batch with others."""
    used: int = 0
    rows: int = 0


@dataclass
class Base:
    """A base model in memory; ``model`` is wrapped by PEFT once it has had an adapter."""

    model: Any
    tokenizer: Any
    bytes: int
    stops: frozenset[int]
    context: int
    adapters: dict[str, Adapter] = field(default_factory=dict)
    used: int = 0
    rows: int = 0

    @property
    def wrapped(self) -> bool:
        """Whether PEFT wraps the model."""
        return hasattr(self.model, "peft_config")


class Shelf:
    """Loads what is asked for, within ``most_bytes`` of weights (0: by the device's memory)."""

    def __init__(self, device: str = "auto", most_bytes: int = 0) -> None:
        self.asked_device = device
        self.most_bytes = most_bytes
        self.bases: dict[tuple[str, str], Base] = {}
        self.heads: dict[tuple[str, str, str], Head] = {}
        self._clock = count(1)
        self._names = count(1)
        self._device: DeviceChoice | None = None

    @property
    def device(self) -> DeviceChoice:
        """The device, chosen at first use."""
        if self._device is None:
            self._device = choose_device(spec_for("any", device=self.asked_device))
            self.most_bytes = self.most_bytes or int(self._device.memory_bytes * SHARE_OF_MEMORY)
        return self._device

    def base(self, ask: Ask) -> tuple[Base, Adapter | None]:
        """What a request needs, in memory.

        Raises:
            CannotServe: where it cannot be loaded at all.
            NoRoomYet: where others that are in use take the room.
        """
        whole, folder = _parts(ask)
        base = self.bases.get((whole, ask.revision)) or self._load_base(ask, whole)
        base.used = next(self._clock)
        if not folder:
            return base, None
        adapter = base.adapters.get(folder) or self._load_adapter(base, folder)
        adapter.used = next(self._clock)
        return base, adapter

    def head(self, ask: Ask) -> Head:
        """The classifier that a request names, in memory. Raises CannotServe or NoRoomYet."""
        key = (ask.model, ask.revision, ask.adapter)
        head = self.heads.get(key) or self._load_head(ask)
        head.used = next(self._clock)
        self.heads[key] = head
        return head

    # --- loading ------------------------------------------------------------------------------

    def _load_base(self, ask: Ask, whole: str) -> Base:
        spec = spec_for(whole, ask.revision)
        device = self.device
        try:
            self._make_room(_size_on_disk(find_model(whole, ask.revision).source))
            model: Any = load_base(spec, device)
            tokenizer: Any = load_tokenizer(
                spec if whole == ask.model else spec.model_copy(update={"model": ask.model})
            )
        except RunFailure as error:
            raise CannotServe("missing_model", error.words) from error
        model.eval().requires_grad_(False)
        made = Base(model, tokenizer, _bytes_of(model), _stops(model, tokenizer), _context(model))
        self.bases[whole, ask.revision] = made
        return made

    def _load_adapter(self, base: Base, folder: str) -> Adapter:
        from peft import PeftModel

        path = Path(folder)
        settings = _settings(path)
        base.rows += 1  # so that it does not make room for its own adapter
        try:
            self._make_room((path / "adapter_model.safetensors").stat().st_size)
        finally:
            base.rows -= 1
        name = f"adapter{next(self._names)}"
        before = _bytes_of(base.model)
        try:
            if base.wrapped:
                base.model.load_adapter(folder, adapter_name=name, is_trainable=False)
            else:
                base.model = PeftModel.from_pretrained(base.model, folder, adapter_name=name)
        except (RuntimeError, ValueError, TypeError, KeyError, OSError) as error:
            why = " ".join(str(error).split())[:300]
            words = f"The adapter does not fit its base model. ({why})"
            raise CannotServe("missing_model", words) from error
        base.model.eval()
        alone = settings.get("peft_type") != "LORA" or any(map(settings.get, UNMIXABLE))
        made = Adapter(name, _bytes_of(base.model) - before, alone)
        base.adapters[folder] = made
        return made

    def _load_head(self, ask: Ask) -> Head:
        device = self.device
        try:
            sources = (find_model(ask.model, ask.revision).source, ask.adapter)
            self._make_room(sum(map(_size_on_disk, sources)))
            return load_head(ask, device)
        except RunFailure as error:
            raise CannotServe("missing_model", error.words) from error
        except (RuntimeError, ValueError, TypeError, KeyError, OSError) as error:
            why = " ".join(str(error).split())[:300]
            raise CannotServe(
                "missing_model", f"The classifier cannot be loaded. ({why})"
            ) from error

    # --- making room --------------------------------------------------------------------------

    def _make_room(self, wanted: int) -> None:
        words = (
            f"The model needs {wanted:,} bytes more, and models may take {self.most_bytes:,} "
            "in all. FORMFACT_MODEL_MEMORY_BYTES allows more."
        )
        if wanted > self.most_bytes:
            raise CannotServe("out_of_memory", words)
        while self.held + wanted > self.most_bytes:
            if not self._unload_one():
                raise NoRoomYet(words)

    @property
    def held(self) -> int:
        """Bytes of all weights in memory."""
        bases = self.bases.values()
        return sum(
            base.bytes + sum(item.bytes for item in base.adapters.values()) for base in bases
        )

    def _unload_one(self) -> bool:
        """Let go of what was used least recently, of what is idle; whether there was any."""
        idle = list(self._idle())
        if not idle:
            return False
        min(idle, key=lambda item: item[0])[1]()
        gc.collect()
        return True

    def _idle(self) -> Iterable[tuple[int, Callable[[], object]]]:
        """When it was last used, and how it is dropped."""
        for key, base in self.bases.items():
            if not base.rows:
                yield base.used, partial(self._drop_base, key)
            for folder, adapter in base.adapters.items():
                if not adapter.rows:
                    yield adapter.used, partial(_drop, base, folder)
        for name, head in self.heads.items():
            yield head.used, partial(self.heads.pop, name)

    def _drop_base(self, key: tuple[str, str]) -> None:
        del self.bases[key]
        if self.device.kind == "cuda":
            import torch

            gc.collect()
            torch.cuda.empty_cache()


def _drop(base: Base, folder: str) -> None:
    adapter = base.adapters.pop(folder)
    if base.adapters:
        base.model.delete_adapter(adapter.name)
    else:
        base.model = base.model.unload()


def _parts(ask: Ask) -> tuple[str, str]:
    """The model to load whole, and the adapter to put on it; full weights are a model by itself."""
    if not ask.adapter:
        return ask.model, ""
    if (Path(ask.adapter) / "adapter_config.json").is_file():
        return ask.model, ask.adapter
    return ask.adapter, ""


def _settings(path: Path) -> dict[str, Any]:
    try:
        found = json.loads((path / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        words = "The adapter cannot be read: its adapter_config.json is missing or broken."
        raise CannotServe("missing_model", words) from error
    if not isinstance(found, dict) or not (path / "adapter_model.safetensors").is_file():
        raise CannotServe("missing_model", "The adapter has no adapter_model.safetensors.")
    if found.get("task_type") not in (None, "CAUSAL_LM"):
        words = "This model was not trained to write text, so it cannot chat."
        raise CannotServe("unsupported_model", words)
    return found


def _size_on_disk(source: str) -> int:
    folder = Path(source)
    return sum(path.stat().st_size for path in folder.glob("*.safetensors")) if source else 0


def _bytes_of(model: Any) -> int:
    return sum(item.numel() * item.element_size() for item in model.parameters())


def _stops(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end an answer, by the model's generation settings and by its tokenizer."""
    named = model.generation_config.eos_token_id if model.generation_config else None
    found = named if isinstance(named, list) else [named]
    return frozenset(token for token in (*found, tokenizer.eos_token_id) if token is not None)


def _context(model: Any) -> int:
    config = model.config.get_text_config(decoder=True)
    return int(getattr(config, "max_position_embeddings", 0) or 1 << 20)
