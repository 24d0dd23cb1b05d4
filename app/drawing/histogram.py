"""How many rows are how long: bars side by side, with a line at the longest that is kept."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from app.drawing.plot import Frame, along, upward, whole_ticks
from app.drawing.svg import Element, add, drawing, text_of
from app.words import counted

WIDTH, HEIGHT = 460, 220


def histogram(
    bars: Sequence[tuple[int, int]], name: str, title: str, unit: str, longest: int | None = None
) -> Markup:
    """An accessible SVG of a histogram.

    ``bars`` are (upper edge, rows), the edges growing; ``unit`` is that of the edges. Bars beyond
    ``longest`` are hatched, and a line stands there.
    """
    root = drawing(name, WIDTH, HEIGHT, title, histogram_words(bars, unit, longest))
    heights = whole_ticks(max((rows for _, rows in bars), default=1))
    frame = Frame(44, 28, WIDTH - 14, HEIGHT - 42, max(len(bars), 1), heights[-1])
    add(root, "text", "rows", x=4, y=14, font_size=12, class_="quiet")
    upward(root, frame, [(value, f"{value:,}") for value in heights])
    along(root, frame, _edges(bars))
    words = {"x": (frame.left + frame.right) / 2, "y": HEIGHT - 6, "text_anchor": "middle"}
    add(root, "text", unit, font_size=12, class_="quiet", **words)
    for place, (edge, rows) in enumerate(bars):
        _bar(root, frame, place, rows, beyond=longest is not None and edge > longest)
    return text_of(root)


def histogram_words(bars: Sequence[tuple[int, int]], unit: str, longest: int | None = None) -> str:
    """The same in a sentence."""
    total = sum(rows for _, rows in bars)
    if not total:
        return "There are no rows."
    seen, middle = 0, bars[-1][0]
    for edge, rows in bars:
        seen += rows
        if 2 * seen >= total:
            middle = edge
            break
    words = f"{counted(total, 'row')}; half of them have at most {middle:,} {unit}"
    top = max(edge for edge, rows in bars if rows)
    words += f", the longest at most {top:,}."
    if longest is not None and top > longest:
        words += f" Rows beyond {longest:,} are cut off."
    return words


def _edges(bars: Sequence[tuple[int, int]]) -> list[tuple[float, str]]:
    """Words below the axis: 0, and about four of the edges."""
    if not bars:
        return [(0, "0")]
    every = max(1, -(-len(bars) // 4))
    places = [*range(every, len(bars), every), len(bars)]
    if len(places) > 1 and places[-1] - places[-2] < every:
        del places[-2]
    return [(0, "0"), *((place, f"{bars[place - 1][0]:,}") for place in places)]


def _bar(root: Element, frame: Frame, place: int, rows: int, *, beyond: bool) -> None:
    left, right = frame.x(place) + 1, frame.x(place + 1) - 1
    if not rows:
        return
    top = min(frame.y(rows), frame.bottom - 2)
    look: dict[str, object] = {"fill_opacity": 0.25 if beyond else 0.75}
    if beyond:
        look |= {"stroke": "currentColor", "stroke_dasharray": "3 2"}
    size = {"width": round(right - left, 1), "height": round(frame.bottom - top, 1)}
    add(root, "rect", x=left, y=top, class_="mark", **size, **look)
