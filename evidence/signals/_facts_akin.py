"""Words that may mean the same although they are written otherwise: spellings, peoples, kin."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher

KIN_LETTERS = 4
"""Letters that two words begin with in common to be kin: 'Canada' and 'Canadian'."""
KIN_SHARE = 0.6
"""Share of the shorter word that these letters make up."""
LONG_ENOUGH = 8
"""Letters from which a phrase may differ in one and still be the same, misspelt."""
ALMOST = 0.9
"""Ratio of matching letters (difflib) from which a phrase is the same in another spelling."""
PEOPLES = (
    {"usa", "american", "america"},
    {"uk", "british", "britain", "england", "english"},
    {"dutch", "netherland", "holland"},
    {"french", "france"},
    {"spanish", "spain"},
    {"swiss", "switzerland"},
    {"greek", "greece"},
    {"danish", "denmark"},
    {"welsh", "wale"},
    {"irish", "ireland"},
    {"polish", "poland"},
    {"turkish", "turkey"},
    {"swedish", "sweden"},
    {"chinese", "china"},
)
"""Peoples and languages with their countries, where the letters do not show it."""


def akin(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether a word of the one set may be a form of a word of the other."""
    others = list(others)
    return any(_kin(one, other) for one in some for other in others)


def _kin(one: str, other: str) -> bool:
    if any(one in people and other in people for people in PEOPLES):
        return True
    shorter = min(len(one), len(other))
    least = max(KIN_LETTERS, KIN_SHARE * shorter)
    same = next((at for at in range(shorter) if one[at] != other[at]), shorter)
    return same >= least and one.isalpha() and other.isalpha()


def misspelt(one: str, other: str) -> bool:
    """Whether two phrases without digits are the same but for a letter or two."""
    longest = max(len(one), len(other))
    if min(len(one), len(other)) < LONG_ENOUGH or longest > 60:
        return False
    if any(map(str.isdigit, one + other)) or abs(len(one) - len(other)) > 2:
        return False
    return SequenceMatcher(None, one, other, autojunk=False).ratio() >= ALMOST
