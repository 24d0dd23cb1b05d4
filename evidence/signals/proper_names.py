"""Compares the names in the answer with a reference that is a proper name.

Returns whether one of them is that name (middle names, initials, titles and acronyms aside) or
whether all are other names. Names that stand in the question do not count. Where the answer holds
no name, or one that shares words with the reference, nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.signals._base import Observation
from evidence.signals._facts_akin import akin
from evidence.signals._facts_compare import alternatives, is_name, names
from evidence.signals._facts_names import is_acronym, linked, same_name, surname_of
from evidence.signals._facts_polarity import abstains, polarity
from evidence.signals._facts_record import Asked, marked, passage_of, quoted, with_reference
from evidence.signals._facts_text import content, plain
from evidence.view import RecordView

SIGNALS = ("name_against_reference",)
FEW = 4
"""Names in an answer up to which others than the expected one are taken for the answer."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Agreement with the name in the reference."""
    asked = with_reference(view)
    if asked is None or abstains(asked.answer) or not is_name(asked.reference):
        return
    if polarity(asked.reference):
        return
    expected = [item for item in alternatives(asked.reference) if is_name(item)]
    given = _own(asked)
    stated = any(plain(item) in plain(asked.answer) for item in expected)
    if stated or any(_same(name, item) for name in given for item in expected):
        yield Observation(SIGNALS[0], "agrees", f"names {quoted(asked.reference)}")
    elif 0 < len(given) <= FEW and not _related(asked.answer, asked):
        passage = passage_of(view)
        if any(linked(passage, name, item) for name in given for item in expected):
            return
        spans = tuple(span for name in given for span in marked(view.output, name))
        detail = f"names {quoted(', '.join(given))}, the reference is {quoted(asked.reference)}"
        yield Observation(SIGNALS[0], "differs", detail, spans)


def _own(asked: Asked) -> tuple[str, ...]:
    """The names that the answer adds to the question."""
    known = content(asked.question)
    return tuple(
        name
        for name in names(asked.answer)
        if any(char.isupper() for char in name) and not content(name) <= known
    )


def _same(given: str, expected: str) -> bool:
    return (
        same_name(given, expected)
        or surname_of(given, expected)
        or is_acronym(given, expected)
        or plain(expected) in plain(given)
    )


def _related(answer: str, asked: Asked) -> bool:
    """Whether the answer has a form of a word, or an acronym, that may be the reference's."""
    own = content(asked.reference) - content(asked.question) or content(asked.reference)
    letters = {word[0] for word in plain(asked.reference).split()}
    short = [word for word in asked.answer.split() if word.isupper() and len(word) > 1]
    given = content(answer) - content(asked.question)
    return akin(own, given) or any(set(word.casefold()) <= letters for word in short)
