"""Quantities: the numbers of a text with what they count."""

from __future__ import annotations

import re
from functools import lru_cache

from evidence.signals._base import Span
from evidence.signals._facts_text import FUNCTION_WORDS, MOST, plain, words

WRITTEN = re.compile(r"\d[\d.,]*")
NUMBER = re.compile(r"\d+(?:\.\d+)?")
_UNITS = (
    "percent kilometre metre kilogram mile foot year month week day hour minute second dollar euro "
    "pound yen degree gram litre acre people inche inch"
)
UNITS = frozenset(_UNITS.split())
_APPROXIMATE = "about approximately around nearly almost over roughly circa more than"
APPROXIMATE = frozenset(_APPROXIMATE.split())
CLOSE = 0.05
"""Relative distance up to which a number may be a rounding of the other."""
QUANTITY_WORDS = 4
"""Words of a quantity: a number, its unit, 'about'."""


@lru_cache(maxsize=32)
def numbers(text: str) -> tuple[str, ...]:
    """The numbers of a text in digits, in order."""
    return tuple(word for word in plain(text).split() if NUMBER.fullmatch(word))


def marked_number(text: str, number: str) -> tuple[Span, ...]:
    """Where a number stands in an output, separated or not; nothing where it is spelled."""
    for found in WRITTEN.finditer(text[:MOST]):
        piece = found[0].rstrip(".,")
        if words(piece) == (number,):
            return (Span(found.start(), found.start() + len(piece)),)
    return ()


def is_quantity(text: str) -> bool:
    """Whether a text is a number with at most its unit."""
    parts = plain(text).split()
    rest = [part for part in parts if not NUMBER.fullmatch(part) and part not in APPROXIMATE]
    return (
        len(parts) - len(rest) > 0
        and len(parts) <= QUANTITY_WORDS
        and all(part in UNITS or part in FUNCTION_WORDS for part in rest)
        and sum(1 for part in parts if NUMBER.fullmatch(part)) == 1
    )


def is_close(answer: str, expected: str) -> bool:
    """Whether a number of the answer is the one expected, rounded, or rounds to it.

    They must also be within a twentieth of each other.
    """
    aim = float(next(word for word in plain(expected).split() if NUMBER.fullmatch(word)))
    near = (float(item) for item in numbers(answer))
    return any(abs(item - aim) <= CLOSE * abs(aim) and _rounds(item, aim) for item in near)


def _rounds(one: float, other: float) -> bool:
    """Whether one number with fewer digits is the other."""
    places = range(1, 7)
    return any(float(f"{one:.{n}g}") == other or float(f"{other:.{n}g}") == one for n in places)


def same_quantity(answer: str, expected: str) -> bool:
    """Whether an answer holds the expected number, and no other unit for it."""
    wanted = plain(expected).split()
    number = next(word for word in wanted if NUMBER.fullmatch(word))
    given = plain(answer).split()
    if number not in given:
        return False
    units = UNITS.intersection(wanted)
    after = UNITS.intersection(given[given.index(number) + 1 :][:2])
    return not units or not after or bool(units & after)
