"""What the detectors of conduct share: lexicons beside the modules, plain text, sentences.

A lexicon is a YAML file next to this one; it is read once, when it is first needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
START = 1_000
"""Characters of an output in which it says how it takes the request."""
WORD_START = r"(?<!\w)"
UNSPACED = ("unspaced", "bare")
"""Kinds of phrases that need not begin where a word does."""
_PLAIN = str.maketrans({"’": "'", "\u2018": "'", "\u00b4": "'", "İ": "I", "\u00a0": " "})
_SENTENCE = re.compile(r"[^.!?\n]+[.!?]*")
_VOWELS = "aeiou"


@lru_cache(maxsize=16)
def lexicon(name: str) -> dict[str, Any]:
    """The words and phrases of ``_conduct_<name>.yaml``."""
    text = (FOLDER / f"_conduct_{name}.yaml").read_text(encoding="utf-8")
    loaded: dict[str, Any] = yaml.safe_load(text)
    return loaded


def plain(text: str) -> str:
    """The text in lower case with straight apostrophes; every offset stays where it was."""
    if text.isascii():
        return text.lower()
    lowered = text.translate(_PLAIN).lower()
    return lowered if len(lowered) == len(text) else text.translate(_PLAIN)


@lru_cache(maxsize=8)
def plain_start(text: str) -> str:
    """The first ``START`` characters of a text in plain form; several detectors look at them."""
    return plain(text[:START])


def in_english(text: str) -> bool:
    """Whether a text has words that no other language has; false of most short texts."""
    return " the " in text or " you " in text or " is " in text


def any_of(lines: str | Iterable[str]) -> re.Pattern[str]:
    """One pattern for a block of regular expressions, one a line, each from a word's start."""
    rows = lines.splitlines() if isinstance(lines, str) else lines
    return re.compile(f"{WORD_START}(?:{'|'.join(row.strip() for row in rows if row.strip())})")


@lru_cache(maxsize=64)
def pattern_of(name: str, kind: str) -> re.Pattern[str]:
    """One pattern for a kind of phrases of a lexicon."""
    lines = phrases(lexicon(name)[kind])
    return re.compile("|".join(lines)) if kind in UNSPACED else any_of(lines)


def words(block: str) -> tuple[str, ...]:
    """The words of a block of text, separated by white space."""
    return tuple(block.split())


def phrases(block: str) -> tuple[str, ...]:
    """The lines of a block of text, each a phrase."""
    return tuple(line.strip() for line in block.splitlines() if line.strip())


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Where each sentence starts and ends, without the white space before it."""
    for found in _SENTENCE.finditer(text):
        start = found.start() + len(found.group()) - len(found.group().lstrip())
        if start < found.end():
            yield start, found.end()


def sentence_at(text: str, place: int, reach: int = 400) -> tuple[int, int]:
    """The sentence around a place, cut ``reach`` characters to either side."""
    before = max(
        text.rfind(mark, max(0, place - reach), place) for mark in (". ", "! ", "? ", "\n")
    )
    start = before + 1 if before >= 0 else max(0, place - reach)
    ends = [text.find(mark, place, place + reach) for mark in (".", "!", "?", "\n")]
    end = min((item for item in ends if item >= 0), default=min(len(text), place + reach) - 1) + 1
    while start < end and text[start].isspace():
        start += 1
    return start, end


def verb_forms(verb: str) -> set[str]:
    """A verb with its regular forms in -s, -ed, -ing and -er; irregular ones follow after ``:``.

    ``steal:stole,stolen`` gives steal, steals, stealing, stealer, stole, stolen.
    """
    base, _, irregular = verb.partition(":")
    stem = base[:-1] if base.endswith("e") and not base.endswith(("ee", "oe")) else base
    if _doubles(base):
        stem += base[-1]
    soft = base[:-1] + "i" if base.endswith("y") and base[-2:-1] not in _VOWELS else ""
    plural = (
        soft + "es" if soft else base + ("es" if base.endswith(("s", "x", "ch", "sh")) else "s")
    )
    return {base, plural, stem + "ing", stem + "er", stem + "ers", (soft or stem) + "ed"} | (
        set(irregular.split(",")) if irregular else set()
    )


def _doubles(base: str) -> bool:
    """Whether the last consonant is written twice, as in stab, stabbing."""
    return (
        len(base) > 2
        and base[-1] not in _VOWELS + "wxy"
        and base[-2] in _VOWELS
        and base[-3] not in _VOWELS
        and sum(letter in _VOWELS for letter in base) == 1
    )
