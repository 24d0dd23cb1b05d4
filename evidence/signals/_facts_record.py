"""The answer, question and reference of a record, as detectors of facts compare them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from evidence.signals._answer import answer_text
from evidence.signals._base import Place, Span
from evidence.signals._facts_question import asked, is_open
from evidence.signals._facts_text import MOST, place_of, plain, words
from evidence.view import RecordView, once

NOT_PROSE = frozenset({"ifeval", "sql", "code", "python", "regex_code", "html", "yaml"})
"""Formats whose reference is one of many acceptable texts, or is no sentence at all."""
REFUSES = re.compile(
    r"\b(?:i'?m sorry|i can(?:not|'t)|i do(?: not|n't) have|i am unable|i'?m not able|as an ai\b"
    r"|i apologi[sz]e|i must decline)",
    re.IGNORECASE,
)
"""A reference that declines states no fact to compare with."""
CONCLUSION = re.compile(
    r"(?:final answer|the answer|answer)(?: is|:)\**:?\s*([^\n]{1,200}?)(?=\.?\s*(?:\n|\Z))"
    r"|####\s*([^\n]{1,100})|\\boxed\{([^{}\n]{1,100})\}",
    re.IGNORECASE,
)
PASSAGE_MARK = re.compile(
    r"^[ \t#*]*(?:context|passages?|documents?|article|sources?|background)\**:\**[ \t]*$"
    r"|^[ \t#*]*(?:context|passages?|documents?)\**:(?=[ \t]\S)",
    re.IGNORECASE | re.MULTILINE,
)
QUESTION_MARK = re.compile(r"^[ \t#*]*(?:question|query|q)\**:", re.IGNORECASE | re.MULTILINE)
OPEN_ENDS = frozenset(":,{[(<")
"""Last characters of a structured output that was cut before a value."""
WORKED_OUT = 80
"""Characters from which an answer may work something out before it says what it comes to."""
LETTERED = re.compile(r"(?:^|\s)\(?([A-H])[).:]\s+([^\n]{1,100}?)(?=\s+\(?[A-H][).:]\s|\n|\Z)")
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


@once
def with_reference(view: RecordView) -> Asked | None:
    """The record as question, answer and reference; None where these cannot be compared.

    A reference to a request to write something, or one that declines, is one acceptable text of
    many: another wording beside it means nothing.
    """
    reference = view.reference
    if reference is None or not view.output.strip() or view.format_type in NOT_PROSE:
        return None
    structured = reference.lstrip()[:1] == "{"
    return _comparable(view.question, view.output if structured else given_answer(view), reference)


@once
def given_answer(view: RecordView) -> str:
    """The answer without its format; '' where a structured output broke off before its value."""
    end = view.output[-200:].rstrip()[-1:]
    if view.format_type and end in OPEN_ENDS:
        return ""
    if view.format_type and end == '"' and view.output.count('"') % 2 == 1:
        return ""
    return answer_text(view)


@once
def passage_of(view: RecordView) -> str:
    """What the model had to answer from: the context, else what the prompt marks as such; or ''."""
    return view.context if view.passages else _marked_passage(view.input_text)


@lru_cache(maxsize=8)
def _marked_passage(prompt: str) -> str:
    """The text between 'Context:' and 'Question:' in a prompt."""
    start = PASSAGE_MARK.search(prompt[:MOST])
    end = QUESTION_MARK.search(prompt[:MOST], start.end()) if start else None
    return prompt[start.end() : end.start()].strip() if start and end else ""


@lru_cache(maxsize=8)
def _comparable(question: str, answer: str, reference: str) -> Asked | None:
    if is_open(question) or REFUSES.search(reference[:300]):
        return None
    if len(reference) > LONGEST_REFERENCE and answer.strip() != reference.strip():
        return None
    answer, reference = concluded(answer), _with_options(reference, question)
    return Asked(asked(question), answer, reference) if words(answer) else None


def concluded(answer: str) -> str:
    """What a worked-out answer comes to in the end; the answer itself where it does not say so."""
    if len(answer) < WORKED_OUT:
        return answer
    found = [*CONCLUSION.finditer(answer[-2 * LONGEST_REFERENCE :])]
    return next(filter(None, found[-1].groups()), answer).strip() if found else answer


def _with_options(reference: str, question: str) -> str:
    """A letter with what it stands for in the question's list, or the reverse."""
    listed = {found[1]: found[2].strip() for found in LETTERED.finditer(question[:4_000])}
    if len(listed) < 2:
        return reference
    key = reference.strip(" ().:")
    by_text = {plain(text): letter for letter, text in listed.items()}
    other = listed.get(key) or by_text.get(plain(reference))
    return f"{key} | {other}" if other else reference


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
