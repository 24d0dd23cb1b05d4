"""Compares meanings by embeddings: the answer with the reference, and with the passages.

Returns whether both are near, middling or far by the cosine of their sentence embeddings. The model
is the one that ``FORMFACT_EMBEDDING_MODEL`` names, else the packaged all-MiniLM-L6-v2; without the
extra ``embedding`` nothing is measured. Names and numbers of one kind lie near each other, so a
wrong one is seldom far.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.models import embedding_model, embedding_place
from evidence.signals._base import Observation, Span
from evidence.signals._facts_record import given_answer, with_reference
from evidence.signals._facts_text import content, sentences
from evidence.view import RecordView

NEEDS = "sentence_transformers"
SLOW = True
SIGNALS = ("similar_to_reference", "similar_to_context")
NEAR, FAR = 0.75, 0.35
"""Cosines from which two texts are near, and below which they are far apart."""
MOST_SENTENCES = 60
MOST = 2_000
"""Characters of a text that are embedded."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Nearness in meaning, where a model is at hand."""
    place = embedding_place()
    model = embedding_model(place) if place else None
    answer = given_answer(view)[:MOST]
    if model is None or not content(answer):
        return
    if asked := with_reference(view):
        found = _cosines(model, answer, [asked.reference[:MOST]])[0]
        yield Observation(SIGNALS[0], _band(found), f"cosine {found:.2f}")
    edges = sentences(view.context)[:MOST_SENTENCES]
    if edges:
        texts = [view.context[start:end] for start, end in edges]
        found, nearest = max(zip(_cosines(model, answer, texts), edges, strict=True))
        detail = f"cosine {found:.2f} to the nearest sentence"
        yield Observation(SIGNALS[1], _band(found), detail, (Span(*nearest, "context"),))


def _cosines(model: object, answer: str, texts: list[str]) -> list[float]:
    encode = model.encode  # type: ignore[attr-defined]
    vectors = encode([answer, *texts], normalize_embeddings=True, show_progress_bar=False)
    return [float(vectors[0] @ vector) for vector in vectors[1:]]


def _band(cosine: float) -> str:
    if cosine >= NEAR:
        return "near"
    return "far" if cosine < FAR else "middling"
