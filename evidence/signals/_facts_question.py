"""What a question asks for: a year, a number, a person, a place, yes or no, one of two."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from evidence.signals._facts_text import FUNCTION_WORDS, plain

Wanted = Literal["yes_no", "choice", "date", "number", "person", "place", "text", "other"]

MOST = 2_000
"""Characters of an input in which the question is looked for."""
MARKED = re.compile(r"(?:^|\n)\s*(?:question|q|query|user)\s*:\s*(.+)", re.IGNORECASE)
WRITING = re.compile(
    r"\s*(?:please,?\s+|(?:can|could|would|will) you\s+(?:please\s+)?|i (?:want|need|would like) "
    r"(?:you\s+)?(?:to\s+)?|help me\s+(?:to\s+)?|let'?s\s+)*"
    r"(?:write|compose|create|draft|generate|rewrite|rephrase|paraphrase|summari[sz]e|translate|"
    r"design|brainstorm|imagine|suggest|recommend|describe|explain|discuss|make|produce|come up|"
    r"tell me (?:a|about)|give me|provide (?:me|a)|pretend|act as|improve|edit|expand|elaborate|"
    r"finish|complete|convert|critique|argue|outline|plan|develop|invent|edit|proofread|build)\b",
    re.IGNORECASE,
)
AUXILIARY = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|has|have|had|will|would|should|am|must|may)\b"
    r"(?!\s+you\s)",
    re.IGNORECASE,
)
_WHICH = r"\b(?:what|which)(?:'s| is| was| were| are)?(?: the)? "
_ASKS: tuple[tuple[Wanted, str], ...] = (
    (
        "date",
        rf"{_WHICH}(?:\w+ )?(?:year|date|day|month|decade)s?\b|{_WHICH}century\b|\bwhen\b"
        r"|\bbirth ?date\b|\bbirthday\b|\bdate of birth\b",
    ),
    (
        "number",
        r"\bhow (?:many|much|old|long|tall|far|high|large|big|deep|fast|often|heavy)\b"
        rf"|{_WHICH}(?:\w+ )?(?:percentage|percent|number|age|population|amount|length|height"
        r"|distance|size|price|cost|total|temperature)\b",
    ),
    (
        "person",
        rf"\A\W*(?:who|whom|whose)\b|{_WHICH}(?:[\w-]+ ){{0,3}}(?:actor|actress|author|writer"
        r"|singer|musician|director|president|politician|player|person|artist|scientist"
        r"|composer|king|queen|producer|poet|rapper|songwriter|founder|minister|coach)\b"
        r"|\A(?!.*\b(?:what|which)\b).*\bwhom?\b",
    ),
    (
        "place",
        rf"\A\W*where\b|{_WHICH}(?:[\w.-]+ ){{0,2}}(?:city|country|state|county|town|village"
        r"|continent|province|island|place|district|region|nation|borough)\b"
        r"|\A(?!.*\b(?:what|which|who)\b).*\bwhere\b",
    ),
)
ASKS = tuple((kind, re.compile(pattern, re.IGNORECASE)) for kind, pattern in _ASKS)
ASKING = re.compile(r"\b(?:who|whom|whose|what|which|when|where|how|why)\b", re.IGNORECASE)
CLAUSE = re.compile(r"[,?:;]")


@lru_cache(maxsize=16)
def asked(text: str) -> str:
    """The question in an input: what is marked as one, else the paragraph with a question mark."""
    text = text[-MOST:] if len(text) > MOST and "?" in text[-MOST:] else text[:MOST]
    if marked := [*MARKED.finditer(text)]:
        return marked[-1][1].strip()
    paragraphs = [part.strip() for part in text.split("\n") if part.strip()]
    with_mark = [part for part in paragraphs if "?" in part]
    return (with_mark or paragraphs or [""])[0]


@lru_cache(maxsize=16)
def is_open(text: str) -> bool:
    """Whether it asks to write something, so that any of many texts would do."""
    return WRITING.match(asked(text)) is not None or WRITING.match(text[:MOST]) is not None


@lru_cache(maxsize=16)
def wanted(question: str) -> Wanted:
    """What kind of answer a question asks for; 'text' where it asks for a piece of writing."""
    text = asked(question)
    if WRITING.match(text):
        return "text"
    sentence = _last_question(text)
    if AUXILIARY.match(sentence):
        return "choice" if " or " in sentence and options(text) else "yes_no"
    if " or " in sentence and options(text):
        return "choice"
    for kind, pattern in ASKS:
        if pattern.search(sentence):
            return kind
    return "other"


def _last_question(text: str) -> str:
    """The last sentence, where it asks something; else all of it."""
    end = text.rfind("?")
    text = text[:end] if end >= 0 else text
    start = max(text.rfind(mark) for mark in (". ", "! ", "? ", "\n")) + 1
    last = text[start:].strip()
    return last if ASKING.search(last) or AUXILIARY.match(last) else text.strip()


@lru_cache(maxsize=16)
def options(question: str) -> tuple[frozenset[str], frozenset[str]] | None:
    """The words of the two things between which a question lets one choose; None where it does not.

    Of the first, only the capitalised or last words count, for what is before it is the question.
    """
    before, joint, after = _last_question(asked(question)).partition(" or ")
    if not joint:
        return None
    first = _tail(CLAUSE.split(before.rstrip(" ,"))[-1])
    second = _head(CLAUSE.split(after, maxsplit=1)[0])
    sides = (_named(first), _named(second))
    if not sides[0] or not sides[1] or sides[0] == sides[1]:
        return None
    return sides[0] - sides[1] or sides[0], sides[1] - sides[0] or sides[1]


def _tail(text: str) -> str:
    """The run of capitalised words at the end, else the last word."""
    parts = text.split()
    start = len(parts)
    while start > 0 and (
        parts[start - 1][:1].isupper()
        or parts[start - 1][:1] in "\"'“("
        or parts[start - 1].isdigit()
        or _joins(parts, start - 1)
    ):
        start -= 1
    return " ".join(parts[start:] or parts[-1:])


def _joins(parts: list[str], place: int) -> bool:
    """Whether a small word stands between capitalised ones, as in 'Bank of America'."""
    return (
        parts[place] in {"of", "the", "de", "and", "for"}
        and place > 0
        and (parts[place - 1][:1].isupper())
    )


def _head(text: str) -> str:
    parts = text.split()
    parts = parts[1:] if parts[:1] and parts[0] in {"the", "a", "an"} else parts
    end = 0
    while end < len(parts) and (
        parts[end][:1].isupper()
        or parts[end][:1] in "\"'“("
        or parts[end].isdigit()
        or parts[end] in {"of", "the", "de", "a"}
    ):
        end += 1
    return " ".join(parts[:end] or parts[:1])


def _named(text: str) -> frozenset[str]:
    return frozenset(plain(text).split()) - FUNCTION_WORDS
