"""Is the output one of the allowed choices?

Looks at the output where ``format_spec`` lists what may be answered; returns ``format_choice``:
exactly one of them, one in other case or with other marks around it, one inside a longer text, or
none. Several choices at once count as none unless the spec allows them (``multiple``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from evidence.signals._base import Observation, Span
from evidence.signals._spec import kind_of, texts_in
from evidence.view import RecordView

SIGNALS = ("format_choice",)
KEYS = ("choices", "enum", "options", "values", "labels", "allowed", "allowed_values", "classes")
MAX_CHOICES = 2_000
LIMIT = 20_000
"""Characters of output in which choices are looked for."""
MARKS = " \t\r\n\"'`*_.,;:!?()[]{}<>#-\u201c\u201d\u2018\u2019"


def detect(view: RecordView) -> Iterator[Observation]:
    """Yield how the output relates to the allowed choices, where they are listed."""
    if kind_of(view.format) != "choice":
        return
    choices = texts_in(view.format, *KEYS)[:MAX_CHOICES]
    if not choices or len(view.output) > LIMIT:
        return
    several = bool(view.format.get("multiple") or view.format.get("multi_label"))
    text = view.output.strip()
    if text in choices or (several and _all_in(text, choices)):
        yield Observation("format_choice", "exact", "One of the allowed choices")
        return
    yield _near(view.output, text, choices)


def _all_in(text: str, choices: tuple[str, ...]) -> bool:
    return all(part.strip() in choices for part in re.split(r"[,;\n]", text[:2_000]))


def _near(output: str, text: str, choices: tuple[str, ...]) -> Observation:
    whole = Span(0, len(output))
    bare = text.strip(MARKS).casefold()
    for choice in choices:
        if bare and bare == choice.strip(MARKS).casefold():
            said = f"{choice!r:.60} in other case or with marks around it"
            return Observation("format_choice", "other_case", said, (whole,))
    found = {item[0].casefold(): item for item in _pattern(choices).finditer(output)}
    if len(found) == 1:
        item = next(iter(found.values()))
        said = f"{item[0]!r:.60} inside a longer text"
        spans = tuple(Span(*pair) for pair in _around(output, item) if pair[1] > pair[0])
        return Observation("format_choice", "wrapped", said, spans)
    said = "Several of the allowed choices" if found else "None of the allowed choices"
    return Observation("format_choice", "outside", said, (whole,))


def _around(output: str, item: re.Match[str]) -> tuple[tuple[int, int], tuple[int, int]]:
    return (0, item.start()), (item.end(), len(output))


@lru_cache(maxsize=64)
def _pattern(choices: tuple[str, ...]) -> re.Pattern[str]:
    """Any of the choices as whole words; the longest first, for one may begin another."""
    parts = sorted(filter(str.strip, choices), key=len, reverse=True)
    anyof = "|".join(re.escape(part.strip()) for part in parts) or "(?!)"
    return re.compile(rf"(?<!\w)(?:{anyof})(?!\w)", re.IGNORECASE)
