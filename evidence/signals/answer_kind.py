"""Compares the kind of a short answer with the kind that the question asks for.

Returns whether a question after a number or date gets one, one after a person or place gets a name,
and a question to be answered by yes or no gets one of these. Questions of other kinds and answers
of more than 25 words are not measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.signals._base import Observation
from evidence.signals._facts_numbers import numbers
from evidence.signals._facts_polarity import abstains, stated
from evidence.signals._facts_question import Wanted, asked, is_open, wanted
from evidence.signals._facts_record import NOT_PROSE, given_answer
from evidence.signals._facts_text import content, words
from evidence.view import RecordView

SIGNALS = ("answer_of_kind_asked",)
LONGEST = 25
MOST = 1_000
"""Characters of an output that may hold so short an answer."""
PLAIN = 400
"""The same where no format surrounds the answer."""
PERSONAL = re.compile(r"\b(?:can|could|do|should|may) (?:i|we|you)\b|\bmy\b", re.IGNORECASE)
"""'Where can I find' asks for a way, and is seldom answered by a name."""
WHERE = re.compile(r"\b(?:at|behind|beside|between|in|inside|near|next to|on|over|under)\b", re.I)
"""'On the table' tells a place without a name."""
KINDS: dict[Wanted, str] = {
    "number": "a number",
    "date": "a date",
    "person": "a name",
    "place": "a name",
    "yes_no": "yes or no",
}


def detect(view: RecordView) -> Iterator[Observation]:
    """Whether a short answer is of the kind asked for."""
    if (
        len(view.output) > (MOST if view.format_type else PLAIN)
        or "?" not in view.question
        or view.format_type in NOT_PROSE
    ):
        return
    if is_open(view.question) or PERSONAL.search(view.question):
        return
    question, answer = asked(view.question), given_answer(view)
    kind = wanted(question)
    if kind == "place" and WHERE.search(answer):
        return
    if kind not in KINDS or not 0 < len(words(answer)) <= LONGEST or abstains(answer):
        return
    fits = _fits(kind, question, answer)
    detail = f"the question asks for {KINDS[kind]}" + ("" if fits else ", the answer has none")
    yield Observation(SIGNALS[0], fits, detail)


def _fits(kind: Wanted, question: str, answer: str) -> bool:
    if kind in {"number", "date"}:
        return bool(numbers(answer)) or "none" in words(answer)
    if kind == "yes_no":
        return stated(answer, question) is not None
    capitalised = {word for word in answer.split() if word[:1].isupper()}
    lower = not any(map(str.isupper, answer))
    return lower or bool(content(" ".join(capitalised)) - content(question))
