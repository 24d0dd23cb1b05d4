"""How well a passage carries an answer: features that a person could count, each from 0 to 1."""

from __future__ import annotations

import re
from itertools import pairwise

from evidence.signals._facts_compare import names, side_named
from evidence.signals._facts_numbers import NUMBER
from evidence.signals._facts_polarity import NEGATED, abstains
from evidence.signals._facts_question import options, wanted
from evidence.signals._facts_text import FUNCTION_WORDS, content, plain, sentence_words

SENTENCE = 7
"""Words from which an answer is a sentence, which may be quoted from the passage as a whole."""
VAGUE = re.compile(
    r"\b(?:some|several|various|many|popular|famous|well-known|certain|someone|something|different"
    r"|a (?:\w+ )?(?:person|man|woman|politician|actor|actress|singer|musician|company|band|group"
    r"|writer|author|city|place|benefactor|player|film|show))\b",
    re.IGNORECASE,
)
INSISTS = re.compile(
    r"\b(?:actually|also|both|only|instead|however|more|most|not any)\b", re.IGNORECASE
)

FEATURES = (
    "quoted_phrase",
    "quoted_sentence",
    "pairs_carried",
    "own_words_missing",
    "own_words_missing_share",
    "adds_nothing",
    "new_number",
    "new_name",
    "carried_name",
    "negated",
    "restates_question",
    "near_question",
    "near_question_gap",
    "no_number_asked",
    "no_name_asked",
    "number_fits",
    "vague",
    "insists",
    "option_sole",
    "short",
)


def features(question: str, answer: str, passage: str) -> dict[str, float]:
    """What can be counted on an answer and its passage; keys as in ``FEATURES``."""
    given, held = plain(answer), plain(passage)
    order = given.split()
    asked, own_passage = content(question), set(held.split())
    own = {word for word in order if word not in FUNCTION_WORDS} - asked
    missing = own - own_passage
    quoted = given in held and bool(given.strip())
    return {
        "quoted_phrase": float(quoted and len(order) < SENTENCE),
        "quoted_sentence": float(quoted and len(order) >= SENTENCE),
        "pairs_carried": _pairs_carried(order, held),
        "own_words_missing": min(len(missing), 4) / 4,
        "own_words_missing_share": len(missing) / len(own) if own else 0.0,
        "adds_nothing": float(not own),
        "new_number": float(any(NUMBER.fullmatch(word) for word in missing)),
        **_named(answer, asked, held, own_passage),
        "negated": float(bool(NEGATED.search(answer)) and not NEGATED.search(question)),
        "restates_question": len(asked.intersection(order)) / len(asked) if asked else 0.0,
        **_near(own, asked, passage),
        **_kind(question, answer, order, own),
        "vague": float(not quoted and bool(VAGUE.search(answer))),
        "insists": float(not quoted and bool(INSISTS.search(answer))),
        "option_sole": _sole_option(question, answer),
        "short": float(len(order) < SENTENCE),
    }


def _pairs_carried(order: list[str], held: str) -> float:
    """Share of neighbouring words of the answer that are neighbours in the passage."""
    pairs = list(pairwise(order[:61]))
    if not pairs:
        return float(bool(order) and f" {order[0]} " in held)
    return sum(f" {one} {two} " in held for one, two in pairs) / len(pairs)


def _named(answer: str, asked: frozenset[str], held: str, own: set[str]) -> dict[str, float]:
    """Whether a name that the question does not give stands in the passage, or in none."""
    found = [content(name) for name in names(answer) if any(map(str.isupper, name))]
    added = [name for name in found if name and not name <= asked]
    return {
        "new_name": float(any(name - asked and not (name - asked) & own for name in added)),
        "carried_name": float(any(name <= own for name in added)),
    }


def _near(own: set[str], asked: frozenset[str], passage: str) -> dict[str, float]:
    """How many of the question's words stand near the answer's own, in one sentence."""
    best, near, nearest = 0, 0.0, 0.0
    if not asked:
        return {"near_question": 0.0, "near_question_gap": 0.0}
    for _, _, here in sentence_words(passage):
        share = len(asked.intersection(here)) / len(asked)
        nearest = max(nearest, share)
        hits = len(own.intersection(here))
        if hits and (hits, share) > (best, near):
            best, near = hits, share
    return {"near_question": near, "near_question_gap": nearest - near}


def _kind(question: str, answer: str, order: list[str], own: set[str]) -> dict[str, float]:
    """Whether the answer is of the kind that the question asks for."""
    kind = wanted(question)
    numeric = any(NUMBER.fullmatch(word) for word in own)
    named = any(char.isupper() for char in answer[1:]) or answer[:1].isupper()
    wants_number = kind in {"number", "date"}
    return {
        "no_number_asked": float(wants_number and not numeric),
        "no_name_asked": float(kind in {"person", "place"} and (not named or numeric)),
        "number_fits": float(wants_number and numeric),
    }


def _sole_option(question: str, answer: str) -> float:
    """Whether the answer to a choice between two names one of them and nothing else."""
    sides = options(question)
    if sides is None or abstains(answer):
        return 0.0
    own = content(answer)
    return float(side_named(sides, answer) >= 0 and own <= sides[0] | sides[1])
