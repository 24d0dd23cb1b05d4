"""Compares the answer, taken out of its format, with the reference.

Returns one choice: the same, the same in other words or another form, a longer answer that holds
it, a part of it, its denial, or something different. Case, accents, articles, punctuation, forms of
numbers, dates and names do not count. Long references are compared by the words that they add to
the question; beyond 60 words only equality and quotation tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation, Span
from evidence.signals._facts_compare import Comparison, How, compare
from evidence.signals._facts_record import Asked, marked, quoted, with_reference
from evidence.view import RecordView

SIGNALS = ("answer_against_reference",)

WORDS: dict[How, str] = {
    "same": "the answer is the reference {expected}",
    "other_words": "the answer says {expected} in another form",
    "holds": "the answer states {expected}",
    "mentions": "a long answer mentions {expected}",
    "within": "the answer is a part of the longer reference",
    "last_name": "the answer gives only the last name of {expected}",
    "cut": "the answer breaks off in the middle of {expected}",
    "part": "the answer shares some words with {expected} and not all",
    "both": "the answer names {expected} after the other thing asked about",
    "denied": "the answer mentions {expected} and denies it, or the reverse",
    "other_text": "hardly a word of the longer reference stands in the answer",
    "no_answer": "the answer declines or says that it does not know, the reference is {expected}",
    "different": "the answer is {answer}, the reference is {expected}",
}


def detect(view: RecordView) -> Iterator[Observation]:
    """How the answer stands to the reference, where the two can be compared."""
    asked = with_reference(view)
    found = compare(asked.answer, asked.reference, asked.question) if asked else None
    if asked and found:
        detail = WORDS[found.how].format(
            expected=quoted(found.expected), answer=quoted(asked.answer)
        )
        yield Observation(SIGNALS[0], found.how, detail, _spans(view, asked, found))


def _spans(view: RecordView, asked: Asked, found: Comparison) -> tuple[Span, ...]:
    if found.how in {"different", "part", "cut", "last_name"}:
        return marked(view.output, asked.answer)
    return marked(view.output, found.expected)
