"""How many kinds of failure had come up after how many failing records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from app.drawing.interval import percent
from app.drawing.plot import Frame, along, upward, whole_ticks
from app.drawing.svg import Element, add, drawing, text_of
from app.words import counted

WIDTH, HEIGHT = 360, 200
TITLE = "Kinds of failure seen, by failing records read"
ENOUGH, SOME = 0.01, 0.05
"""Chances that the next failing record is of a new kind: below the first reading on brings little,
below the second it brings something now and then. Our own judgement."""

LATE = 0.9
"""A new kind in the last tenth of the records says that they have not run dry."""


def saturation(found: Mapping[str, Any], name: str = "saturation") -> Markup:
    """An accessible SVG of a rising line of steps.

    ``found`` is ``saturation`` of a log's summary; ``name`` prefixes the ids inside.
    """
    points = [(int(read), int(kinds)) for read, kinds in found["points"]]
    root = drawing(name, WIDTH, HEIGHT, TITLE, f"{_read(points)} {saturation_words(found)}")
    heights = whole_ticks(max((kinds for _, kinds in points), default=1))
    reach = max((read for read, _ in points), default=1)
    frame = Frame(34, 28, WIDTH - 14, HEIGHT - 42, reach, heights[-1])
    add(root, "text", "kinds seen", x=4, y=14, font_size=12, class_="quiet")
    upward(root, frame, [(value, f"{value}") for value in heights])
    along(root, frame, [(0, "0"), (reach, f"{reach:,}")])
    middle = (frame.left + frame.right) / 2
    words = {"x": middle, "y": HEIGHT - 6, "text_anchor": "middle", "class_": "quiet"}
    add(root, "text", "failing records read", font_size=12, **words)
    _steps(root, frame, points)
    return text_of(root)


def saturation_words(found: Mapping[str, Any]) -> str:
    """What the line means, in one or two sentences."""
    chance, last = found.get("chance_of_new"), found.get("last_new_at")
    if chance is None or last is None or not found["points"]:
        return "No failing record has shown a kind yet."
    read = int(found["points"][-1][0])
    since = f"The last new kind came up at failing record {last:,} of {read:,}."
    if chance < ENOUGH and last <= LATE * read:
        return f"{since} More records of this log will hardly show another kind."
    odds = f"about {percent(chance)} of further failing records would be of a kind not seen yet"
    if chance < SOME:
        return f"{since} {odds.capitalize()}: a few kinds may still be missing."
    return f"{since} {odds.capitalize()}: the list of kinds is not complete, read more records."


def _read(points: Sequence[tuple[int, int]]) -> str:
    if not points:
        return ""
    read, kinds = points[-1]
    return f"{counted(kinds, 'kind')} in {counted(read, 'failing record')}."


def _steps(root: Element, frame: Frame, points: Sequence[tuple[int, int]]) -> None:
    if not points:
        return
    path = f"M{frame.x(0):g} {frame.y(0):g}"
    for read, kinds in points:
        path += f" H{frame.x(read):g} V{frame.y(kinds):g}"
    look: dict[str, object] = {"fill": "none", "stroke": "currentColor", "stroke_width": 2.5}
    add(root, "path", d=path, class_="line curve", stroke_linejoin="round", **look)
    read, kinds = points[-1]
    add(root, "circle", cx=frame.x(read), cy=frame.y(kinds), r=4.5, class_="mark curve-end")
