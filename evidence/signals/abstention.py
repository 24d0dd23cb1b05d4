"""Whether the output says that it does not know, and whether the reference says so too.

Not knowing ("the context does not mention it") is another thing than declining ("I will not help
with that"), which the signal ``refusal`` is about. Looked at are the first ``HEAD`` characters.
``full`` means that nothing else follows, ``partial`` that something does, or that it only hedges.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

from evidence.signals._base import Observation, Span
from evidence.signals._conduct_sieve import find, may_say
from evidence.signals._conduct_text import in_english, pattern_of, plain_start, sentence_at
from evidence.view import RecordView

SIGNALS = ("abstention", "reference_abstains")
HEAD = 500
"""Characters at the start that are looked at."""
OPENING = 200
"""Characters within which an output that knows nothing says so."""
SHORT_WORDS = 40
"""Words up to which an output that does not know holds nothing besides."""
BARE_WORDS = 6
"""Words of an output such as "Not mentioned." """
ANSWER_WORDS = 8
"""Words after "but" from which on a hedge is followed by an answer of its own."""

Extent = Literal["none", "partial", "full"]


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield how far the output does not know, and what a reference says of that."""
    if not view.output.strip():
        return
    extent, place = abstention_of(view.output)
    if extent == "none":
        yield Observation("abstention", "none")
    else:
        span = Span(*sentence_at(view.output, place))
        yield Observation("abstention", extent, _WORDS[extent], (span,))
    if view.reference is not None:
        yield Observation("reference_abstains", abstention_of(view.reference)[0] == "full")


_WORDS = {
    "full": "says that it does not know, or that it was not told",
    "partial": "says that it does not know and goes on",
}


@lru_cache(maxsize=512)
def abstention_of(output: str) -> tuple[Extent, int]:
    """How far a text says that it does not know, and where it says so first."""
    start = plain_start(output)
    may, text = may_say(start), start[:HEAD]
    if not text.isascii() and (found := find("abstention", "unspaced", text)):
        return ("full" if found.start() < OPENING / 2 else "partial"), found.start()
    if _bare(text):
        return "full", len(text) - len(text.lstrip())
    places = [
        found.start()
        for name in ("abstains", "foreign")
        if f"abstention.{name}" in may
        and (name != "foreign" or not in_english(text))
        and (found := find("abstention", name, text))
    ]
    if not places:
        return "none", 0
    return _extent(text, min(places), len(output) > HEAD), min(places)


def _bare(text: str) -> bool:
    trimmed = text.strip(" \t\r\n.!?\"'*`()[]{}")
    if len(trimmed) > 80 or len(trimmed.split()) > BARE_WORDS:
        return False
    return pattern_of("abstention", "bare").fullmatch(trimmed) is not None


def _extent(text: str, place: int, more: bool) -> Extent:
    if place > OPENING or more:
        return "partial"
    after = text[sentence_at(text, place)[0] :]
    turn = pattern_of("abstention", "but_answers").search(after, min(len(after), 12))
    left = len(after[turn.end() :].split()) if turn else 0
    if left >= ANSWER_WORDS or (left and "sure" in after[:20]):
        return "partial"
    return "full" if len(text.split()) <= SHORT_WORDS else "partial"
