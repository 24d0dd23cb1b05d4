"""What line drawings share: a frame with two axes, and numbers on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.drawing.svg import Element, add

SIZE = 12
AXIS = {"stroke": "currentColor", "stroke_opacity": 0.35, "class_": "axis"}


@dataclass(frozen=True, slots=True)
class Frame:
    """The plane of a drawing: its corners in drawing units, and the largest x and y in it."""

    left: float
    top: float
    right: float
    bottom: float
    most_x: float
    most_y: float

    def x(self, value: float) -> float:
        """Where a value stands from left to right."""
        return round(self.left + (self.right - self.left) * value / (self.most_x or 1), 1)

    def y(self, value: float) -> float:
        """Where a value stands from the bottom up."""
        return round(self.bottom - (self.bottom - self.top) * value / (self.most_y or 1), 1)


def upward(root: Element, frame: Frame, ticks: Sequence[tuple[float, str]]) -> None:
    """Lines across the plane at some heights, each with its words."""
    for value, words in ticks:
        y = frame.y(value)
        add(root, "path", d=f"M{frame.left:g} {y:g} H{frame.right:g}", **AXIS)
        place = {"x": frame.left - 6, "y": y + 4, "text_anchor": "end"}
        add(root, "text", words, font_size=SIZE, class_="quiet", **place)


def along(root: Element, frame: Frame, ticks: Sequence[tuple[float, str]]) -> None:
    """Words below the plane; the first and the last stay inside it."""
    for index, (value, words) in enumerate(ticks):
        anchor = "start" if index == 0 else "end" if index == len(ticks) - 1 else "middle"
        place = {"x": frame.x(value), "y": frame.bottom + 18, "text_anchor": anchor}
        add(root, "text", words, font_size=SIZE, class_="quiet", **place)


def whole_ticks(most: int, wanted: int = 4) -> list[int]:
    """Round whole numbers from 0 to at least ``most``, about ``wanted`` steps apart."""
    step = 1
    while most / step > wanted:
        step = next(size for size in _round_numbers() if size > step)
    last = -(-most // step) * step
    return list(range(0, max(last, 1) + 1, step))


def _round_numbers() -> list[int]:
    return [digit * 10**power for power in range(12) for digit in (1, 2, 5)]
