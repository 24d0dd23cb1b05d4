"""Does the output match the regular expression that was asked for?

Looks at the output and the pattern in ``format_spec``; returns ``format_pattern``: the whole output
matches, only a part of it does, or nothing does. White space around the output is passed over. A
pattern that cannot be compiled, or that needs longer than a search may take, is not measured.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import regex

from evidence.signals._base import Observation, Span
from evidence.signals._regex import MAX_TEXT, SECONDS, compiled, timed_out
from evidence.signals._spec import kind_of, text_in
from evidence.view import RecordView

SIGNALS = ("format_pattern",)
FLAGS: Mapping[str, int] = {
    "i": regex.IGNORECASE,
    "m": regex.MULTILINE,
    "s": regex.DOTALL,
    "x": regex.VERBOSE,
    "ignorecase": regex.IGNORECASE,
    "multiline": regex.MULTILINE,
    "dotall": regex.DOTALL,
    "verbose": regex.VERBOSE,
}
SEARCHES = frozenset({"search", "contains", "partial"})


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield how the output relates to the pattern, where there is one."""
    if kind_of(view.format) != "regex" or len(view.output) > MAX_TEXT:
        return
    pattern, flags = _asked(view.format)
    made = compiled(pattern, flags) if pattern else None
    if made is None:
        return
    try:
        found = _observed(made, view.output, _searches(view.format))
    except TimeoutError:
        timed_out(pattern, flags)
        return
    yield found


def _asked(spec: Mapping[str, Any]) -> tuple[str, int]:
    pattern = text_in(spec, "pattern", "regex", "regexp", "re", "value", "expression")
    given = spec.get("flags")
    names = list(given) if isinstance(given, list | tuple) else _split(given)
    if len(pattern) > 2 and pattern[0] == "/" and pattern.rfind("/") > 1:
        pattern, letters = pattern[1:].rsplit("/", 1)  # as it is written in JavaScript
        names += list(letters)
    flags = 0
    for name in names[:20]:
        flags |= FLAGS.get(str(name).lower().removeprefix("re."), 0)
    return pattern, flags


def _split(given: object) -> list[Any]:
    if not isinstance(given, str):
        return []
    return given.replace(",", "|").split("|") if len(given) > 4 or "|" in given else list(given)


def _searches(spec: Mapping[str, Any]) -> bool:
    mode = text_in(spec, "match", "mode", "method").lower()
    return mode in SEARCHES or spec.get("full_match") is False or spec.get("fullmatch") is False


def _observed(made: Any, output: str, searches: bool) -> Observation:
    """Raises TimeoutError where the pattern needs too long."""
    found = made.search(output, timeout=SECONDS)
    text = output.strip()
    if text != output and (found is None or not _covers(found, output)):
        stripped = made.search(text, timeout=SECONDS)
        if stripped is not None and _covers(stripped, text):
            return Observation("format_pattern", "matches", "It matches the pattern")
    if found is None:
        said = "It does not match the pattern that was asked for"
        return Observation("format_pattern", "differs", said, (Span(0, len(output)),))
    if searches or _covers(found, output):
        return Observation("format_pattern", "matches", "It matches the pattern")
    full = made.fullmatch(text, timeout=SECONDS)
    if full is not None:
        return Observation("format_pattern", "matches", "It matches the pattern")
    pieces = ((0, found.start()), (found.end(), len(output)))
    spans = tuple(Span(start, end) for start, end in pieces if end > start)
    return Observation("format_pattern", "inside", "Only a part of it matches the pattern", spans)


def _covers(found: Any, text: str) -> bool:
    """Whether a match takes in all of the text, or is an assertion about it of no width."""
    start, end = found.span()
    return start == end or not (text[:start].strip() or text[end:].strip())
