"""Graphs in columns: facts on the left, rules in the middle, what follows on the right.

Lines differ by pattern, not by colour: full for, dashed against, dotted and thick for a block.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from app.drawing.svg import Element, add, drawing, text_of, wrapped

ROW = 19
TOP = 34
SIZE = 12
LETTER = 6.5
GAP = 64
DASHES = {"against": "6 3", "avoid": "6 3", "block": "1.5 3"}
MOST = 16
Place = tuple[float, float, float, float]
"""Where lines end at a node, where its text ends, where lines begin, and its height."""
QUIET = ("read", "require", "warn", "choose")


@dataclass(frozen=True, slots=True)
class Node:
    """A word in a column."""

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """Nodes from top to bottom under a title; longer words are cut at ``letters``."""

    title: str
    nodes: tuple[Node, ...]
    letters: int

    @property
    def width(self) -> float:
        """Width in drawing units: as wide as its widest word."""
        longest = max((len(node.text) for node in self.nodes), default=0)
        return max(min(longest, self.letters), len(self.title)) * LETTER + 8


@dataclass(frozen=True, slots=True)
class Edge:
    """A line from a node to a node of the next column; ``weight`` is how much it stands for."""

    start: str
    end: str
    kind: str
    weight: int = 1


def graph(
    name: str, title: str, description: str, columns: Sequence[Column], edges: Iterable[Edge]
) -> Markup:
    """An accessible SVG of columns of nodes and the lines between neighbouring columns."""
    rows = max(len(column.nodes) for column in columns)
    height = TOP + ROW * rows + 10
    lefts = [sum(column.width + GAP for column in columns[:index]) for index in range(len(columns))]
    root = drawing(name, lefts[-1] + columns[-1].width, height, title, description)
    places: dict[str, Place] = {}
    lines, words = add(root, "g", class_="lines"), add(root, "g", class_="words")
    for column, left in zip(columns, lefts, strict=True):
        spare = (rows - len(column.nodes)) / max(1, len(column.nodes))
        _draw_column(words, column, left, ROW * (1 + spare), places)
    drawn = [edge for edge in edges if edge.start in places and edge.end in places]
    for start in dict.fromkeys(edge.start for edge in drawn):
        _draw_leader(lines, places[start])
    for edge in drawn:
        _draw_edge(lines, edge, places)
    return text_of(root)


def by_position(
    names: Iterable[str], edges: Iterable[tuple[str, str]], order: Sequence[str]
) -> list[str]:
    """Names sorted by the mean position of their neighbours, so that fewer lines cross."""
    positions = {name: index for index, name in enumerate(order)}
    neighbours: dict[str, list[int]] = {}
    for name, other in edges:
        if other in positions:
            neighbours.setdefault(name, []).append(positions[other])

    def mean(name: str) -> tuple[float, str]:
        found = neighbours.get(name)
        return (sum(found) / len(found) if found else len(order), name)

    return sorted(names, key=mean)


def _draw_column(
    words: Element,
    column: Column,
    left: float,
    row: float,
    places: dict[str, Place],
) -> None:
    add(words, "text", column.title, x=left, y=16, font_size=SIZE, class_="quiet", font_weight=600)
    for index, node in enumerate(column.nodes):
        y = TOP + row * (index + 0.5)
        shown = (wrapped(node.text, column.letters, 1) or [""])[0]
        add(words, "text", shown, x=left, y=y + 4, font_size=SIZE)
        right = left + column.width
        places[node.id] = (left - 6, min(right, left + len(shown) * LETTER + 6), right, y)


def _draw_leader(lines: Element, place: Place) -> None:
    _, text_end, right, y = place
    if right - text_end > 4:
        look = {"stroke": "currentColor", "stroke_opacity": 0.28, "stroke_dasharray": "1 4"}
        add(lines, "path", d=f"M{text_end:.1f} {y:.1f} H{right:.1f}", fill="none", **look)


def _draw_edge(lines: Element, edge: Edge, places: dict[str, Place]) -> None:
    _, _, x1, y1 = places[edge.start]
    x2, _, _, y2 = places[edge.end]
    middle = (x1 + x2) / 2
    look: dict[str, object] = {"stroke_dasharray": DASHES[edge.kind]} if edge.kind in DASHES else {}
    add(
        lines,
        "path",
        d=f"M{x1:.1f} {y1:.1f} C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}",
        fill="none",
        stroke="currentColor",
        stroke_width=(2 if edge.kind == "block" else 1) + 0.35 * (min(edge.weight, MOST) - 1),
        stroke_opacity=0.28 if edge.kind in QUIET else 0.55,
        class_=f"edge edge-{edge.kind}",
        **look,
    )
