"""Texts as facts are compared: without case, accents, articles, punctuation; numbers as digits.

Only the first ``MOST`` characters of a text are looked at, so that a huge record costs no more.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise

from evidence.signals._facts_numerals import as_digits, roman

MOST = 20_000
"""Characters of a text that are compared; what comes later is not seen."""

LONG = 240
"""Characters from which a text is read sentence by sentence."""
MOST_MARKED = 30
"""Words of a phrase that are looked for when it is marked."""

WORD = re.compile(
    r"[^\W\d_]+(?:'[^\W\d_]+)*"
    r"|\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)*(?:(?i:st|nd|rd|th)\b)?"
)
DIGITS = re.compile(r"[\d.]+")
INITIAL_DOT = re.compile(r"\.(?<=\b[^\W\d_]\.)(?=[^\W\d_](?:\.|\b(?![.\w])))")
MONEY = re.compile(r"([$€£¥])\s?(\d[\d.,]*)")
UNSPACED = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts without blanks between words; each is compared as a word."""
CURRENCY = re.compile("[$€£¥]")
CURRENCIES = {"$": "dollar", "€": "euro", "£": "pound", "¥": "yen"}
ENDINGS = ("ingly", "edly", "ing", "ies", "ied", "ed", "ly", "es", "er", "e", "y")
ARTICLES = frozenset({"the", "The", "THE", "a", "an"})
LEADING = frozenset({"A", "An", "AN"})
"""Articles only where a text begins with them; elsewhere they are names."""

UNITS = {
    "percent": ("per cent", "percentage"),
    "kilometre": ("km", "kms", "kilometer", "kilometers", "kilometres"),
    "metre": ("meter", "meters", "metres"),
    "kilogram": ("kg", "kgs", "kilograms", "kilogrammes"),
    "mile": ("mi", "miles"),
    "foot": ("ft", "feet"),
}
SAME_WORD = {variant: unit for unit, variants in UNITS.items() for variant in variants}
SAME_PHRASE = (
    (" united state of america ", " usa "),
    (" united state ", " usa "),
    (" us ", " usa "),
    (" united kingdom ", " uk "),
    (" great britain ", " uk "),
    (" per cent ", " percent "),
    (" new york city ", " new york "),
    (" nyc ", " new york "),
)

_FUNCTION_WORDS = (
    "a an and are as at be been being but by can could did do does for from had has have he her "
    "hers him his i in into is it its may might not of on or our over she should so than that the "
    "their them then there these they this those to under up was we were what when where which "
    "while who whom whose why will with would you your also both about after before between during "
    "how if one some such only own same too very s t just"
)
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())
"""Words that carry no fact of their own."""


def unaccented(text: str) -> str:
    """The text without accents: 'Café' becomes 'Cafe'."""
    if text.isascii():
        return text
    parts = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(mark for mark in parts if not unicodedata.combining(mark))


@lru_cache(maxsize=64)
def words(text: str) -> tuple[str, ...]:
    """The words of a text in the form in which they are compared."""
    if len(text) < LONG:
        return tuple(as_digits(_keys(text)))
    return tuple(as_digits([key for _, _, keys in sentence_words(text) for key in keys]))


def _keys(text: str) -> list[str]:
    """The words of a piece of text, numbers as they are written."""
    text = unaccented(text)
    if "%" in text:
        text = text.replace("%", " percent ")
    ascii_alone = text.isascii()
    if "$" in text or not (ascii_alone or CURRENCY.search(text) is None):
        text = MONEY.sub(lambda found: f"{found[2]} {CURRENCIES[found[1]]}", text)
    if not ascii_alone:
        text = UNSPACED.sub(r" \g<0> ", text)
    if "." in text[:-1]:  # most sentences have one at their end and no other
        text = INITIAL_DOT.sub("", text)
    found = WORD.findall(text)
    kept = [_key(word) for word in found if word not in ARTICLES]
    if len(kept) > 1 and found[0] in LEADING:
        kept = kept[1:]
    return kept or [_key(word) for word in found]


@lru_cache(maxsize=20_000)
def _key(word: str) -> str:
    """The form of one word: no case, no possessive, no plural ending; XIV is 14."""
    if len(word) > 1 and word.isupper() and word[0] in "IVXL" and (value := roman(word)):
        return str(value)
    word = word.casefold()
    if "'" in word:
        word = word.removesuffix("'s").replace("'", "")
    if word in SAME_WORD:
        return SAME_WORD[word]
    if len(word) > 3 and word[-1] == "s" and word[-2] not in "sui":
        return word[:-1]
    if word[0].isdigit():
        found = DIGITS.match(word.replace(",", ""))
        return found[0].rstrip(".").removesuffix(".0") if found else word
    return word


@lru_cache(maxsize=64)
def plain(text: str) -> str:
    """The words as one string with a blank on either side, so that phrases can be looked up."""
    joined = f" {' '.join(words(text))} "
    for variant, usual in SAME_PHRASE:
        if variant in joined:
            joined = joined.replace(variant, usual)
    return joined


@lru_cache(maxsize=64)
def stems(text: str) -> frozenset[str]:
    """The words that may carry a fact, without endings: 'caused' and 'causes' are one."""
    return frozenset(map(_stem, content(text)))


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) > 2:
            return word.removesuffix(ending)
    return word


@lru_cache(maxsize=64)
def content(text: str) -> frozenset[str]:
    """The words that may carry a fact."""
    return frozenset(plain(text).split()) - FUNCTION_WORDS


def sentences(text: str) -> tuple[tuple[int, int], ...]:
    """Where the sentences of a text are, also where no blank follows the full stop."""
    ends = [found.end() for found in SENTENCE_END.finditer(text[:MOST])]
    edges = [0, *ends, min(len(text), MOST)]
    return tuple(
        (end - len(piece), end)
        for start, end in pairwise(edges)
        if (piece := text[start:end].lstrip())
    )


SENTENCE_END = re.compile(r"[.!?\n](?:(?<=\n)|(?<=\w\w[.!?])[\"”')]*(?=\s*[\"“'(]?[A-Z]))")


@lru_cache(maxsize=32)
def sentence_words(text: str) -> tuple[tuple[int, int, list[str]], ...]:
    """Every sentence of a text: where it is, and its words, numbers as they are written."""
    return tuple((start, end, _keys(text[start:end])) for start, end in sentences(text))


def place_of(text: str, phrase: str) -> tuple[int, int] | None:
    """Where a phrase stands in a text, whatever its case and punctuation, or None."""
    at = text.find(phrase)
    if at >= 0 and _stands_alone(text, at, at + len(phrase)):
        return at, at + len(phrase)
    wanted = WORD.findall(phrase.casefold())[:MOST_MARKED]
    if not wanted or wanted[0] not in text[:MOST].casefold():
        return None
    found = list(WORD.finditer(text[:MOST]))
    keys = [word[0].casefold() for word in found]
    for place, key in enumerate(keys):
        if key == wanted[0] and keys[place : place + len(wanted)] == wanted:
            return found[place].start(), found[place + len(wanted) - 1].end()
    return None


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit touches the piece, so that '5' is not found in '1953'."""
    return not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum())
