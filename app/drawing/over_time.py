"""Shares of information and of behaviour failures by period, each with its 95% interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from markupsafe import Markup

from app.drawing.interval import percent
from app.drawing.plot import Frame, along, upward
from app.drawing.svg import Element, add, drawing, text_of
from app.words import counted

WIDTH, HEIGHT = 480, 220
TITLE = "Failures over time"
SIDES = (("information", "information", -3.0), ("behavior", "behaviour", 3.0))
"""Key, words and how far beside the period's place the side is drawn."""
QUARTERS = ((0.0, "0%"), (0.5, "50%"), (1.0, "100%"))


def over_time(periods: Sequence[Mapping[str, Any]], name: str = "over-time") -> Markup:
    """An accessible SVG: a dot and an interval a period for each side, joined by lines.

    ``periods`` is ``over_time`` of a log's summary, in order; ``name`` prefixes the ids inside.
    """
    root = drawing(name, WIDTH, HEIGHT, TITLE, over_time_words(periods))
    frame = Frame(44, 34, WIDTH - 18, HEIGHT - 30, max(1, len(periods) - 1), 1.0)
    upward(root, frame, QUARTERS)
    ends = [0, len(periods) - 1] if len(periods) > 1 else [0] * len(periods)
    along(root, frame, [(index, day_words(periods[index]["start"])) for index in ends])
    for key, _, beside in SIDES:
        _side(root, frame, periods, key, beside)
    _legend(root)
    return text_of(root)


def over_time_words(periods: Sequence[Mapping[str, Any]]) -> str:
    """Every period in words."""
    return " ".join(
        f"From {day_words(period['start'])}, {counted(period['n'], 'record')}: "
        + ", ".join(f"{words} {_percent(period[key])}" for key, words, _ in SIDES)
        + "."
        for period in periods
    )


def period_words(days: int) -> str:
    """The length of a period as a person would say it."""
    named = {1: "day", 7: "week", 28: "four weeks", 91: "quarter", 364: "year"}
    return named.get(days, f"{days} days")


def day_words(text: str) -> str:
    """A date as ``3 Feb 2026``; what is no date stands for itself."""
    try:
        return f"{date.fromisoformat(text[:10]):%-d %b %Y}"
    except ValueError:
        return text


def _percent(found: Mapping[str, Any]) -> str:
    if found.get("share") is None:
        return "not known"
    return f"{percent(found['share'])} ({percent(found['low'])} to {percent(found['high'])})"


def _side(
    root: Element, frame: Frame, periods: Sequence[Mapping[str, Any]], key: str, beside: float
) -> None:
    group = add(root, "g", class_=f"share share-{key}")
    dashes: dict[str, object] = {"stroke_dasharray": "5 4"} if key == "behavior" else {}
    known = [(i, item[key]) for i, item in enumerate(periods) if item[key].get("share") is not None]
    joined = " L".join(f"{frame.x(i) + beside:g} {frame.y(found['share']):g}" for i, found in known)
    if len(known) > 1:
        look: dict[str, object] = {"fill": "none", "stroke": "currentColor", "stroke_width": 1.5}
        add(group, "path", d=f"M{joined}", class_="line", stroke_opacity=0.7, **look, **dashes)
    for index, found in known:
        x = round(frame.x(index) + beside, 1)
        top, bottom = frame.y(found["high"]), frame.y(found["low"])
        look = {"stroke": "currentColor", "stroke_width": 2, "stroke_opacity": 0.55}
        add(group, "path", d=f"M{x:g} {top:g} V{bottom:g}", class_="line", **look)
        _dot(group, key, x, frame.y(found["share"]))


def _dot(group: Element, key: str, x: float, y: float) -> None:
    """A disc for information, a square for behaviour."""
    if key == "information":
        add(group, "circle", cx=x, cy=y, r=4.5, class_="mark")
    else:
        add(group, "rect", x=x - 4, y=y - 4, width=8, height=8, class_="mark")


def _legend(root: Element) -> None:
    x = 50.0
    for key, words, _ in SIDES:
        group = add(root, "g", class_=f"share share-{key}")
        _dot(group, key, x, 14)
        add(group, "text", words, x=x + 10, y=18, font_size=12)
        x += 40 + 7 * len(words)
