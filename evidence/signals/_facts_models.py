"""The model that tells whether one text follows from another, loaded once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

ENTAILMENT_VARIABLE = "FORMFACT_ENTAILMENT_MODEL"
"""Environment variable with a folder or name of a cross-encoder for natural language inference."""


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
