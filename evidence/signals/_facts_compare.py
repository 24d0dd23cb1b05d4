"""How an answer stands to a reference: the same, in other words, longer, denied, different."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from evidence.signals._facts_dates import dates
from evidence.signals._facts_names import is_acronym, same_name, surname_of, without_kind
from evidence.signals._facts_numbers import is_quantity, same_quantity
from evidence.signals._facts_polarity import abstains, polarity, stated
from evidence.signals._facts_question import options
from evidence.signals._facts_text import FUNCTION_WORDS, content, plain, words

How = Literal[
    "same", "other_words", "holds", "mentions", "within", "last_name", "cut", "part", "both",
    "denied", "no_answer", "different",
]  # fmt: skip
RANK: tuple[How, ...] = get_args(How)

SHORT = 12
"""Words up to which a reference is an answer; a longer one is a text that holds an answer."""
LONGEST = 60
"""Words up to which wording is compared at all: of longer texts there are many acceptable ones."""
MOST_ALTERNATIVES = 20
MOSTLY = 0.75
"""Share of a reference's own words that a rewording has to hold."""
HARDLY = 0.34
"""Share of a reference's own words up to which an answer says something else."""

CUT = 4
"""Letters, with the blank before them, of a beginning that is taken for an answer cut off."""

SEPARATOR = re.compile(r"\s*[|;\n]\s*|\s+/\s+")
GLOSS = re.compile(r"\s*[(\[]([^()\[\]]{1,60})[)\]]\s*")
ALSO = re.compile(
    r",?\s+(?:also|better|formerly|professionally)? ?(?:known|called|named) as\s+|, or "
)
NOT_BEFORE = re.compile(
    r"\b(?:not|never|instead of|rather than|unlike|other than|no(?! \d)) (?:\w+ ){0,2}\Z"
)
NOT_AFTER = re.compile(
    r"\A(?:is|was|are|were|did|doe|do|has|had|ha|could|can|will|would) (?:not|never)\b"
    r"|\A(?:isnt|wasnt|didnt|doesnt|hasnt)\b"
)
NEGATION = re.compile(r"\b(?:not|never|no|except|without)\b|n't\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Comparison:
    """How an answer stands to the nearest of the acceptable answers, and which one that is."""

    how: How
    expected: str


@lru_cache(maxsize=64)
def alternatives(reference: str) -> tuple[str, ...]:
    """The acceptable answers that a reference names: itself, parts of a list, aliases."""
    whole = reference.strip()
    listed = _listed(whole)
    if not listed and len(whole.split()) > SHORT:
        return (whole,)
    found = [whole, *listed]
    for item in tuple(found):
        if gloss := GLOSS.search(item):
            found += [GLOSS.sub(" ", item), gloss[1]]
        found += ALSO.split(item) if ALSO.search(item) else []
    unique = dict.fromkeys(item.strip() for item in found)
    return tuple(item for item in unique if words(item))[:MOST_ALTERNATIVES]


def _listed(text: str) -> list[str]:
    """The items of a list in JSON or with separators; none where the text is no list."""
    if text[:1] == "[":
        try:
            items = json.loads(text)
        except (ValueError, RecursionError):
            items = re.findall(r"'([^']{1,100})'", text[:2_000])
        return [str(item) for item in items if isinstance(item, str | int | float)]
    parts = SEPARATOR.split(text[:2_000])
    short = len(parts) > 1 and all(len(part.split()) <= SHORT for part in parts)
    return [part for part in parts if part] if short else []


def compare(answer: str, reference: str, question: str) -> Comparison | None:
    """The nearest acceptable answer and how the answer stands to it; None where nothing tells."""
    if plain(answer) != plain(reference) and (told := _as_a_whole(answer, reference, question)):
        return Comparison(told, reference)
    found = [
        Comparison(how, item)
        for item in alternatives(reference)
        if (how := _one(answer, item, question))
    ]
    return min(found, key=lambda item: RANK.index(item.how), default=None)


def _as_a_whole(answer: str, reference: str, question: str) -> How | None:
    """Answers that say yes, no, or that nothing is known; None for all others."""
    if abstains(reference):
        return "other_words" if abstains(answer) else "different"
    yes_or_no = polarity(reference) if len(words(reference)) == 1 else None
    if yes_or_no and (given := stated(answer, question)):
        return "other_words" if given == yes_or_no else "different"
    return "no_answer" if abstains(answer) and plain(reference) not in plain(answer) else None


def _one(answer: str, expected: str, question: str) -> How | None:
    given, wanted = plain(answer), plain(expected)
    if given == wanted or given.replace(" ", "") == wanted.replace(" ", ""):
        return "same"
    if len(wanted.split()) > LONGEST:
        return "within" if _stands_within(given, wanted, question) else None
    if wanted in given:
        return _held(answer, expected, question)
    if is_quantity(expected) or dates(expected):
        return _measured(answer, expected)
    return _named(answer, expected, question) or _worded(answer, expected, question)


def _measured(answer: str, expected: str) -> How:
    """Dates and quantities: the same in another form, a part of it, or different."""
    wanted, given = dates(expected), dates(answer)
    if wanted and not is_quantity(expected):
        if any(day.gives(wanted[0]) for day in given):
            return "other_words"
        near = any(not day.differs_from(wanted[0]) and day.parts for day in given)
        return "part" if near else "different"
    return "other_words" if same_quantity(answer, expected) else "different"


def _held(answer: str, expected: str, question: str) -> How:
    """The expected phrase stands in the answer: stated, denied, or one of two that are named."""
    given, wanted = plain(answer), plain(expected)
    place = given.find(wanted)
    before, after = given[: place + 1], given[place + len(wanted) :]
    if not NEGATION.search(question) and (NOT_BEFORE.search(before) or NOT_AFTER.match(after)):
        return "denied"
    sides = options(question)
    if sides and side_named(sides, expected) >= 0:
        return _chosen(answer, expected, sides)
    return "holds" if len(given.split()) <= LONGEST else "mentions"


def side_named(sides: tuple[frozenset[str], frozenset[str]], text: str) -> int:
    """Which of two things a text names: 0, 1, or -1 where it names none or both."""
    own = content(text)
    hits = [len(own & side) / len(side) for side in sides]
    return -1 if hits[0] == hits[1] else int(hits[1] > hits[0])


def _chosen(answer: str, expected: str, sides: tuple[frozenset[str], frozenset[str]]) -> How:
    """Of two things that an answer names, the first is what the sentence is about."""
    mine = side_named(sides, expected)
    order = plain(answer).split()
    firsts = [
        min((order.index(word) for word in side if word in order), default=-1) for side in sides
    ]
    if firsts[1 - mine] < 0 or firsts[mine] < 0:
        return "holds"
    return "both" if firsts[mine] > firsts[1 - mine] else "holds"


def _named(answer: str, expected: str, question: str) -> How | None:
    """Names in another form."""
    if len(words(expected)) > SHORT:
        return None
    given = plain(answer)
    if same_name(answer, expected) or is_acronym(answer, expected):
        return "other_words"
    if " ".join(without_kind(tuple(plain(expected).split()))) == given.strip():
        return "other_words"
    for name in names(answer):
        if same_name(name, expected):
            return "other_words"
        if is_name(expected) and surname_of(name, expected) and not _in_question(name, question):
            return "last_name"
    return None


def _in_question(name: str, question: str) -> bool:
    return plain(name) in plain(question)


def _worded(answer: str, expected: str, question: str) -> How | None:
    """Phrases and sentences: how much of what the reference says of its own does the answer say?"""
    given, wanted = plain(answer), plain(expected)
    if _stands_within(given, wanted, question):
        leading = wanted.startswith(given) and "," in expected
        return "other_words" if leading else _within_or_part(given, expected, question)
    if len(given) > CUT and wanted.startswith(given.rstrip()):
        return "cut"
    own = content(expected) - content(question) or content(expected)
    share = len(own & content(answer)) / len(own) if own else 0.0
    if share >= MOSTLY and not is_name(expected):
        return _reworded(answer, expected, question, own)
    if share > HARDLY:
        return "part"
    return "different" if min(len(wanted.split()), len(own)) <= SHORT else None


def _reworded(answer: str, expected: str, question: str, own: frozenset[str]) -> How:
    if bool(NEGATION.search(answer)) != bool(NEGATION.search(expected)):
        return "denied"
    more = content(answer) - content(expected) - content(question)
    return "part" if len(own) == 1 and more else "other_words"


def _within_or_part(given: str, expected: str, question: str) -> How:
    """A piece that holds all that the reference adds to the question is the answer."""
    if content(expected) - content(question) <= set(given.split()) and not is_name(expected):
        return "other_words"
    return "within" if len(plain(expected).split()) > SHORT else "part"


def _stands_within(given: str, wanted: str, question: str) -> bool:
    """Whether an answer with words that the question lacks is a piece of the reference."""
    own = set(given.split()) - FUNCTION_WORDS - set(plain(question).split())
    return bool(own) and given in wanted


def is_name(text: str) -> bool:
    """Whether a short text is a proper name: its words are capitalised, small ones aside."""
    parts = [part for part in re.findall(r"[^\W\d_][\w'’.-]*", text[:200]) if part.islower()]
    small = all(part in FUNCTION_WORDS or part in {"de", "la", "von", "van", "v"} for part in parts)
    return small and len(words(text)) <= SHORT // 2 and text[:1].isalpha() and not text.islower()


CAPITAL = "[A-ZÀ-ÖØ-Þ]"
NAME = re.compile(
    rf"\b{CAPITAL}[\w.'’&-]*(?:\s+(?:(?:of|the|de|la|von|van|and|for|&|in)\s+(?:the\s+)?)?"
    rf"(?:{CAPITAL}[\w.'’&-]*|\d+\b))*"
)
MOST_NAMES = 40
WHOLE = 6
"""Words of an answer that may be a name as a whole, whatever its case."""


@lru_cache(maxsize=32)
def names(text: str) -> tuple[str, ...]:
    """The proper names in a text: runs of capitalised words; a short answer whole."""
    found: list[str] = []
    if 0 < len(words(text)) <= WHOLE:
        found.append(text.strip())
    for match in NAME.finditer(text[:4_000]):
        if len(found) >= MOST_NAMES:
            break
        name = match[0].rstrip(".'’")
        if plain(name).strip() and not set(plain(name).split()) <= FUNCTION_WORDS:
            found.append(name)
    return tuple(found)
