"""A spec that names a model and nothing else: what loading takes."""

from __future__ import annotations

from typing import Any

from trainer.contract import TrainSpec


def spec_for(model: str, revision: str = "", **more: Any) -> TrainSpec:
    """The spec of a model that is only asked."""
    said = {"model": model, "revision": revision, "data": {"train": ""}, **more}
    return TrainSpec.model_validate(said)
