"""Looks for a sentence of the passages that the answer repeats with a denial more or less.

Returns whether one of them says not, never or no where the other does not. Sentences count as the
same where most content words agree; where no sentence is that near, nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._facts_polarity import NEGATED, abstains
from evidence.signals._facts_question import is_open
from evidence.signals._facts_record import given_answer, passage_of
from evidence.signals._facts_text import MOST, content, sentence_words, words
from evidence.view import RecordView

SIGNALS = ("denial_against_context",)
SHORTEST, LONGEST = 4, 60
"""Words of an answer that is compared as one sentence."""
FEWEST = 3
"""Words that carry a fact in an answer that is compared."""
SAME = 0.75
"""Share of the answer's content words that the passage's sentence has to hold."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Whether answer and passage differ in a denial."""
    passage = passage_of(view)
    if not passage or len(passage) > MOST or is_open(view.question):
        return
    answer = given_answer(view)
    own = content(answer)
    if not SHORTEST <= len(words(answer)) <= LONGEST or len(own) < FEWEST or abstains(answer):
        return
    shares = [
        (len(own.intersection(held)) / len(own), start, end)
        for start, end, held in sentence_words(passage)
    ]
    share, start, end = max(shares, default=(0.0, 0, 0))
    if share < SAME:
        return
    differs = bool(NEGATED.search(answer)) != bool(NEGATED.search(passage[start:end]))
    detail = "one denies what the other says" if differs else "neither denies the other"
    spans = (Span(start, end, "context"),) if differs and view.passages else ()
    yield Observation(SIGNALS[0], differs, detail, spans)
