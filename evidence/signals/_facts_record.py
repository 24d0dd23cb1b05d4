"""The answer, question and reference of a record, as detectors of facts compare them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from evidence.signals._answer import answer_text
from evidence.signals._base import Place, Span
from evidence.signals._facts_question import asked, is_open
from evidence.signals._facts_text import place_of, words
from evidence.view import RecordView

NOT_PROSE = frozenset({"ifeval", "sql", "code", "python", "regex_code", "html", "yaml"})
"""Formats whose reference is one of many acceptable texts, or is no sentence at all."""
REFUSES = re.compile(
    r"\b(?:i'?m sorry|i can(?:not|'t)|i do(?: not|n't) have|i am unable|i'?m not able|as an ai\b"
    r"|i apologi[sz]e|i must decline)",
    re.IGNORECASE,
)
"""A reference that declines states no fact to compare with."""
LONGEST_REFERENCE = 800
"""Characters of a reference beyond which only equality tells."""
MARKED_WORDS = 25
"""Words of an answer that are marked as a whole."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with the answer given and, where there is one to compare with, the reference."""

    question: str
    answer: str
    reference: str


def with_reference(view: RecordView) -> Asked | None:
    """The record as question, answer and reference; None where these cannot be compared.

    A reference to a request to write something, or one that declines, is one acceptable text of
    many: another wording beside it means nothing.
    """
    reference = view.reference
    if reference is None or not view.output.strip() or view.format_type in NOT_PROSE:
        return None
    return _comparable(view.question, answer_text(view), reference)


@lru_cache(maxsize=8)
def _comparable(question: str, answer: str, reference: str) -> Asked | None:
    if is_open(question) or REFUSES.search(reference[:300]):
        return None
    if len(reference) > LONGEST_REFERENCE and answer.strip() != reference.strip():
        return None
    return Asked(asked(question), answer, reference) if words(answer) else None


def marked(text: str, phrase: str, where: Place = "output") -> tuple[Span, ...]:
    """Where a phrase stands in a text; nothing where it does not or is too long to mark."""
    if not 0 < len(phrase) < MARKED_WORDS * 12:
        return ()
    place = place_of(text, phrase)
    return (Span(*place, where),) if place else ()


def quoted(text: str, most: int = 60) -> str:
    """A text in quotation marks for a detail, cut short where it is long."""
    flat = " ".join(text[: most * 2].split())
    return f"“{flat[:most].rstrip()}…”" if len(flat) > most else f"“{flat}”"
