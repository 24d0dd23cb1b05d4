"""Who or what something is done to: the object of a verb, and whether it is a person.

A small reader of noun phrases, good for one-sentence requests: it takes the words after a verb up
to the next preposition or clause and looks at the last of them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, NamedTuple

from evidence.signals._conduct_text import lexicon, verb_forms, words

Kind = Literal["person", "named", "body", "belonging", "place", "thing", "none"]
TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*['’]?|[.,;:!?()\"“”]")
MOST = 8
"""Words of a noun phrase that are read."""

STOPS = frozenset(
    words(
        "in on at from with without during for like to so and but because if when while that who "
        "which into using by as i we you about or after before until since though than under over "
        'off through via per against ? . , ; : ! ( ) " “ ”'
    )
)
_TAIL = frozenset(
    words(
        "most best badly quickly easily silently effectively myself too again now today tonight "
        "alive asap once please first away down up out online offline asleep alone unconscious "
        "together forever somewhere here there everywhere later early better hard tomorrow anyway "
        "sleeping naked dead more well blind drunk unnoticed undetected instantly back abroad"
    )
)
_LIVES = frozenset(words("life lives existence reputation career"))
_SELF = frozenset(words("i we you myself our ourselves own"))


class Token(NamedTuple):
    """A word: in lower case, as it stood, and where."""

    low: str
    raw: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Lexemes:
    """The words that decide what an object is, and the forms of verbs."""

    people: frozenset[str]
    groups: frozenset[str]
    group_adjectives: frozenset[str]
    group_people: frozenset[str]
    body: frozenset[str]
    owned_body: frozenset[str]
    vital: frozenset[str]
    places: frozenset[str]
    property: frozenset[str]
    tech: frozenset[str]
    attack: frozenset[str]
    rough: frozenset[str]
    place_verbs: frozenset[str]
    property_verbs: frozenset[str]
    make: frozenset[str]
    danger: frozenset[str]
    elsewhere: frozenset[str]


@lru_cache(maxsize=1)
def lexemes() -> Lexemes:
    """The lexicon on harm, compiled to sets of words."""
    read = lexicon("harm")
    nouns = {name: frozenset(words(read[name])) for name in (
        "people", "groups", "group_adjectives", "group_people", "places", "property", "tech",
        "elsewhere",
    )}  # fmt: skip
    verbs = {name: _forms(read[f"{name}_verbs"]) for name in ("attack", "rough", "make")}
    return Lexemes(
        **nouns,
        **verbs,
        body=frozenset(words(read["body_parts"])),
        owned_body=frozenset(words(read["owned_parts"])),
        vital=frozenset(words(read["vital_parts"])),
        place_verbs=_forms(read["place_verbs"]),
        property_verbs=_forms(read["property_verbs"]),
        danger=frozenset(words(read["danger_nouns"])) | verbs["attack"] | verbs["rough"],
    )


def _forms(block: str) -> frozenset[str]:
    return frozenset(form for verb in words(block) for form in verb_forms(verb))


def tokens_of(text: str, low: str) -> list[Token]:
    """The words and marks of a text; ``low`` is the same text in lower case."""
    found = TOKEN.finditer(text)
    return [Token(low[m.start() : m.end()], m.group(), m.start(), m.end()) for m in found]


def phrase_after(tokens: list[Token], place: int) -> list[Token]:
    """The noun phrase that begins at a place."""
    end = place
    while end < len(tokens) and end - place < MOST and tokens[end].low not in STOPS:
        end += 1
    while end > place + 1 and _is_tail(tokens[end - 1].low):
        end -= 1
    return tokens[place:end]


def _is_tail(low: str) -> bool:
    return low in _TAIL or (low.endswith("ly") and low not in lexemes().people)


def kind_of(phrase: list[Token]) -> Kind:
    """What a noun phrase names."""
    if not phrase:
        return "none"
    lows = [token.low for token in phrase]
    if "of" in lows[:-1] and "a" not in lows[:1]:
        return _of_kind(phrase, lows.index("of"))
    return _last_kind(lows) or ("named" if _named(phrase) else "thing")


def _last_kind(lows: list[str]) -> Kind | None:
    """What the last word of a noun phrase makes of it, where the lexicon knows it."""
    known, last = lexemes(), lows[-1]
    owned = any(_possessive(low) for low in lows[:-1])
    if last in known.people or _is_group(lows) or (owned and last in _LIVES):
        return "person"
    if last in known.body:
        return "body" if owned or lows[0] in ("my", "your", "a", "someone") else "thing"
    if owned and last in known.owned_body:
        return "body"
    if owned and last in known.property:
        return "belonging"
    return "place" if last in known.places else None


def _of_kind(phrase: list[Token], place: int) -> Kind:
    """The heads of some fish are the fish's; the face of my boss is his."""
    inner = kind_of(phrase[place + 1 :])
    part = phrase[place - 1].low if place else ""
    return "body" if inner == "person" and part in lexemes().body else inner


def _is_group(lows: list[str]) -> bool:
    known, last = lexemes(), lows[-1]
    if last in known.groups:
        return True
    return last in known.group_people and len(lows) > 1


def _possessive(low: str) -> bool:
    return low.endswith(("'s", "’s", "s'", "s’"))


def _named(phrase: list[Token]) -> bool:
    return all(token.raw[:1].isupper() for token in phrase) and phrase[0].low not in _SELF
