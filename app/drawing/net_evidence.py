"""A dot plot of what speaks for and against each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from advisor_rules.rulebook import Rulebook
from app.drawing.marks import Evidence, evidence_by_step, rule_mark
from app.drawing.svg import Element, add, drawing, text_of
from app.words import counted, joined, step_title

WIDTH = 360
AXIS = 180
TOP, ROW = 34, 44
AXIS_LOOK = {"stroke": "currentColor", "stroke_opacity": 0.4, "class_": "rail"}
GAP = 14
MOST = 11


def net_evidence(advice: Mapping[str, Any], book: Rulebook, name: str = "evidence") -> Markup:
    """An accessible SVG: a dot for each rule, right of the axis for a step, left of it against.

    Steps stand in the order of the advice. ``name`` prefixes the ids inside.
    """
    evidence = evidence_by_step(advice)
    height = TOP + ROW * len(evidence) + 24
    title = "Rules for and against each step"
    root = drawing(name, WIDTH, height, title, _description(evidence, book))
    add(root, "text", "against", x=AXIS - 10, y=16, font_size=12, text_anchor="end", class_="quiet")
    add(root, "text", "for", x=AXIS + 10, y=16, font_size=12, class_="quiet")
    for index, (step, found) in enumerate(evidence.items()):
        _row(root, step_title(book, step), found, TOP + ROW * index, advice["step"] == step)
    _key(root, height - 8)
    return text_of(root)


def _description(evidence: Mapping[str, Evidence], book: Rulebook) -> str:
    return " ".join(
        f"{step_title(book, step)}: {_said(found)}." for step, found in evidence.items()
    )


def _said(found: Evidence) -> str:
    parts = [
        f"{counted(strengths.count(strength), f'{strength} rule')} {word}"
        for word, strengths in (("for", found.speaks_for), ("against", found.against))
        for strength in dict.fromkeys(strengths)
    ]
    if found.blocks:
        parts.append(f"{counted(len(found.blocks), 'rule')} blocking it")
    return joined(parts) or "no rule speaks"


def _row(root: Element, title: str, found: Evidence, y: float, chosen: bool) -> None:
    group = add(root, "g", class_="row row-recommended" if chosen else "row")
    weight = 700 if chosen else 500
    add(
        group,
        "text",
        title,
        x=AXIS,
        y=y + 10,
        font_size=13,
        font_weight=weight,
        text_anchor="middle",
    )
    _side(group, "for", found.speaks_for, y + 24, 1)
    _side(group, "against", found.against, y + 24, -1)
    if found.blocks:
        look = {"font_size": 12, "class_": "word word-blocked", "text_anchor": "end"}
        x = AXIS - 10 - GAP * min(len(found.against), MOST)
        add(group, "text", "blocked", x=x, y=y + 28, **look)
    add(group, "path", d=f"M{AXIS} {y + 16} v16", **AXIS_LOOK)


def _side(group: Element, effect: str, strengths: list[str], y: float, way: int) -> None:
    for index, strength in enumerate(strengths[:MOST]):
        rule_mark(group, effect, strength, AXIS + way * GAP * (index + 1), y)
    if (more := len(strengths) - MOST) > 0:
        x = AXIS + way * (GAP * (MOST + 1) - 4)
        anchor = "start" if way > 0 else "end"
        add(group, "text", f"+{more}", x=x, y=y + 4, font_size=12, text_anchor=anchor)


def _key(root: Element, y: float) -> None:
    group = add(root, "g", class_="legend")
    x = 92.0
    for strength in ("weak", "moderate", "strong"):
        rule_mark(group, "for", strength, x, y - 4)
        add(group, "text", strength, x=x + 10, y=y, font_size=12, class_="quiet")
        x += 24 + 7 * len(strength)
