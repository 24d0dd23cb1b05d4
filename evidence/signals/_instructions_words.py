"""Instructions on what an output must say: keywords, letters, repeated prompts, two answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from evidence.signals._base import Span
from evidence.signals._instructions_base import (
    MAX_TERM_CHARS,
    Check,
    Options,
    Reply,
    Verdict,
    counted,
    number_of,
    quoted,
    spans_of,
    text_of,
    texts_of,
)

TWO_RESPONSES = "******"
KATAKANA_OFFSET = 96
"""Code points from a hiragana letter to the katakana letter of the same sound."""


def _found(term: str, reply: Reply, *, whole: bool = False) -> Iterator[re.Match[str]]:
    """Where a term occurs, in capitals or not; Japanese has no spaces that bound its words."""
    pattern = re.escape(term)
    if whole and reply.language != "ja":
        pattern = rf"\b{pattern}\b"
    return re.finditer(pattern, reply.text, re.IGNORECASE)


def _existence(reply: Reply, options: Options) -> Verdict | None:
    terms = texts_of(options, "keywords")
    if terms is None:
        return None
    missing = [quoted(term) for term in terms if next(_found(term, reply), None) is None]
    return Verdict(not missing, f"asked for the keywords {', '.join(missing)}; not found")


def _forbidden(reply: Reply, options: Options) -> Verdict | None:
    terms = texts_of(options, "forbidden_words")
    if terms is None:
        return None
    used = {term: spans_of(_found(term, reply, whole=True)) for term in terms}
    words = ", ".join(quoted(term) for term, spans in used.items() if spans)
    spans = tuple(span for found in used.values() for span in found)
    return Verdict(not spans, f"asked to leave out {words}; found", spans)


def _frequency(reply: Reply, options: Options) -> Verdict | None:
    term = text_of(options, "keyword")
    if term is None:
        return None
    matches = list(_found(term, reply))
    what = f"times the keyword {quoted(term)}"
    verdict = counted(len(matches), options.get("relation"), number_of(options, "frequency"), what)
    return verdict and Verdict(verdict.kept, verdict.said, spans_of(matches))


def _letter_frequency(reply: Reply, options: Options) -> Verdict | None:
    letter = text_of(options, "letter")
    if letter is None or len(letter) != 1:
        return None
    found = reply.text.lower().count(letter.lower())
    if "ぁ" <= letter <= "ん":
        found += reply.text.count(chr(ord(letter) + KATAKANA_OFFSET))
    wanted = number_of(options, "let_frequency")
    return counted(found, options.get("let_relation"), wanted, f"times the letter {quoted(letter)}")


def _two_responses(reply: Reply, options: Options) -> Verdict | None:
    parts = [part.strip() for part in reply.text.split(TWO_RESPONSES)]
    filled = [part for part in parts if part]
    said = f"asked for two different answers with {TWO_RESPONSES} between them"
    if not all(parts[1:-1]):
        return Verdict(False, f"{said}; found nothing between two of the dividers")
    if len(filled) != 2:
        return Verdict(False, f"{said}; found {len(filled)}")
    return Verdict(filled[0] != filled[1], f"{said}; both are the same")


def _repeat_prompt(reply: Reply, options: Options) -> Verdict | None:
    prompt = options.get("prompt_to_repeat")
    if not isinstance(prompt, str) or not prompt.strip():
        return None
    kept = reply.text.strip().lower().startswith(prompt.strip().lower())
    start = Span(0, min(len(reply.text), len(prompt.strip()), MAX_TERM_CHARS))
    return Verdict(kept, "asked to repeat the request word for word first; it does not", (start,))


CHECKS: Mapping[str, Check] = {
    "keywords:existence": _existence,
    "keywords:forbidden_words": _forbidden,
    "keywords:frequency": _frequency,
    "keywords:letter_frequency": _letter_frequency,
    "combination:two_responses": _two_responses,
    "combination:repeat_prompt": _repeat_prompt,
}
