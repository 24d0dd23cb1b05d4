"""A quick look at a text before regular expressions are run on it.

RE2 looks for many pieces of text, or for a pattern, in time that grows with the text alone, where
Python's ``re`` tries every alternative at every letter: of 1,000 characters a few microseconds
against 20 to 130 for each of our patterns. It knows no look-around and only the words of ASCII, so
patterns are loosened for it: it may say yes where the pattern itself then does not match, but never
no where it does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Any

import re2  # type: ignore[import-untyped]

from evidence.signals._conduct_text import WORD_START, lexicon, pattern_of, phrases, words

MEMORY = 32_000_000
"""Bytes that the states of one search may take; beyond them they are worked out again."""
REMEMBERED = 8
"""Texts for which the answer is kept, as several detectors look at one text."""
_PIECES = {
    "refusal": ("triggers", ("refuses", "foreign", "lectures", "denials")),
    "abstention": ("triggers", ("abstains", "foreign")),
    "unsafe": ("cues", ("threat",)),
    "time": ("cutoff_cues", ("cutoff",)),
}
"""Lexicon -> where its pieces of text are, and the kinds of phrases that need one of them."""
_LOOSE = {
    r"\w": r"0-9A-Za-z_\x80-\x{10ffff}",
    r"\s": r"\s\x80-\x{10ffff}",
    r"\d": r"0-9\x80-\x{10ffff}",
}
_PIECE = re.compile(r"\\.|\(\?<?[=!]|\{\d*,?\d*\}|.", re.DOTALL)


@lru_cache(maxsize=REMEMBERED)
def may_say(start: str) -> frozenset[str]:
    """Which kinds of phrases ("refusal.lectures") the start of an output, in plain form, may hold.

    A kind that is not among them is nowhere in it.
    """
    names, pieces = _pieces()
    return frozenset([names[at] for at in pieces.Match(start.encode("utf-8", "replace")) or ()])


@lru_cache(maxsize=1)
def _pieces() -> tuple[tuple[str, ...], Any]:
    """The kinds of phrases, and the search for the pieces of text that each of them needs."""
    listed = dict(_listed())
    found = re2.Set.SearchSet(_options())
    for pieces in listed.values():
        found.Add("|".join(map(re2.escape, pieces)))
    found.Compile()
    return tuple(listed), found


def _listed() -> Iterator[tuple[str, Iterable[str]]]:
    for name, (place, kinds) in _PIECES.items():
        read = lexicon(name)[place]
        for kind in kinds:
            if isinstance(read, dict):
                yield f"{name}.{kind}", (word.replace("·", " ") for word in words(read[kind]))
            else:
                yield f"{name}.{kind}", phrases(read)


def find(name: str, kind: str, text: str) -> re.Match[str] | None:
    """The first phrase of a kind in a text in plain form."""
    loose, pattern = _patterns(name, kind)
    return pattern.search(text) if loose.search(text.encode("utf-8", "replace")) else None


@lru_cache(maxsize=64)
def _patterns(name: str, kind: str) -> tuple[Any, re.Pattern[str]]:
    pattern = pattern_of(name, kind)
    return re2.compile(loosened(pattern.pattern).encode(), _options()), pattern


def words_search(given: Iterable[str]) -> Callable[[str], bool]:
    """A function that says whether any of some pieces of text stands in a text."""
    found = re2.compile("|".join(map(re2.escape, sorted(given))).encode(), _options())
    return lambda text: found.search(text.encode("utf-8", "replace")) is not None


def _options() -> Any:
    options = re2.Options()
    options.max_mem = MEMORY
    options.log_errors = False
    return options


def loosened(pattern: str) -> str:
    """A pattern for RE2 that matches wherever the given one does, and perhaps elsewhere."""
    kept, in_class, skipped = [], False, 0
    for piece in _PIECE.findall(pattern.replace(WORD_START, r"(?:^|[^0-9A-Za-z_])")):
        if not in_class and (skipped or piece.startswith(("(?=", "(?!", "(?<=", "(?<!"))):
            skipped += piece.startswith("(") - (piece == ")")
            continue
        kept.append(_loose(piece, in_class))
        in_class = (in_class or piece == "[") and piece != "]"
    return "".join(kept)


def _loose(piece: str, in_class: bool) -> str:
    if piece in _LOOSE:
        return _LOOSE[piece] if in_class else f"[{_LOOSE[piece]}]"
    if in_class:
        return piece
    if piece in (r"\b", r"\Z", "$"):
        return ""
    return "*" if piece[0] == "{" else piece  # counting would multiply the states of the search
