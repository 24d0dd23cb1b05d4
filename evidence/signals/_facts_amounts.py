"""Amounts with units, converted: 12 km and 7.5 miles, 212 °F and 100 °C."""

from __future__ import annotations

import re
from itertools import pairwise

from evidence.signals._facts_text import MOST, plain

UNITS: dict[str, tuple[str, float]] = {
    "kilometre": ("length", 1_000),
    "metre": ("length", 1),
    "centimetre": ("length", 0.01),
    "cm": ("length", 0.01),
    "mile": ("length", 1_609.344),
    "yard": ("length", 0.9144),
    "foot": ("length", 0.3048),
    "inch": ("length", 0.0254),
    "inche": ("length", 0.0254),
    "kilogram": ("mass", 1_000),
    "gram": ("mass", 1),
    "tonne": ("mass", 1_000_000),
    "ounce": ("mass", 28.349523),
    "lb": ("mass", 453.59237),
    "second": ("time", 1),
    "minute": ("time", 60),
    "hour": ("time", 3_600),
    "day": ("time", 86_400),
    "week": ("time", 604_800),
}
"""What each unit measures and how many of the base unit (metre, gram, second) it is."""
TEMPERATURE = re.compile(r"(-?\d{1,6}(?:\.\d{1,6})?)\s*(?:°|degrees?)?\s?([CFK])\b")
SAME = 0.03
"""Relative distance up to which converted amounts are the same, for people round them."""


def agreement(answer: str, expected: str) -> bool | None:
    """Whether amounts in different units agree after conversion; None where there are none such."""
    pairs = [
        (one, other)
        for kind, unit, one in _amounts(answer)
        for other_kind, other_unit, other in _amounts(expected)
        if kind == other_kind and unit != other_unit
    ]
    return any(abs(one - other) <= SAME * abs(other) for one, other in pairs) if pairs else None


def _amounts(text: str) -> list[tuple[str, str, float]]:
    """Amounts with what they measure, their unit, and how much in base units or kelvin."""
    found = [
        (UNITS[unit][0], unit, float(number) * UNITS[unit][1])
        for number, unit in pairwise(plain(text).split())
        if unit in UNITS and number.replace(".", "", 1).isdecimal()
    ]
    found += [
        ("temperature", match[2], _kelvin(float(match[1]), match[2]))
        for match in TEMPERATURE.finditer(text[:MOST])
    ]
    return found


def _kelvin(degrees: float, scale: str) -> float:
    if scale == "F":
        return (degrees - 32) / 1.8 + 273.15
    return degrees + (273.15 if scale == "C" else 0)
