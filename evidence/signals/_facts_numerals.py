"""Numbers written as words, as digits: 'twenty-one' is 21, '3 million' is 3000000."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
SMALL = {word: value for value, word in enumerate(_SMALL.split())}
TENS = {word: value * 10 for value, word in enumerate(_TENS.split(), start=2)}
SCALES = {
    "hundred": 100,
    "thousand": 1_000,
    "lakh": 100_000,
    "million": 1_000_000,
    "crore": 10_000_000,
    "billion": 1_000_000_000,
    "trillion": 1_000_000_000_000,
}
ORDINALS = {
    "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8",
    "ninth": "9", "tenth": "10", "eleventh": "11", "twelfth": "12",
}  # fmt: skip
"""'First' and 'second' mean too many other things."""

ROMAN = re.compile(r"(XL|L?X{0,3})(IX|IV|V?I{0,3})")
ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50}

PLAIN = {**SMALL, **TENS}
MOST = 12
"""Words or digits of one number that is still read; a longer one is left as it stands."""
WORDS = frozenset({*PLAIN, *SCALES, *ORDINALS})


def roman(word: str) -> int:
    """The value of a Roman numeral up to 89 in capitals; 0 where the word is none."""
    if not ROMAN.fullmatch(word):
        return 0
    values = [*map(ROMAN_VALUES.__getitem__, word), 0]
    return sum(one if one >= following else -one for one, following in pairwise(values))


def as_digits(words: Sequence[str]) -> Sequence[str]:
    """The same words with numbers in digits; returned as they are where there is no such word."""
    return words if WORDS.isdisjoint(words) else tuple(_read(words))


def _read(words: Iterable[str]) -> Iterator[str]:
    run: list[str] = []
    for word in words:
        if not run and word not in WORDS and not word[0].isdigit():
            yield word
        elif (
            len(run) < MOST and (word in PLAIN or word in SCALES or (not run and _is_digits(word)))
        ) or (run and word == "and" and run[-1] in SCALES):
            run.append(word)
        else:
            yield from _value(run)
            run = []
            yield ORDINALS.get(word, word)
    yield from _value(run)


def _is_digits(word: str) -> bool:
    return len(word) < MOST and word.isascii() and word.replace(".", "", 1).isdigit()


def _value(run: list[str]) -> Iterator[str]:
    """The run as one number where it reads as one, else word by word."""
    joins = run[-1:] == ["and"]
    parts = run[:-1] if joins else run
    if parts and all(part in SCALES for part in parts):
        yield from parts
    elif parts:
        yield from _numbers(parts)
    if joins:
        yield "and"


def _numbers(parts: list[str]) -> Iterator[str]:
    total, current, last = 0.0, 0.0, 0.0
    for part in parts:
        if part in SCALES:
            current = (current or 1) * SCALES[part]
            if SCALES[part] > 100:
                total, current = total + current, 0
            last = SCALES[part]
        elif part != "and":
            value = float(PLAIN.get(part, part if part not in PLAIN else 0))
            if last and not _follows(last, value):
                yield _written(total + current)
                total, current = 0, 0
            current, last = current + value, value
    yield _written(total + current)


def _follows(last: float, value: float) -> bool:
    """Whether a value continues the number: 'twenty' 'one' does, 'three' 'four' does not."""
    return last >= 100 or (last in TENS.values() and 0 < value < 10)


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
