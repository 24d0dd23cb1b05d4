"""Yes, no, or "I do not know": what a short answer says as a whole."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from evidence.signals._facts_text import content, words

Polarity = Literal["yes", "no"]

_YES = "yes yeah yep true correct right affirmative indeed"
YES = frozenset(_YES.split())
_NO = "no nope false incorrect wrong negative neither never"
NO = frozenset(_NO.split())
_LEADING = "well so answer is it that s the final my short in fact actually"
LEADING = frozenset(_LEADING.split())
"""Words that may come before yes or no."""
NEGATED = re.compile(r"\b(?:not|never|neither|nor|cannot)\b|n['’]t\b", re.IGNORECASE)
NOT_NUMBER = re.compile(r"\bno\.? ?\d", re.IGNORECASE)
ABSTAINS = re.compile(
    r"\b(?:(?:do|does|did) ?n[o'’]t (?:know|say|mention|state|specify|provide|contain"
    r"|have (?:any |enough |the )?(?:information|data|context))"
    r"|(?:is|are|was|were)(?: not|n['’]t) (?:mentioned|stated|specified|provided|given"
    r"|known(?! for| as| to)"
    r"|available|enough|sufficient|clear|possible to (?:determine|tell|answer|say))"
    r"|(?:can ?not|can['’]t|could not|couldn['’]t|unable to|impossible to) "
    r"(?:be (?:determined|answered|found)|determine|answer|find|tell|say|provide|assist|help|share)"
    r"|not sure|no (?:idea|information|answer)|unknown|unanswerable|insufficient information"
    r"|not enough (?:information|context)|n/a|cannot provide|don['’]t have)\b",
    re.IGNORECASE,
)
DECLINES = re.compile(
    r"\A\W*(?:i['’]?m (?:very |really )?sorry|sorry|i apologi[sz]e|i can ?not|i can['’]t"
    r"|i am unable|i['’]?m (?:unable|not able)|i (?:do not|don['’]t) (?:have|think it)|as an ai\b"
    r"|unfortunately, i"
    r"|it (?:is|would be) (?:not appropriate|inappropriate))",
    re.IGNORECASE,
)
ABSTENTION = 40
"""Words up to which an answer that says so is one that abstains, not a remark within an answer."""
RESTATED = 0.6
"""Share of a question's words that a plain statement has to repeat to count as yes."""


@lru_cache(maxsize=32)
def abstains(text: str) -> bool:
    """Whether a text begins by declining, or a short one says that the answer is not known."""
    if DECLINES.match(text):
        return True
    return len(text) < ABSTENTION * 12 and bool(ABSTAINS.search(text))


@lru_cache(maxsize=32)
def polarity(text: str) -> Polarity | None:
    """Whether a text says yes or no outright; None where it says neither."""
    if NOT_NUMBER.match(text.strip()):
        return None
    for word in words(text[:400])[:6]:
        if word in YES or word in NO:
            return "yes" if word in YES else "no"
        if word not in LEADING:
            return None
    return None


def stated(answer: str, question: str) -> Polarity | None:
    """Yes or no where an answer restates the question or its negation without these words."""
    if outright := polarity(answer):
        return outright
    asked = content(question)
    if not asked or len(asked & content(answer)) / len(asked) < RESTATED:
        return None
    return "no" if bool(NEGATED.search(answer)) != bool(NEGATED.search(question)) else "yes"
