"""Asks a model of inference whether the passages say what the answer says.

Returns ``entails``, ``neutral`` or ``contradicts`` for the question with its answer against the
passages. The model is a cross-encoder with these three outcomes that ``FORMFACT_ENTAILMENT_MODEL``
names, a folder or a name on a hub; without one, or without the extra ``embedding``, nothing is
measured. Only the first 4,000 characters of the passages are read.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from evidence.signals._base import Observation
from evidence.signals._facts_models import ENTAILMENT_VARIABLE, entailment_model, outcomes
from evidence.signals._facts_question import asked
from evidence.signals._facts_record import given_answer
from evidence.signals._facts_text import content
from evidence.view import RecordView

NEEDS = "sentence_transformers"
SLOW = True
SIGNALS = ("context_entails_answer",)
MOST = 4_000
"""Characters of the passages that are read; the model itself may read fewer."""
SURE = 0.5
"""Probability from which an outcome counts; below it the outcome is neutral."""


def detect(view: RecordView) -> Iterator[Observation]:
    """The likeliest outcome, where a model is configured and passages were given."""
    place = os.environ.get(ENTAILMENT_VARIABLE, "")
    answer = given_answer(view)[:MOST]
    if not place or not view.passages or not content(answer):
        return
    model = entailment_model(place)
    if model is None:
        return
    claim = f"{asked(view.question)} {answer}"
    shares = model.predict([(view.context[:MOST], claim)], apply_softmax=True)[0]
    best = max(range(len(shares)), key=lambda item: float(shares[item]))
    sure = float(shares[best]) >= SURE
    value = outcomes(model)[best] if sure else "neutral"
    yield Observation(SIGNALS[0], value, f"with a probability of {float(shares[best]):.2f}")
