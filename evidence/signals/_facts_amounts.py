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
    """Whether amounts of one kind agree after conversion; None where not both texts have any."""
    given, wanted = _amounts(answer), _amounts(expected)
    shared = given.keys() & wanted.keys()
    if not shared:
        return None
    return any(
        abs(one - other) <= SAME * abs(other)
        for kind in shared
        for one in given[kind]
        for other in wanted[kind]
    )


def _amounts(text: str) -> dict[str, list[float]]:
    """Amounts by what they measure, in base units; temperatures in kelvin."""
    found: dict[str, list[float]] = {}
    for number, unit in pairwise(plain(text).split()):
        if unit in UNITS and number.replace(".", "", 1).isdecimal():
            kind, factor = UNITS[unit]
            found.setdefault(kind, []).append(float(number) * factor)
    for match in TEMPERATURE.finditer(text[:MOST]):
        found.setdefault("temperature", []).append(_kelvin(float(match[1]), match[2]))
    return found


def _kelvin(degrees: float, scale: str) -> float:
    if scale == "F":
        return (degrees - 32) / 1.8 + 273.15
    return degrees + (273.15 if scale == "C" else 0)
