"""The ladder: every step from cheap (below) to costly (above), and where each one stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from advisor_rules.rulebook import Rulebook
from app.drawing.marks import Evidence, evidence_by_step, rule_mark, standing_mark
from app.drawing.svg import Element, add, drawing, text_of, wrapped
from app.words import STANDINGS, counted, joined, rule_title, step_title

WIDTH = 360
TOP, BOTTOM = 30, 58
RAILS = (12, 52)
MIDDLE = 32
TEXT = 66
LINE = 15
PADDING = 22
CHARACTERS = 44
MOST_MARKS = 9


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: what is written on it and how high it is."""

    step: str
    title: str
    standing: str
    note: list[str]
    evidence: Evidence

    @property
    def height(self) -> float:
        """Height in drawing units."""
        return PADDING + LINE * (1 + len(self.note))


def ladder(advice: Mapping[str, Any], book: Rulebook, name: str = "ladder") -> str:
    """An accessible SVG of the steps as rungs, for a page or a report.

    ``name`` prefixes the ids inside, so that one page can show several ladders. Colours come from
    the classes of ``static/drawing.css``; without it the picture is drawn in the text's colour.
    """
    rungs = _rungs(advice, book)
    height = TOP + sum(rung.height for rung in rungs) + BOTTOM
    title = "The ladder of steps, the cheapest at the bottom"
    root = drawing(name, WIDTH, height, title, description(rungs))
    for x in RAILS:
        add(root, "path", d=f"M{x} 8 V{height - BOTTOM + 10:g}", **_rail(4))
    add(root, "text", "costly", x=TEXT, y=18, font_size=12, class_="quiet")
    y: float = TOP
    for rung in rungs:
        _draw(root, rung, y)
        y += rung.height
    add(root, "text", "cheap", x=TEXT, y=y + 8, font_size=12, class_="quiet")
    _legend(root, y + 32)
    return text_of(root)


def description(rungs: list[Rung]) -> str:
    """The whole picture in words, from the cheapest step to the costliest."""
    return " ".join(
        f"{rung.title}: {' '.join(rung.note)}{_counts(rung.evidence)}." for rung in reversed(rungs)
    )


def _counts(evidence: Evidence) -> str:
    said = [
        f"{counted(len(strengths), 'rule')} {word}"
        for word, strengths in (("for", evidence.speaks_for), ("against", evidence.against))
        if strengths
    ]
    return f"; {joined(said)}" if said else ""


def _rungs(advice: Mapping[str, Any], book: Rulebook) -> list[Rung]:
    """Rungs from the costliest down, as they are drawn."""
    evidence = evidence_by_step(advice)
    costs = {name: step.cost for name, step in book.steps.items()}
    ranked = sorted(advice["ranked"], key=lambda item: -costs.get(item["step"], 0))
    return [
        Rung(
            step=item["step"],
            title=step_title(book, item["step"]),
            standing=item["standing"],
            note=wrapped(_note(item, advice, book), CHARACTERS, 3),
            evidence=evidence[item["step"]],
        )
        for item in ranked
    ]


def _note(item: Mapping[str, Any], advice: Mapping[str, Any], book: Rulebook) -> str:
    word = STANDINGS[item["standing"]]
    if item["standing"] == "blocked":
        return f"{word}: {rule_title(book, item['blocked_by'][0])}"
    if item["step"] in advice.get("tied_with", ()):
        return f"{word}: as much speaks for it, but it costs more"
    return word


def _draw(root: Element, rung: Rung, y: float) -> None:
    group = add(root, "g", class_=f"rung rung-{rung.standing}")
    strong = rung.standing == "recommended"
    if strong:
        add(
            group,
            "rect",
            **{"class_": "band", "fill_opacity": 0.08},
            x=2,
            y=y - 4,
            width=WIDTH - 4,
            height=rung.height - 2,
            rx=8,
        )
    centre = y + rung.height / 2 - 5
    add(group, "path", d=f"M{RAILS[0]} {centre:g} H{RAILS[1]}", **_rail(4))
    standing_mark(group, rung.standing, MIDDLE, centre)
    weight = 700 if strong else 500
    add(group, "text", rung.title, x=TEXT, y=y + 14, font_size=14, font_weight=weight)
    for index, line in enumerate(rung.note):
        label = {"font_size": 12, "class_": f"word word-{rung.standing}"}
        add(group, "text", line, x=TEXT, y=y + 14 + LINE * (index + 1), **label)
    _marks(group, rung.evidence, y + 14 + LINE - 4, len(rung.note[0]) if rung.note else 0)


def _marks(group: Element, evidence: Evidence, y: float, taken: int) -> None:
    marks = [("for", strength) for strength in evidence.speaks_for]
    marks += [("against", strength) for strength in evidence.against]
    room = int((WIDTH - TEXT - 12 - taken * 6.4) // 12)
    for index, (effect, strength) in enumerate(marks[: min(room, MOST_MARKS)]):
        rule_mark(group, effect, strength, WIDTH - 14 - 12 * index, y)


def _legend(root: Element, y: float) -> None:
    group = add(root, "g", class_="legend")
    x = 14.0
    for effect, words, width in (("for", "rule for", 64), ("against", "rule against", 88)):
        rule_mark(group, effect, "strong", x, y - 4)
        add(group, "text", words, x=x + 10, y=y, font_size=12, class_="quiet")
        x += width + 14
    add(group, "text", "larger: stronger", x=x, y=y, font_size=12, class_="quiet")


def _rail(width: float) -> dict[str, object]:
    return {
        "stroke": "currentColor",
        "stroke_opacity": 0.3,
        "stroke_width": width,
        "stroke_linecap": "round",
        "fill": "none",
        "class_": "rail",
    }
