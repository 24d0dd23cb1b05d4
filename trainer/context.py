"""One run, as its stages and its method see it: what is asked, where it works, whom it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.contract import EventKind, RunFolder, TrainSpec
from trainer.device import DeviceChoice
from trainer.events import Journal
from trainer.failures import Stop, Stopped

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


@dataclass
class Run:
    """A job at work in its folder. ``stop`` says whether it was told to stop, and how."""

    spec: TrainSpec
    folder: RunFolder
    device: DeviceChoice
    journal: Journal
    stop: Callable[[], Stop | None] = field(default=lambda: None)

    def tell(
        self, kind: EventKind, key: str, data: dict[str, Any], step: int | None = None
    ) -> None:
        """Append an event to the run's file; of two with one key the first counts."""
        self.journal.tell(kind, key, data, step)

    def warn(self, key: str, text: str) -> None:
        """Tell something that is not as it should be; it appears in the report."""
        self.tell("warning", f"warning:{key}", {"text": text})

    def should_stop(self) -> Stop | None:
        """How the run was told to stop, if it was: to be asked at every step."""
        return self.stop()

    def heed(self) -> None:
        """Raise Stopped where the run was told to stop: for long work that keeps no state."""
        if how := self.stop():
            raise Stopped(how)

    def part(self, name: str) -> Path | None:
        """The prepared rows of ``train``, ``validation``, ``test``, ``regression``, ``safety``."""
        path = self.folder.data / f"{name}.jsonl"
        return path if path.exists() and path.stat().st_size else None

    def base_model(self) -> PreTrainedModel:
        """The base model on the run's device, newly loaded."""
        from trainer.models import load_base

        return load_base(self.spec, self.device)

    @cached_property
    def _tokenizer(self) -> PreTrainedTokenizerBase:
        from trainer.models import load_tokenizer

        return load_tokenizer(self.spec)

    def tokenizer(self) -> PreTrainedTokenizerBase:
        """The base model's tokenizer, with a chat template and a token to pad with."""
        return self._tokenizer

    def tuned_model(self) -> PreTrainedModel:
        """The trained causal model on the run's device: base with adapter, or full weights."""
        from trainer.models import load_tuned

        return load_tuned(self.spec, self.device, self.folder.adapter)
