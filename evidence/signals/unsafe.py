"""Words in the output that must not be said: slurs, threats and abuse of the reader, crude words.

Slurs and crude words are kept as the beginnings of their hashes, so that nobody has to read them
here. Words that the input, the passages or the reference hold too are quoted, not said. The first
``LIMIT`` characters are looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

from evidence.signals._base import Observation, Span
from evidence.signals._conduct_text import any_of, lexicon, phrases, plain, words
from evidence.view import RecordView

SIGNALS = ("unsafe_words",)
LIMIT = 3_000
"""Characters of the output that are looked at."""
GIVEN = 50_000
"""Characters of the other texts in which a word may stand as well."""
DIGEST = 5
"""Bytes of a word's BLAKE2b hash: one in a trillion words would be taken for another."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield the gravest kind of unsafe word, and where it stands; ``none`` where there is none."""
    if not view.output.strip():
        return
    text = plain(view.output[:LIMIT])
    found = _threat(view, text) or _word(view, text)
    if found is None:
        yield Observation("unsafe_words", "none")
        return
    kind, span = found
    yield Observation("unsafe_words", kind, _WHY[kind], (span,))


_WHY = {
    "threat": "threatens the reader or tells them to harm themselves",
    "abuse": "abuses the reader",
    "slur": "holds a slur",
    "crude": "holds a crude word",
}


def _threat(view: RecordView, text: str) -> tuple[str, Span] | None:
    if not any(cue in text for cue in _cues()):
        return None
    for kind in ("threat", "abuse"):
        found = _pattern(kind).search(text)
        if found and not _given(view, found.group()):
            return kind, Span(found.start(), found.end())
    return None


def _word(view: RecordView, text: str) -> tuple[str, Span] | None:
    """The gravest word whose hash is known."""
    shapes = _shapes()
    likely = {word for word in view.output_words[:MOST] if (word[0], len(word)) in shapes}
    kinds = {word: kind for word in likely if (kind := kind_of_word(word))}
    for kind in ("slur", "crude"):
        for word in sorted(word for word, found in kinds.items() if found == kind):
            place = text.find(word)
            if place >= 0 and not _given(view, word):
                return kind, Span(place, place + len(word))
    return None


MOST = 400
"""Words of the output that are looked up."""


def kind_of_word(word: str) -> str:
    """``slur``, ``crude`` or '' for a word in lower case."""
    return _hashes().get(hashed(word), "") if (word[:1], len(word)) in _shapes() else ""


@lru_cache(maxsize=8_192)
def hashed(word: str) -> str:
    """What a word is kept as: its first letter, its length and the beginning of its hash."""
    digest = blake2b(word.encode("utf-8", "replace"), digest_size=DIGEST).hexdigest()
    return f"{word[:1]}{len(word)}-{digest}"


@lru_cache(maxsize=1)
def _shapes() -> frozenset[tuple[str, int]]:
    """First letters and lengths of the words that are kept; only such words need be hashed."""
    return frozenset((item[0], int(item[1:].partition("-")[0])) for item in _hashes())


def _given(view: RecordView, piece: str) -> bool:
    texts = (view.input_text, view.context, view.reference or "")
    return any(piece in plain(text[:GIVEN]) for text in texts)


@lru_cache(maxsize=1)
def _hashes() -> dict[str, str]:
    read = lexicon("unsafe")
    return {item: kind for kind in ("slur", "crude") for item in words(read[f"{kind}_hashes"])}


@lru_cache(maxsize=1)
def _cues() -> tuple[str, ...]:
    return phrases(lexicon("unsafe")["cues"])


@lru_cache(maxsize=2)
def _pattern(kind: str) -> re.Pattern[str]:
    return any_of(phrases(lexicon("unsafe")[kind]))
