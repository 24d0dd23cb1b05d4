"""Whether two names are the same: titles, middle names, initials, short forms, acronyms."""

from __future__ import annotations

import re
from collections.abc import Sequence

from evidence.signals._facts_text import FUNCTION_WORDS, words

_TITLES = (
    "president sir dr doctor mr mrs ms miss queen king prince princess saint st lord lady captain "
    "general colonel senator governor mayor professor prof pope emperor empress dame justice "
    "minister chancellor judge jr sr inc ltd llc corp corporation company co plc"
)
TITLES = frozenset(_TITLES.split())
LINK = re.compile(
    r"\A,? ?(?:in )?\Z|\A ?\("
    r"|\b(?:known|called|named|nicknamed|alias|aka|formerly|born|stage name)\b"
)
"""What stands between two names of one thing, or between a place and what it lies in."""
NEARBY = 80
"""Characters within which a passage names one thing twice."""
PARTICLES = frozenset({"da", "de", "van", "von", "del", "di", "la", "al", "bin"})
_KINDS = (
    "city county state province river university college company band film movie novel book album "
    "song series show team club street district island country republic kingdom lake mount ocean "
    "mountain sea desert airport stadium language park bridge newspaper magazine church school"
)
KINDS = frozenset(_KINDS.split())
"""Words that say of what kind a thing is and may be left out of its name."""


def core(name: str) -> tuple[str, ...]:
    """The words of a name without titles."""
    found = tuple(word for word in words(name) if word not in TITLES)
    return found or words(name)


def same_name(given: str, expected: str) -> bool:
    """Whether a name is the expected one in another form; equal names count too."""
    left, right = core(given), core(expected)
    if not left or not right:
        return False
    if left == right or _squeezed(left) == _squeezed(right):
        return True
    if left[-1].isdigit() != right[-1].isdigit() and min(len(left), len(right)) > 0:
        left, right = _unnumbered(left), _unnumbered(right)
    return _shortened(left, right) or _shortened(right, left) or is_acronym(given, expected)


def _unnumbered(parts: tuple[str, ...]) -> tuple[str, ...]:
    """Without the number of a king or son, which the other name leaves out."""
    return parts[:-1] if parts[-1].isdigit() and len(parts) > 2 else parts


def _squeezed(parts: Sequence[str]) -> str:
    return "".join(parts)


def _shortened(short: Sequence[str], long: Sequence[str]) -> bool:
    """'Walter Coy' and 'W. D. Coy' for 'Walter Darwin Coy': last name whole, first name begun."""
    short, long = _split_initials(short), _split_initials(long)
    if len(short) < 2 or len(long) < len(short) or short[-1] != long[-1]:
        return False
    if not _begins(short[0], long[0]) or FUNCTION_WORDS.intersection(long):
        return False
    rest = iter(long[1:-1])
    return all(any(_begins(mine, theirs) for theirs in rest) for mine in short[1:-1])


def _split_initials(parts: Sequence[str]) -> tuple[str, ...]:
    """'jk' 'rowling' as 'j' 'k' 'rowling'."""
    first = parts[0] if parts else ""
    if len(parts) > 1 and len(first) == 2 and not set(first) & set("aeiou"):
        return (*first, *parts[1:])
    return tuple(parts)


def _begins(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[:1] == other[:1])


def is_acronym(one: str, other: str) -> bool:
    """Whether one is the first letters of the other: 'NFL' and 'National Football League'."""
    short, long = sorted((one.strip(), other.strip()), key=len)
    letters = short.replace(".", "")
    if not (2 <= len(letters) <= 6 and letters.isupper() and letters.isalpha()):
        return False
    parts = [word for word in long.replace("-", " ").split() if word[:1].isupper()]
    return "".join(word[0] for word in parts).upper() == letters


def surname_of(given: str, expected: str) -> bool:
    """Whether only the last name of an expected name of two words or more is given."""
    left, right = core(given), core(expected)
    left = left[1:] if len(left) == 2 and left[0] in PARTICLES else left
    if not 1 < len(right) <= 4 or left != right[-1:] or "," in expected or "v" in right:
        return False
    return len(left[0]) > 2 and left[0].isalpha() and left[0] not in KINDS


def linked(passage: str, one: str, other: str) -> bool:
    """Whether a passage has both close together as names of one thing or place."""
    for first, second in ((one, other), (other, one)):
        at = passage.find(first)
        end = at + len(first)
        to = passage.find(second, end, end + NEARBY) if at >= 0 and first and second else -1
        if to >= 0 and LINK.search(passage[end:to]):
            return True
    return False


def without_kind(parts: Sequence[str]) -> tuple[str, ...]:
    """The words without those that only say of what kind the thing is."""
    found = tuple(word for word in parts if word not in KINDS)
    return found or tuple(parts)
