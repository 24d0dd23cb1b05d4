"""Instructions on style: capitals, lower case, commas, the language of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from evidence.signals._instructions_base import (
    Check,
    Options,
    Reply,
    Verdict,
    counted,
    number_of,
    spans_of,
    text_of,
)
from evidence.signals._language import language_of

COMMA: Mapping[str, re.Pattern[str]] = {"en": re.compile(","), "ja": re.compile("、")}
NAMES: Mapping[str, str] = {"en": "English", "es": "Spanish", "fr": "French", "ca": "Catalan"}
LOWER_LETTER = re.compile(r"[^\W\d_A-ZÀ-ÖØ-Þ]")
UPPER_LETTER = re.compile(r"[A-ZÀ-ÖØ-Þ]")
TOKEN = re.compile(r"[^\s,;:@#$%&()\[\]{}<>?!\"“”…]+")
CONTRACTION = re.compile(r"(n't|'(?:s|m|d|ll|re|ve))$", re.IGNORECASE)


def _no_comma(reply: Reply, options: Options) -> Verdict | None:
    pattern = COMMA.get(reply.language, COMMA["en"])
    found = reply.text.count(pattern.pattern)
    said = f"asked for no commas; found {found}"
    return Verdict(found == 0, said, spans_of(pattern.finditer(reply.text)))


def _in_capitals(language: str) -> Check:
    def check(reply: Reply, options: Options) -> Verdict | None:
        return _in_case(reply.text, language, str.isupper, LOWER_LETTER, "capital letters")

    return check


def _in_lower_case(language: str) -> Check:
    def check(reply: Reply, options: Options) -> Verdict | None:
        return _in_case(reply.text, language, str.islower, UPPER_LETTER, "lower case letters")

    return check


def _in_case(
    text: str,
    language: str,
    holds: Callable[[str], bool],
    offending: re.Pattern[str],
    letters: str,
) -> Verdict:
    said = f"asked for {NAMES[language]} in {letters} alone"
    if not holds(text):
        spans = spans_of(offending.finditer(text))
        return Verdict(False, f"{said}; found other letters", spans)
    spoken = language_of(text)
    return Verdict(spoken in (None, language), f"{said}; its language looks like {spoken!r}")


def _capital_words(reply: Reply, options: Options) -> Verdict | None:
    found = sum(map(_capitals_in, TOKEN.findall(reply.text)))
    wanted = number_of(options, "capital_frequency")
    what = "words in capital letters"
    return counted(found, options.get("capital_relation"), wanted, what)


def _capitals_in(token: str) -> int:
    """How many of a token's parts are in capitals: "I'm" has one, "DON'T" two."""
    parts = [part for piece in token.split("--") for part in CONTRACTION.split(piece) if part]
    return sum(part.isupper() for part in parts)


def _language(reply: Reply, options: Options) -> Verdict | None:
    wanted = text_of(options, "language")
    if wanted is None:
        return None
    spoken = language_of(reply.text)
    kept = spoken is None or spoken == wanted or spoken.split("-")[0] == wanted
    return Verdict(kept, f"asked for the language {wanted!r}; it looks like {spoken!r}")


CHECKS: Mapping[str, Check] = {
    "punctuation:no_comma": _no_comma,
    "change_case:capital_word_frequency": _capital_words,
    "change_case:english_capital": _in_capitals("en"),
    "change_case:english_lowercase": _in_lower_case("en"),
    "change_case:spanish_capital": _in_capitals("es"),
    "change_case:spanish_lowercase": _in_lower_case("es"),
    "change_case:french_capital": _in_capitals("fr"),
    "change_case:french_lowercase": _in_lower_case("fr"),
    "change_case:catalan_capital": _in_capitals("ca"),
    "change_case:catalan_lowercase": _in_lower_case("ca"),
    "language:response_language": _language,
}
