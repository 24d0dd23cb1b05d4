"""Says how well the given passages carry the answer, by a small fitted model of countable features.

Returns ``supported``, ``likely``, ``doubtful`` or ``unsupported``. The features are words, pairs of
words, names and numbers of the answer that the passages hold or lack, negations, vague words, and
whether the answer is of the kind asked for. Measured on answers of up to 60 words to questions; the
weights are in ``weights/support.json``. It judges the shape of an answer, not its meaning: one that
picks the wrong name out of the passage looks supported.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation
from evidence.signals._facts_polarity import abstains, polarity
from evidence.signals._facts_question import asked, is_open
from evidence.signals._facts_record import given_answer, passage_of
from evidence.signals._facts_support import features
from evidence.signals._facts_text import content, words
from evidence.signals._facts_weights import probability, support_weights
from evidence.view import RecordView

SIGNALS = ("context_support",)
LONGEST = 60
"""Words of an answer; the model was fitted on no longer ones."""
BANDS = ((0.85, "unsupported"), (0.5, "doubtful"), (0.2, "likely"), (0.0, "supported"))
"""Probability of being wrong from which each value holds."""
TELLING = {
    "quoted_phrase": "stands in the passage word for word",
    "quoted_sentence": "is quoted from the passage",
    "own_words_missing_share": "words that the passage lacks",
    "new_number": "a number that is not in the passage",
    "new_name": "a name that is not in the passage",
    "negated": "a denial",
    "no_number_asked": "no number, where one is asked for",
    "vague": "a vague word in place of a name",
}


def detect(view: RecordView) -> Iterator[Observation]:
    """The value for a short answer to a question that came with passages."""
    passage = passage_of(view)
    if not passage or is_open(view.question):
        return
    answer = given_answer(view)
    if not 0 < len(words(answer)) <= LONGEST or not content(answer):
        return
    if abstains(answer) or (polarity(answer) and len(words(answer)) == 1):
        return
    found = features(asked(view.question), answer, passage)
    risk = probability(support_weights(), found)
    value = next(name for least, name in BANDS if risk >= least)
    seen = [phrase for name, phrase in TELLING.items() if found[name] > 0.3]
    yield Observation(SIGNALS[0], value, "; ".join(seen) or "words of the passage, put anew")
