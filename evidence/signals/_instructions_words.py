"""Instructions on what an output must say: keywords, letters, repeated prompts, two answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from evidence.signals._base import Span
from evidence.signals._instructions_base import (
    MAX_SPANS,
    MAX_TERM_CHARS,
    Check,
    Options,
    Reply,
    Verdict,
    counted,
    number_of,
    quoted,
    text_of,
    texts_of,
)

TWO_RESPONSES = "******"
KATAKANA_OFFSET = 96
"""Code points from a hiragana letter to the katakana letter of the same sound."""


def _found(term: str, reply: Reply, *, whole: bool = False) -> Iterator[Span]:
    """Where a term occurs, in capitals or not; Japanese has no spaces that bound its words."""
    bounded = whole and reply.language != "ja"
    if term.isascii() and reply.text.isascii():
        yield from _in_ascii(term.lower(), reply.text.lower(), bounded)
        return
    pattern = rf"\b{re.escape(term)}\b" if bounded else re.escape(term)
    for found in re.finditer(pattern, reply.text, re.IGNORECASE):
        yield Span(*found.span())


def _in_ascii(term: str, text: str, bounded: bool) -> Iterator[Span]:
    """The same without a pattern: compiling one for each record takes longer than the search."""
    at = text.find(term)
    while at >= 0:
        end = at + len(term)
        if bounded and not (_is_edge(text, at) and _is_edge(text, end)):
            at = text.find(term, at + 1)
            continue
        yield Span(at, end)
        at = text.find(term, end)


def _is_edge(text: str, place: int) -> bool:
    """Whether a word begins or ends here."""
    before, after = text[place - 1 : place] if place else "", text[place : place + 1]
    return (before.isalnum() or before == "_") != (after.isalnum() or after == "_")


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
    used = {term: tuple(islice(_found(term, reply, whole=True), MAX_SPANS)) for term in terms}
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
    return verdict and Verdict(verdict.kept, verdict.said, tuple(matches[:MAX_SPANS]))


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
