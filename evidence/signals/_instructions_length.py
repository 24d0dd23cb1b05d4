"""Instructions on length: words, sentences, paragraphs, letters."""

from __future__ import annotations

import re
from collections.abc import Mapping

from evidence.signals._instructions_base import (
    Check,
    Options,
    Reply,
    Verdict,
    counted,
    number_of,
    quoted,
    text_of,
)

WORD = re.compile(r"\w+")
DIVIDER = re.compile(r"\s?\*\*\*\s?")
STOPS = frozenset(".,?!'\"")
"""What ends the first word of a paragraph."""

JAPANESE_END = re.compile(r"[。\uff01\uff1f!?\n]+")
LIST_MARK = re.compile(r"^[^\S\n]*(?:\d+\.|[-*])[^\S\n]*", re.MULTILINE)
SENTENCE_END = re.compile(r"([.?!])(?=[?!)\";}\]*:@'({\[]|\s+(\S))")
MAX_ABBREVIATION = 12
ABBREVIATIONS = frozenset(
    re.findall(
        r"\S+",
        "mr mrs ms dr prof st jr sr vs e.g i.e etc inc ltd co corp no vol fig approx dept est u.s"
        " u.k a.m p.m gen col lt sgt capt rev hon gov sen rep ph.d d.c jan feb"
        " aug sept oct nov dec",
    )
)


def sentences_in(text: str) -> int:
    """How many sentences a text has: ends that are not an abbreviation's or an initial's."""
    if not text.strip():
        return 0
    return 1 + sum(map(_ends, SENTENCE_END.finditer(text.rstrip())))


def _ends(match: re.Match[str]) -> bool:
    mark, after = match.groups()
    if mark != ".":
        return True
    before = match.string[max(0, match.start() - MAX_ABBREVIATION) : match.start()]
    word = (before.split() or [""])[-1].lstrip("\"'([{*").lower()
    if not before or before[-1].isspace():
        return True
    if word in ABBREVIATIONS or (len(word) == 1 and word.isalpha()):
        return False
    return after is None or not word.isdigit() or not after.islower()


def _words(reply: Reply, options: Options) -> Verdict | None:
    found = len(WORD.findall(reply.text))
    return counted(found, options.get("relation"), number_of(options, "num_words"), "words")


def _letters(reply: Reply, options: Options) -> Verdict | None:
    wanted = number_of(options, "num_letters")
    return counted(len(reply.text), options.get("relation"), wanted, "characters")


def _sentences(reply: Reply, options: Options) -> Verdict | None:
    if reply.language == "ja":
        found = sum(bool(part.strip()) for part in JAPANESE_END.split(reply.text))
    elif reply.language == "es":
        found = sentences_in(LIST_MARK.sub("", reply.text))
    else:
        found = sentences_in(reply.text)
    wanted = number_of(options, "num_sentences")
    return counted(found, options.get("relation"), wanted, "sentences")


def _paragraphs(reply: Reply, options: Options) -> Verdict | None:
    wanted = number_of(options, "num_paragraphs")
    if wanted is None:
        return None
    parts = [part.strip() for part in DIVIDER.split(reply.text)]
    said = f"asked for {wanted} paragraphs with *** between them"
    if not all(parts[1:-1]):
        return Verdict(False, f"{said}; one of them is empty")
    found = sum(map(bool, parts))
    return Verdict(found == wanted, f"{said}; found {found}")


def _first_word(reply: Reply, options: Options) -> Verdict | None:
    wanted, nth = number_of(options, "num_paragraphs"), number_of(options, "nth_paragraph")
    word = text_of(options, "first_word")
    if wanted is None or not nth or word is None or nth > wanted:
        return None
    parts = [part.strip() for part in reply.text.split("\n\n")]
    found = sum(map(bool, parts))
    if found != wanted:
        return Verdict(False, f"asked for {wanted} paragraphs; found {found}")
    first = _leading_word(parts[nth - 1], reply.language)
    matches = first.startswith(word.lower()) if reply.language == "ja" else first == word.lower()
    said = f"asked for paragraph {nth} to begin with {quoted(word)}; it begins with {quoted(first)}"
    return Verdict(matches, said)


def _leading_word(paragraph: str, language: str) -> str:
    """The first word in lower case, up to its punctuation; Japanese words have no end to see."""
    if not paragraph:
        return ""
    word = paragraph.split(maxsplit=1)[0].lstrip("'").lstrip('"').lower()
    if language == "ja":
        return word.lstrip("「『")
    end = next((index for index, letter in enumerate(word) if letter in STOPS), len(word))
    return word[:end]


CHECKS: Mapping[str, Check] = {
    "length_constraints:number_words": _words,
    "length_constraints:number_letters": _letters,
    "length_constraints:number_sentences": _sentences,
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:nth_paragraph_first_word": _first_word,
}
