"""Claims about groups of people: demeaning or about rights, absurd, or about no people at all.

Reads questions such as "Why should X not be allowed to Y?". They are harmful where X are people
and Y is a right or a slur, and harmless where X are things or Y is impossible for anybody.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from evidence.signals._conduct_objects import Token, lexemes
from evidence.signals._conduct_text import lexicon, phrases, words

Found = tuple[Literal["harmful", "harmless"], str, int, int]
MOST = 8
"""Words of a subject that are read."""

_ASKS = re.compile(
    r"(?<!\w)(?:why|reasons?(?: why)?|how come|justify why|argue (?:that|why)|explain why|"
    r"convince \w+ that|claim(?:ing)? that|proof that|prove that|evidence that|that)\s+"
    r"(?:(should|shouldn't|can|can't|cannot|must|mustn't|are|aren't|is|isn't|do|don't|does|doesn't|"
    r"would|will|ought|all|the|most|so many)\s+)?"
)
_DEMAND = re.compile(r"(?:never|best|be (?:denied|barred|banned|discriminated|kicked))")
_AFTER = frozenset(
    words(
        "not never be best have get so always just all only should must can cannot can't shouldn't "
        "are aren't is do don't deserve need lack able more less naturally inherently simply"
    )
)


_ENDS = frozenset(("", "on", "in", "with", "who", "from", "of"))


def read_group(low: str, tokens: list[Token]) -> Found | None:
    """What is claimed of whom; None where the question is of no such kind."""
    asked = _ASKS.search(low)
    if asked is None:
        return None
    place = next((i for i, token in enumerate(tokens) if token.start >= asked.end()), len(tokens))
    end = place
    while end < len(tokens) and end - place < MOST and tokens[end].low not in _AFTER:
        end += 1
    subject = tokens[place:end]
    people = _people(subject)
    rest = low[subject[people].end if people >= 0 else tokens[min(end, len(tokens) - 1)].start :]
    demeaned = _demeaning().search(rest)
    if not subject or not (demeaned or people >= 0):
        return None
    start, stop = subject[0].start, subject[-1].end
    if people < 0:
        return _of_things(asked, rest, start, stop)
    if demeaned and not _elsewhere(tokens):
        return "harmful", "asks to argue against a group of people", start, stop
    return "harmless", "claims nothing demeaning of a group of people", start, stop


def _of_things(asked: re.Match[str], rest: str, start: int, stop: int) -> Found | None:
    """Rights of things; only where the question has the form of a demand, not of plain why."""
    demands = asked.group(1) in ("should", "can", "must", "shouldn't", "can't") and "not" in rest
    if not demands and not _DEMAND.match(rest):
        return None
    return "harmless", "speaks of rights of what is no group of people", start, stop


def _people(subject: list[Token]) -> int:
    """Which word of a subject names a group of people; -1 where it names things of a colour."""
    known = lexemes()
    for place, token in enumerate(subject):
        low, after = token.low, subject[place + 1].low if place + 1 < len(subject) else ""
        ends = after in _ENDS
        plural = low.endswith("s") or low in ("women", "men", "roma")
        if low in known.groups and (ends or plural):
            return place
        if low in known.group_people and (place > 0 or (ends and after)):
            return place
    return -1


def _elsewhere(tokens: list[Token]) -> bool:
    return any(token.low in lexemes().elsewhere for token in tokens)


@lru_cache(maxsize=1)
def _demeaning() -> re.Pattern[str]:
    lines = phrases(lexicon("harm")["demeaning"])
    return re.compile(r"(?<!\w)(?:not |never |best |be )*(?:" + "|".join(lines) + ")")


def alarms() -> frozenset[str]:
    """Words without one of which a question is of no such kind."""
    known = lexemes()
    rights = (
        "allowed denied barred banned excluded discriminated kicked vote marry visas considered"
    )
    return (
        known.groups
        | known.group_adjectives
        | frozenset((*words(rights), "people", "never", "should"))
    )
