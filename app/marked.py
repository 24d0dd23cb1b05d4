"""Evidence marked inside a text: pure, whatever the text holds, and the text stays what it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from app.text import BIDI_CONTROLS

MOST_MARKS = 1_000
"""Marks drawn in one text; a detector that finds more has made its point."""
PICTURES = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"} | {
    0x7F: 0x2421,
    **dict.fromkeys(range(0x80, 0xA0), 0xFFFD),
    **dict.fromkeys(range(0xD800, 0xE000), 0xFFFD),
    0xFFFE: 0xFFFD,
    0xFFFF: 0xFFFD,
}
"""Characters that a page cannot hold, and the sign that stands for each: one for one."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters ``start`` up to, not including, ``end`` of a text, and what marks them.

    ``key`` is the short sign that stands behind the last character and in the list of signals.
    """

    start: int
    end: int
    key: str
    decisive: bool = False
    """Whether a rule that decided reads what was seen here."""


def showable(text: str) -> str:
    """The text, of the same length, with a sign for each character that a page cannot hold."""
    return text.translate(PICTURES)


def shown(text: str) -> Markup:
    """The text as markup that shows it as it is, and turns the direction of nothing round it."""
    return _isolated(showable(text))


def marked(
    text: str, marks: Iterable[Mark], name: str = "text", elsewhere: Set[str] = frozenset()
) -> Markup:
    """The text as markup in which every mark stands out; overlapping marks share their characters.

    Nothing is added to the text, taken from it or left unescaped, except that ``showable`` signs
    stand for characters that a page cannot hold. Marks outside the text are cut or left out. The
    first character of a mark has the anchor ``name-key``, unless the key is among those that have
    theirs ``elsewhere``.
    """
    kept = _inside(text, marks)
    edges = sorted({0, len(text), *(m.start for m in kept), *(m.end for m in kept)})
    starts: dict[int, list[Mark]] = {}
    for mark in kept:
        starts.setdefault(mark.start, []).append(mark)
    open_marks: list[Mark] = []
    anchored = set(elsewhere)
    parts: list[Markup] = []
    for start, end in pairwise(edges):
        open_marks = [mark for mark in open_marks if mark.end > start] + starts.get(start, [])
        parts.extend(_anchors(starts.get(start, []), anchored, name))
        parts.append(_piece(text[start:end], open_marks, end))
    return Markup("").join(parts)


def shortened(text: str, most: int) -> str:
    """The beginning of a text, at most ``most`` characters."""
    return text if len(text) <= most else text[:most]


def _inside(text: str, marks: Iterable[Mark]) -> list[Mark]:
    """Marks cut to the text, in order; at most ``MOST_MARKS``."""
    cut = (
        Mark(max(0, mark.start), min(len(text), mark.end), mark.key, mark.decisive)
        for mark in marks
    )
    return sorted((m for m in cut if m.start < m.end), key=lambda m: (m.start, m.end, m.key))[
        :MOST_MARKS
    ]


def _anchors(marks: list[Mark], anchored: set[str], name: str) -> Iterator[Markup]:
    for mark in marks:
        if mark.key not in anchored:
            anchored.add(mark.key)
            yield Markup('<span class="at" id="{}"></span>').format(f"{name}-{mark.key}")


def _piece(text: str, marks: list[Mark], end: int) -> Markup:
    inner = shown(text)
    if not marks:
        return inner
    ending = dict.fromkeys(mark.key for mark in marks if mark.end == end)
    sign = Markup(' data-n="{}"').format(" ".join(ending)) if ending else Markup("")
    kind = "evidence decisive" if any(mark.decisive for mark in marks) else "evidence"
    deeper = " overlap" if len({mark.key for mark in marks}) > 1 else ""
    return Markup('<mark class="{}"{}>{}</mark>').format(kind + deeper, sign, inner)


def _isolated(text: str) -> Markup:
    """Escaped text in which characters that turn the direction turn nothing but themselves."""
    if BIDI_CONTROLS.isdisjoint(text):
        return escape(text)
    return Markup("").join(
        Markup('<bdi class="control" title="{}">{}</bdi>').format(f"U+{ord(char):04X}", char)
        if char in BIDI_CONTROLS
        else escape(char)
        for char in text
    )
