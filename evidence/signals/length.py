"""Is the output as long as was asked for?

Looks at the output and at limits in ``format_spec`` (characters, words, sentences, lines,
paragraphs, bullets); returns ``format_length``. Words and sentences are counted in two usual ways;
where these disagree on the verdict, nothing is measured. Tokens are not counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.signals._base import Observation, Span
from evidence.signals._spec import STRUCTURED, kind_of, number_in
from evidence.view import RecordView

SIGNALS = ("format_length",)
LIMIT = 1_000_000
UNITS: Mapping[str, tuple[str, ...]] = {
    "characters": ("characters", "chars", "char", "character"),
    "words": ("words", "word"),
    "sentences": ("sentences", "sentence"),
    "lines": ("lines", "line"),
    "paragraphs": ("paragraphs", "paragraph"),
    "bullets": ("bullets", "bullet_points", "items", "bullet"),
    "tokens": ("tokens", "token"),
}
PLAIN_KEYS = frozenset({"min", "max", "at_least", "at_most", "limit"})
LENGTH_KEYS = frozenset({"min_length", "minLength", "max_length", "maxLength"})
KEYS = (
    PLAIN_KEYS
    | LENGTH_KEYS
    | {
        prefix + name
        for names in UNITS.values()
        for name in names
        for prefix in ("", "min_", "max_", "minimum_", "maximum_", "exact_")
    }
)
"""Keys without any of which nothing is asked of the length."""
SENTENCE_END = re.compile(r"[.!?\u3002\uff01\uff1f]+[\"'”’)\]]*(?=\s|$)|[\u3002\uff01\uff1f]+")
ABBREVIATION = re.compile(
    r"\b(?:e\.g|i\.e|etc|vs|mr|mrs|ms|dr|prof|st|no|fig|al|[a-z])\.(?=\s)", re.IGNORECASE
)
BULLET = re.compile(r"(?m)^\s*(?:[-*•+]|\d{1,3}[.)])\s+\S")


@dataclass(frozen=True, slots=True)
class _Range:
    unit: str
    least: float | None
    most: float | None


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield whether every limit on the length is kept, where there are any."""
    kind = kind_of(view.format)
    if KEYS.isdisjoint(view.format) or kind in STRUCTURED or view.format_type == "ifeval":
        return
    ranges = tuple(_ranges(view.format, only_named=kind != "length"))
    if not ranges or len(view.output) > LIMIT:
        return
    found = [_verdict(view.output, item) for item in ranges]
    broken = [item for item in found if item and item[0] != "within"]
    if broken:
        value, said = broken[0]
        yield Observation("format_length", value, said, (_span(view.output, value),))
    elif all(found):
        yield Observation(
            "format_length", "within", "; ".join(said for _, said in filter(None, found))
        )


def _ranges(spec: Mapping[str, Any], only_named: bool) -> Iterator[_Range]:
    for unit, names in UNITS.items():
        least = number_in(
            spec, *(f"{word}_{name}" for name in names for word in ("min", "minimum"))
        )
        most = number_in(spec, *(f"{word}_{name}" for name in names for word in ("max", "maximum")))
        inner = _inner(spec, names)
        exact = number_in(spec, *names, *(f"exact_{name}" for name in names))
        least = _first(least, number_in(inner, "min", "at_least", "gte"), exact)
        most = _first(most, number_in(inner, "max", "at_most", "lte"), exact)
        if least is not None or most is not None:
            yield _Range(unit, least, most)
    unit = _unit(spec)
    least = number_in(spec, "min_length", "minLength", *(() if only_named else ("min", "at_least")))
    most = number_in(
        spec, "max_length", "maxLength", *(() if only_named else ("max", "at_most", "limit"))
    )
    if unit and (least is not None or most is not None):
        yield _Range(unit, least, most)


def _inner(spec: Mapping[str, Any], names: tuple[str, ...]) -> Mapping[str, Any]:
    """Limits in a dictionary of their own, as in ``words: {min: 10}``."""
    return next((spec[name] for name in names if isinstance(spec.get(name), dict)), {})


def _unit(spec: Mapping[str, Any]) -> str:
    given = spec.get("unit", spec.get("units", "characters"))
    word = given.strip().lower() if isinstance(given, str) else ""
    return next((unit for unit, names in UNITS.items() if word in names), "")


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _verdict(output: str, asked: _Range) -> tuple[str, str] | None:
    """The verdict on one limit; None where it cannot be told."""
    count = COUNTS.get(asked.unit)
    counted = count(output) if count else None
    if counted is None:
        return None
    verdicts = {_compared(number, asked) for number in counted}
    if len(verdicts) != 1:
        return None
    return verdicts.pop(), f"{counted[0]} {asked.unit}, asked for {_words(asked)}"


def _compared(number: int, asked: _Range) -> str:
    if asked.least is not None and number < asked.least:
        return "too_short"
    return "too_long" if asked.most is not None and number > asked.most else "within"


def _words(asked: _Range) -> str:
    if asked.least == asked.most:
        return f"{asked.least:g}"
    low = f"at least {asked.least:g}" if asked.least is not None else ""
    high = f"at most {asked.most:g}" if asked.most is not None else ""
    return " and ".join(filter(None, (low, high)))


def _span(output: str, value: str) -> Span:
    return (
        Span(0, len(output)) if value == "too_long" else Span(max(0, len(output) - 1), len(output))
    )


def _characters(text: str) -> tuple[int, ...]:
    return len(text.strip()), len(text)


def _word_counts(text: str) -> tuple[int, ...]:
    return len(text.split()), len(re.findall(r"\w+(?:[-'’]\w+)*", text))


def _sentences(text: str) -> tuple[int, ...]:
    """With and without taking abbreviations and unfinished lines into account."""
    plain = len(SENTENCE_END.findall(text))
    careful = len(SENTENCE_END.findall(ABBREVIATION.sub(" ", text)))
    open_end = bool(text.strip()) and not SENTENCE_END.search(text.rstrip()[-3:])
    return plain, careful + open_end


def _lines(text: str) -> tuple[int, ...]:
    lines = text.strip().splitlines()
    return len(lines), sum(1 for line in lines if line.strip())


def _paragraphs(text: str) -> tuple[int, ...]:
    return (len([part for part in re.split(r"\n\s*\n", text.strip()) if part.strip()]),)


def _bullets(text: str) -> tuple[int, ...]:
    return (len(BULLET.findall(text)),)


COUNTS: Mapping[str, Callable[[str], tuple[int, ...]]] = {
    "characters": _characters,
    "words": _word_counts,
    "sentences": _sentences,
    "lines": _lines,
    "paragraphs": _paragraphs,
    "bullets": _bullets,
}
