"""Whether the output speaks of what was asked: shared words, and outputs that say nothing at all.

``on_topic`` counts the question's content words (or their first five letters) in the output, for
English questions with at least ``FEW_ASKED`` of them and outputs of at least ``FEW_SAID`` words,
where there is no reference or format to judge by.
``says_nothing`` sees outputs of mere courtesy, questions back, and echoes of the question.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from evidence.signals._base import Observation, Span
from evidence.signals._conduct_text import any_of, lexicon, phrases, plain, words
from evidence.view import RecordView, words_of

SIGNALS = ("on_topic", "says_nothing")
FEW_ASKED = 3
"""Content words of a question below which nothing is counted."""
FEW_SAID = 25
"""Words of an output below which it may answer in words of its own."""
HARDLY = 4
"""One in so many of the question's content words, or fewer, is hardly."""
MANY_ASKED = 6
"""Content words of a question below which missing most of them means little."""
SELDOM = 80
"""Words among which an English text has at least one "the"."""
QUESTION = 1_000
"""Characters of the question that are read."""
OUTPUT = 6_000
"""Characters of the output that are read."""
COURTESY = 400
"""Characters of the longest output that may be mere courtesy."""
STEM = 5
"""The fewest letters of a word that are compared; of a longer one all but the last three."""

_SEPARATORS = re.compile(r"[\s,.!?;:–—-]+|[\u2600-\u27bf\U0001f300-\U0001faff]")


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield how much of the question the output speaks of, and whether it says anything."""
    output = view.output.strip()
    if not output:
        return
    if len(output) <= COURTESY:
        kind = _nothing(plain(output), plain(view.question[:QUESTION].strip()))
        span = (Span(0, len(view.output)),) if kind != "no" else ()
        yield Observation("says_nothing", kind, _WHY.get(kind, ""), span)
    else:
        yield Observation("says_nothing", "no")
    yield from _on_topic(view)


_WHY = {"courtesy": "holds nothing but courtesies", "echo": "repeats the question and no more"}


def _nothing(output: str, question: str) -> str:
    if output.strip(" .!?\"'") == question.strip(" .!?\"'") and len(question.split()) > 3:
        return "echo"
    place, met = 0, False
    while place < len(output):
        found = _SEPARATORS.match(output, place)
        if found is None:
            found = _courtesies().match(output, place)
            met = met or found is not None
        if found is None or found.end() == place:
            return "no"
        place = found.end()
    return "courtesy" if met and len(output.split()) > 3 else "no"


def _on_topic(view: RecordView) -> Iterator[Observation]:
    """Not measured where a reference or a format judges better, or the output is not in English."""
    question = view.question
    if view.reference or view.format_type or len(question) > QUESTION or not question.isascii():
        return
    if len(view.output) < 4 * FEW_SAID or len(asked := _content(question)) < FEW_ASKED:
        return
    said = plain(view.output[:OUTPUT])
    if said.count(" ") < FEW_SAID or said.count(" the ") * SELDOM < said.count(" "):
        return
    met = sum(word in said for word in asked)
    value = "off" if met == 0 else "on"
    if met and met * HARDLY <= len(asked) and len(asked) >= MANY_ASKED:
        value = "hardly"
    if value != "on" and view.passages and _from_passages(view, said):
        value = "on"
    detail = f"{met} of {len(asked)} content words of the question" if value != "on" else ""
    yield Observation("on_topic", value, detail)


def _from_passages(view: RecordView, said: str) -> bool:
    """Whether the output speaks of what the passages do, in other words than the question's."""
    given = _content(view.context[:OUTPUT])
    return sum(word in said for word in given) >= FEW_ASKED


@lru_cache(maxsize=512)
def _content(question: str) -> frozenset[str]:
    """The beginnings of the content words of a question."""
    return frozenset(
        word[: max(STEM, len(word) - 3)]
        for word in words_of(question)
        if word not in _stop_words() and len(word) > 2 and not word.isdigit()
    )


@lru_cache(maxsize=1)
def _stop_words() -> frozenset[str]:
    return frozenset(words(lexicon("topic")["stop_words"]))


@lru_cache(maxsize=1)
def _courtesies() -> re.Pattern[str]:
    return any_of(phrases(lexicon("topic")["courtesies"]))
