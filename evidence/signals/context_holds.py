"""Looks up the reference and the answer in the passages that the model was given.

Returns whether the passages hold the expected answer (so retrieval found it or missed it) and
where the answer itself stands: quoted as a sentence, as a phrase, its words only, or not at all.
Yes, no, and references of more than 12 words are not looked up. A synonym in the passage is not
recognised.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._facts_compare import SHORT, alternatives
from evidence.signals._facts_dates import dates
from evidence.signals._facts_polarity import abstains, polarity
from evidence.signals._facts_question import is_open
from evidence.signals._facts_record import given_answer, marked, passage_of, quoted
from evidence.signals._facts_support import SENTENCE
from evidence.signals._facts_text import MOST, content, place_of, plain, sentences, words
from evidence.view import RecordView

SIGNALS = ("reference_in_context", "answer_in_context")
MOSTLY = 0.75
"""Share of the content words of an answer from which its words stand in the passages."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Where reference and answer stand in the passages."""
    passage = passage_of(view)
    if not passage or len(passage) > MOST or is_open(view.question):
        return
    yield from _reference(view, passage)
    answer = given_answer(view)
    if content(answer) and not abstains(answer):
        place = _place(answer, plain(passage))
        shown = bool(view.passages) and place.startswith("quoted")
        spans = marked(passage, answer, "context") if shown else ()
        yield Observation(SIGNALS[1], place, WHERE[place], spans)


WHERE = {
    "quoted_sentence": "the answer is quoted from the passage",
    "quoted_phrase": "the answer stands in the passage",
    "words": "most words of the answer stand in the passage",
    "not_there": "words of the answer do not stand in the passage",
}


def _reference(view: RecordView, passage: str) -> Iterator[Observation]:
    reference = view.reference
    if reference is None or len(words(reference)) > SHORT or not content(reference):
        return
    if polarity(reference) or abstains(reference):
        return
    held = plain(passage)
    for item in alternatives(reference):
        if plain(item) in held or _dated(item, passage):
            spans = _sentence(passage, item) if view.passages else ()
            yield Observation(SIGNALS[0], True, f"the passage holds {quoted(item)}", spans)
            return
    if content(reference) <= set(held.split()):
        return
    yield Observation(SIGNALS[0], False, f"the passage does not hold {quoted(reference)}")


def _dated(item: str, context: str) -> bool:
    wanted = dates(item)
    return bool(wanted) and any(day.gives(wanted[0]) for day in dates(context))


def _sentence(context: str, phrase: str) -> tuple[Span, ...]:
    """The sentence of the passages that holds a phrase."""
    place = place_of(context, phrase)
    if place is None:
        return ()
    around = (edges for edges in sentences(context) if edges[0] <= place[0] < edges[1])
    start, end = next(around, place)
    return (Span(start, end, "context"),)


def _place(answer: str, held: str) -> str:
    given = plain(answer)
    if given in held:
        return "quoted_phrase" if len(given.split()) < SENTENCE else "quoted_sentence"
    own = content(answer)
    return "words" if len(own & set(held.split())) / len(own) >= MOSTLY else "not_there"
