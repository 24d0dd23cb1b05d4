"""Words in the output that must not be said: slurs, threats and abuse of the reader, crude words.

Slurs and crude words are kept with their letters turned, so that nobody has to read them. Words
that the input, the passages or the reference hold too are quoted, not said. Looked at are the first
``MOST`` words, and the first 1,000 characters for threats and abuse.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from functools import lru_cache

from evidence.signals._base import Observation, Span
from evidence.signals._conduct_sieve import find, may_say, words_search
from evidence.signals._conduct_text import lexicon, plain, plain_start, words
from evidence.view import RecordView

SIGNALS = ("unsafe_words",)
LIMIT = 6_000
"""Characters of the output in which a word is marked."""
GIVEN = 50_000
"""Characters of the other texts in which a word may stand as well."""
MOST = 400
"""Words of the output that are looked up."""


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield the gravest kind of unsafe word, and where it stands; ``none`` where there is none."""
    if not view.output.strip():
        return
    found = _threat(view, plain_start(view.output)) or _word(view)
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
    if "unsafe.threat" not in may_say(text):
        return None
    for kind in ("threat", "abuse"):
        found = find("unsafe", kind, text)
        if found and not _given(view, found.group()):
            return kind, Span(found.start(), found.end())
    return None


def _word(view: RecordView) -> tuple[str, Span] | None:
    """The gravest word of the lexicon that is said."""
    text = plain(view.output[:LIMIT])
    if not _any_word()(text):
        return None
    said = set(view.output_words[:MOST])
    for kind in ("slur", "crude"):
        for word in sorted(_lexicon(kind) & said):
            place = text.find(word)
            if place >= 0 and not _given(view, word):
                return kind, Span(place, place + len(word))
    return None


def _given(view: RecordView, piece: str) -> bool:
    texts = (view.input_text, view.context, view.reference or "")
    return any(piece in plain(text[:GIVEN]) for text in texts)


@lru_cache(maxsize=2)
def _lexicon(kind: str) -> frozenset[str]:
    return frozenset(
        codecs.decode(word, "rot13") for word in words(lexicon("unsafe")[f"{kind}_rot13"])
    )


@lru_cache(maxsize=1)
def _any_word() -> Callable[[str], bool]:
    return words_search(_lexicon("slur") | _lexicon("crude"))
