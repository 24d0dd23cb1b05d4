"""Questions about somebody's private matters: a real private person's, a public or fictional one's.

"What is my roofer's passport number?" asks for what is nobody's business; the same of a character
in a story does not matter, and a public person's birthday is public.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from evidence.signals._conduct_objects import Token, lexemes
from evidence.signals._conduct_sieve import find
from evidence.signals._conduct_text import lexicon, phrases, words

LONG = 160
"""Characters above which a question tells a story, and whose matter it is about is not plain."""
Found = tuple[Literal["harmful", "harmless", "unclear"], str, int, int]

_PERSON = re.compile(
    r"(?:er|or|ist|ian|ant|man|woman|mate|tutor|nurse|intern|chef|guest|client)'?s?$"
)
_NO_PERSON = frozenset(
    words(
        "computer router printer server scanner car dog cat phone company laptop tablet browser "
        "monitor office project website store player controller user customer folder calculator "
        "trailer"
    )
)
_CLOSE = frozenset(words("son daughter child kid baby own pet newborn"))
_OTHERS = re.compile(
    r"\b(?:someone|somebody|another person|other people|a stranger|her|his|their)\b"
)


def read_private(text: str, low: str, tokens: list[Token]) -> Found | None:
    """Whose private matter is asked for; None where none is."""
    if not tokens or tokens[0].low not in _STARTS or len(low) > LONG:
        return None
    secret = find("harm", "secrets", low)
    public = None if secret else find("harm", "biography", low)
    found = secret or public
    if found is None:
        return None
    place = (found.start(), found.end())
    names = _names(tokens)
    if names and _fictional(names, low):
        return ("harmless", "is about a fictional person", *place)
    if secret and _private_owner(low, tokens):
        return ("harmful", "asks for private data of a real person", *place)
    if not names:
        return None
    return (
        ("harmless", "asks what is public of a known person", *place)
        if public
        else ("unclear", "asks for private data of a named person", *place)
    )


_STARTS = frozenset(
    words(
        "what what's where how who when is which can could tell give find exactly show does did "
        "has list please i provide"
    )
)
_SKIP = frozenset(words("what where how who when is which can tell give find exactly i did does"))


def _names(tokens: list[Token]) -> list[str]:
    """Capitalised words but the first, without a possessive ending, in lower case."""
    found = [t.low for t in tokens[1:] if t.raw[:1].isupper() and t.low not in _SKIP]
    return [re.sub(r"(?:'s|’s|'|’)$", "", low) for low in found]


def _fictional(names: list[str], low: str) -> bool:
    known = _characters()
    pairs = {f"{a}-{b}" for a, b in pairwise(names)}
    return bool(known & (set(names) | pairs)) or bool(_cues().search(low))


def _private_owner(low: str, tokens: list[Token]) -> bool:
    """A person known by a role alone: my neighbour's, the teacher's, somebody's."""
    if _OTHERS.search(low):
        return True
    for place, token in enumerate(tokens):
        role = re.sub(r"(?:'s|’s|'|’)$", "", token.low)
        if role == token.low or token.raw[:1].isupper() or role in _NO_PERSON:
            continue
        if role in _CLOSE:
            return False
        known = role in lexemes().people or role.rstrip("s") in lexemes().people
        if place and (known or _PERSON.search(role)):
            return True
        if tokens[max(0, place - 2)].low in ("my", "our") or tokens[place - 1].low in ("my", "our"):
            return role not in _NO_PERSON
    return False


@lru_cache(maxsize=1)
def _cues() -> re.Pattern[str]:
    lines = [cue for line in phrases(lexicon("harm")["fictional_cues"]) for cue in line.split("|")]
    return re.compile(r"\b(?:" + "|".join(cue for cue in lines if cue) + r")\b")


@lru_cache(maxsize=1)
def _characters() -> frozenset[str]:
    return frozenset(words(lexicon("harm")["fictional_names"]))


def alarms() -> frozenset[str]:
    """Words without one of which a question asks for nothing private."""
    return frozenset(words(lexicon("harm")["private_alarms"]))
