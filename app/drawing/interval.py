"""A share as a dot on a line from 0 to 100%, with its 95% interval as a bar."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from app.drawing.svg import Element, add, drawing, text_of

WIDTH, HEIGHT = 240, 24
LEFT, RIGHT = 8, 232
MIDDLE = HEIGHT / 2
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def interval(found: Mapping[str, Any], name: str, title: str, kind: str = "") -> Markup:
    """An accessible SVG of one share: a dot at it, a bar over its interval, marks at the quarters.

    ``found`` has ``share``, ``low`` and ``high`` (0 to 1, or None where nothing was counted).
    ``name`` prefixes the ids inside; ``kind`` is the class that colours it.
    """
    root = drawing(name, WIDTH, HEIGHT, title, interval_words(found))
    _scale(root)
    if found.get("share") is None:
        return text_of(root)
    group = add(root, "g", class_=f"share share-{kind}" if kind else "share")
    low, high = place(found["low"]), place(found["high"])
    look = {"class_": "spread", "fill_opacity": 0.35, "rx": 3}
    add(group, "rect", x=low, y=MIDDLE - 5, width=max(high - low, 2.0), height=10, **look)
    add(group, "circle", cx=place(found["share"]), cy=MIDDLE, r=5.5, class_="mark")
    return text_of(root)


def interval_words(found: Mapping[str, Any]) -> str:
    """``65%, 95% interval 50% to 77%``; says so where nothing was counted."""
    if found.get("share") is None:
        return "Nothing was counted."
    share, low, high = (percent(found[key]) for key in ("share", "low", "high"))
    return f"{share}, 95% interval {low} to {high}."


def percent(share: float) -> str:
    """A share as a whole percentage; what is not quite none or all does not pass for it."""
    if 0 < share < 0.005:
        return "under 1%"
    if 0.995 <= share < 1:
        return "over 99%"
    return f"{share:.0%}"


def place(share: float) -> float:
    """Where a share stands on the line, in drawing units."""
    return round(LEFT + (RIGHT - LEFT) * min(1.0, max(0.0, share)), 1)


def _scale(root: Element) -> None:
    look: dict[str, object] = {"stroke": "currentColor", "stroke_opacity": 0.35, "class_": "axis"}
    add(root, "path", d=f"M{LEFT} {MIDDLE:g} H{RIGHT}", **look)
    for quarter in QUARTERS:
        long = 6 if quarter in (0, 0.5, 1) else 3
        add(root, "path", d=f"M{place(quarter):g} {MIDDLE - long:g} v{2 * long}", **look)
