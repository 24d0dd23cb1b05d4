"""How an answer stands to a reference: the same, in other words, longer, denied, different."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from evidence.signals._facts_akin import akin, misspelt
from evidence.signals._facts_amounts import agreement
from evidence.signals._facts_data import compared, data_in
from evidence.signals._facts_dates import MONTHS, dates
from evidence.signals._facts_names import PARTICLES, is_acronym, same_name, surname_of, without_kind
from evidence.signals._facts_numbers import (
    NUMBER,
    is_close,
    is_quantity,
    same_quantity,
)
from evidence.signals._facts_polarity import abstains, polarity, stated
from evidence.signals._facts_question import options
from evidence.signals._facts_text import FUNCTION_WORDS, content, plain, stems, words

How = Literal[
    "same", "other_words", "holds", "mentions", "within", "last_name", "cut", "part", "both",
    "denied", "no_answer", "other_text",
    "different",
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

BARELY = 0.15
"""The same for a text of which many wordings are possible."""
SENTENCE = 5
"""Words of the shortest sentence."""
FEW = 2
"""Words that a sentence adds to its question, up to which another answer is a different one."""
VERB = re.compile(
    r"\b(?:is|are|was|were|be|has|have|had|can|could|will|would|do|does|did|may|should)\b|n't\b"
)
MANY = 4
"""Numbers in an answer beyond which one of them is no answer by itself."""
SEPARATOR = re.compile(r"\s*[|;\n]\s*|\s+/\s+")
ITEMS = re.compile(r",? and |, ?| & ")
GLOSS = re.compile(r"\s*[(\[]([^()\[\]]{1,60})[)\]]\s*")
ALSO = re.compile(
    r",?\s+(?:also|better|formerly|professionally)? ?(?:known|called|named) as\s+|, or "
)
NOT_BEFORE = re.compile(
    r"\b(?:not(?! until| only)|never|instead of|rather than|unlike|other than|no(?! \d)) "
    r"(?:\w+ ){0,2}\Z"
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
    """Answers in JSON, or that say yes, no, or that nothing is known; None for all others."""
    if reference.lstrip()[:1] == "{" and (wanted := data_in(reference)):
        found = data_in(answer)
        return compared(found, wanted) if found else None
    if abstains(reference):
        return "other_words" if abstains(answer) else "different"
    yes_or_no = polarity(reference) if len(words(reference)) == 1 else None
    if yes_or_no:
        given = stated(answer, question)
        return "other_words" if given == yes_or_no else "different" if given else "other_text"
    return "no_answer" if abstains(answer) and plain(reference) not in plain(answer) else None


def _one(answer: str, expected: str, question: str) -> How | None:
    given, wanted = plain(answer), plain(expected)
    if given.replace(" ", "") == wanted.replace(" ", ""):
        return "same"
    if len(wanted.split()) > LONGEST:
        return "within" if _stands_within(given, wanted, question) else None
    if wanted in given:
        return _held(answer, expected, question)
    if is_quantity(expected) or _is_date(expected, question):
        return _measured(answer, expected)
    if _all_items(given, expected):
        return "holds"
    return (
        _converted(answer, expected)
        or _named(answer, expected, question)
        or _worded(answer, expected, question)
    )


def _converted(answer: str, expected: str) -> How | None:
    """Amounts in other units."""
    agrees = agreement(answer, expected) if NUMBER.search(expected) else None
    return None if agrees is None else "other_words" if agrees else "different"


def _all_items(given: str, expected: str) -> bool:
    """Whether every item of 'Ann, Bo and Cy' stands in the answer."""
    items = [plain(item) for item in ITEMS.split(expected)]
    return len(items) > 1 and all(item.strip() and item in given for item in items)


def _measured(answer: str, expected: str) -> How:
    """Dates and quantities: the same in another form, a part of it, or different."""
    wanted, given = dates(expected), dates(answer)
    if wanted and not is_quantity(expected):
        if any(day.gives(wanted[0]) for day in given):
            return "other_words"
        near = any(not day.differs_from(wanted[0]) and day.parts for day in given)
        return "part" if near else "different"
    if same_quantity(answer, expected):
        return "other_words"
    if told := _converted(answer, expected):
        return told
    return "part" if not wanted and is_close(answer, expected) else "different"


def _is_date(expected: str, question: str) -> bool:
    """Whether a date is all that a text adds to the question, or all but a word."""
    if not dates(expected):
        return False
    own = content(expected) - content(question) - MONTHS.keys()
    return sum(not NUMBER.fullmatch(word) for word in own) <= 1


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
    loosely = len(given.split()) > LONGEST or _by_chance(given, wanted)
    return "mentions" if loosely else "holds"


def _by_chance(given: str, wanted: str) -> bool:
    """A number among many, or a single letter in a long answer, may stand there by chance."""
    if is_quantity(wanted):
        return len({word for word in given.split() if NUMBER.fullmatch(word)}) > MANY
    return len(wanted.strip()) == 1 and len(given.split()) > SHORT


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
    if _same_thing(answer, expected) or _begins_list(answer, expected, question):
        return "other_words"
    found = names(answer)
    if any(same_name(name, expected) for name in found):
        return "other_words"
    added = [name for name in found if not _in_question(name, question)]
    last = is_name(expected) and any(surname_of(name, expected) for name in added)
    return "last_name" if last else None


def _same_thing(answer: str, expected: str) -> bool:
    """The answer as a whole: misspelt, a form of the name, its letters, or without its kind."""
    given, wanted = plain(answer), plain(expected)
    return (
        misspelt(given, wanted)
        or same_name(answer, expected)
        or is_acronym(answer, expected)
        or " ".join(without_kind(tuple(wanted.split()))) == given.strip()
    )


def _begins_list(answer: str, expected: str, question: str) -> bool:
    """Whether the answer has the first of 'Roseau, Minnesota, USA' and no name from elsewhere."""
    first, comma, _ = expected.partition(",")
    if not comma or not is_name(expected) or plain(first) not in plain(answer):
        return False
    known = content(expected) | content(question)
    named = [name for name in names(answer) if len(words(name)) < len(words(answer)) or known]
    return all(content(name) <= known or name == answer.strip() for name in named)


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
    own = stems(expected) - stems(question) or stems(expected)
    share = len(own & stems(answer)) / len(own) if own else 0.0
    if share >= MOSTLY and not is_name(expected):
        return _reworded(answer, expected, question, own)
    if len(wanted.split()) > SHORT:
        return "other_text" if share <= BARELY else None
    kin = share > HARDLY or akin(own, stems(answer) - stems(question))
    if not kin and _is_sentence(expected) and len(own) > FEW:
        return "other_text"
    return "part" if kin else "different"


def _is_sentence(text: str) -> bool:
    """Whether a reference is a sentence, which can be said in many ways, rather than a phrase."""
    return len(text.split()) >= SENTENCE and VERB.search(text) is not None


def _reworded(answer: str, expected: str, question: str, own: frozenset[str]) -> How:
    if bool(NEGATION.search(answer)) != bool(NEGATION.search(expected)):
        return "denied"
    more = stems(answer) - stems(expected) - stems(question)
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
    small = all(part in FUNCTION_WORDS or part in {*PARTICLES, "v"} for part in parts)
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
