"""Shapes that mean something without colour: where a step stands, what speaks for or against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from advisor_rules.model import STRENGTHS
from app.drawing.svg import Element, add

ORDER: list[str] = list(STRENGTHS)
RADII = {"strong": 5.0, "moderate": 3.7, "weak": 2.5}


@dataclass(frozen=True, slots=True)
class Evidence:
    """How strong each rule is that speaks for, against or blocks one step; strongest first."""

    speaks_for: list[str] = field(default_factory=list)
    against: list[str] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)


def evidence_by_step(advice: Mapping[str, Any]) -> dict[str, Evidence]:
    """Evidence on every ranked step, from the reasons of the advice."""
    found = {item["step"]: Evidence() for item in advice["ranked"]}
    for reason in advice["reasons"]:
        evidence = found.get(reason["step"])
        if evidence is None or reason.get("option"):
            continue
        lists = {"for": evidence.speaks_for, "against": evidence.against, "block": evidence.blocks}
        if reason["effect"] in lists:
            lists[reason["effect"]].append(reason["strength"])
    for evidence in found.values():
        for strengths in (evidence.speaks_for, evidence.against, evidence.blocks):
            strengths.sort(key=ORDER.index)
    return found


def standing_mark(parent: Element, standing: str, x: float, y: float) -> None:
    """A filled disc with a tick, a ring, or a square with a cross; nothing where not reached."""
    group = add(parent, "g", class_=f"standing-{standing}")
    if standing == "recommended":
        add(group, "circle", cx=x, cy=y, r=12, class_="mark")
        tick = f"M{x - 5:g} {y:g} l3.5 4 l7 -8"
        add(group, "path", d=tick, fill="none", stroke="Canvas", stroke_width=2.5, class_="cut")
    elif standing == "possible":
        add(group, "circle", cx=x, cy=y, r=9, fill="Canvas", class_="hole")
        add(group, "circle", cx=x, cy=y, r=9, **_line(2.5))
    elif standing == "blocked":
        add(group, "rect", x=x - 9, y=y - 9, width=18, height=18, fill="Canvas", class_="hole")
        add(group, "rect", x=x - 9, y=y - 9, width=18, height=18, **_line(2))
        add(group, "path", d=f"M{x - 5:g} {y - 5:g} l10 10 m0 -10 l-10 10", **_line(2))


def taken_mark(parent: Element, x: float, y: float) -> None:
    """A small tick on a rung that the team has climbed before."""
    group = add(parent, "g", class_="standing-taken")
    add(group, "circle", cx=x, cy=y, r=8, fill="Canvas", class_="hole")
    add(group, "path", d=f"M{x - 5:g} {y:g} l3.5 4 l7 -8", **_line(2))


def rule_mark(parent: Element, effect: str, strength: str, x: float, y: float) -> None:
    """A filled dot for, a ring against; the stronger the larger."""
    radius = RADII.get(strength, RADII["weak"])
    if effect == "for":
        add(parent, "circle", cx=x, cy=y, r=radius, class_="mark evidence-for")
    else:
        add(parent, "circle", cx=x, cy=y, r=radius - 0.75, **_line(1.5, "evidence-against"))


def _line(width: float, name: str = "") -> dict[str, object]:
    return {
        "fill": "none",
        "stroke": "currentColor",
        "stroke_width": width,
        "class_": f"line {name}".strip(),
    }
