"""The ladder: every step from cheap (below) to costly (above), and where each one stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from advisor_rules.rulebook import Rulebook
from app.drawing.marks import Evidence, evidence_by_step, rule_mark, standing_mark, taken_mark
from app.drawing.svg import Element, add, drawing, text_of, wrapped
from app.words import counted, joined, rule_title, standing_words, step_title

WIDTH = 360
TOP, BOTTOM = 30, 44
RAILS = (8, 40)
MIDDLE = 24
TEXT = 54
LINE = 15
PADDING = 22
TITLE_CHARACTERS, NOTE_CHARACTERS = 38, 46
MOST_MARKS = 9


@dataclass(frozen=True, slots=True)
class Rung:
    """One step of the ladder: what is written on it and how high it is."""

    title: list[str]
    standing: str
    said: str
    taken: bool
    note: list[str]
    evidence: Evidence

    @property
    def height(self) -> float:
        """Height in drawing units."""
        return PADDING + LINE * (len(self.title) + len(self.note))


def ladder(advice: Mapping[str, Any], book: Rulebook, name: str = "ladder") -> Markup:
    """An accessible SVG of the steps as rungs, for a page or a report.

    ``name`` prefixes the ids inside, so that one page can show several ladders. Colours come from
    the classes of ``static/drawing.css``; without it the picture is drawn in the text's colour.
    """
    rungs = _rungs(advice, book)
    height = TOP + sum(rung.height for rung in rungs) + BOTTOM
    title = "The ladder of steps, the cheapest at the bottom"
    root = drawing(name, WIDTH, height, title, description(rungs))
    for x in RAILS:
        add(root, "path", d=f"M{x} 8 V{height - BOTTOM + 6:g}", **_rail())
    add(root, "text", "costly", x=TEXT, y=18, font_size=12, class_="quiet")
    y: float = TOP
    for rung in rungs:
        _draw(root, rung, y)
        y += rung.height
    add(root, "text", "cheap", x=TEXT, y=y + 4, font_size=12, class_="quiet")
    _legend(root, height - 8)
    return text_of(root)


def description(rungs: list[Rung]) -> str:
    """The whole picture in words, from the cheapest step to the costliest."""
    return " ".join(
        f"{' '.join(rung.title)}: {' '.join(rung.note)}{_counts(rung.evidence)}."
        for rung in reversed(rungs)
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
    rungs: list[Rung] = []
    for item in sorted(advice["ranked"], key=lambda item: -costs.get(item["step"], 0)):
        said = _note(item, advice, book)
        blocked = [rung.said for rung in rungs if rung.standing == "blocked"]
        short = "Blocked for the same reason" if said in blocked[-1:] else said
        rungs.append(
            Rung(
                title=wrapped(step_title(book, item["step"]), TITLE_CHARACTERS, 2),
                standing=item["standing"],
                said=said,
                taken=item.get("taken", False),
                note=wrapped(short, NOTE_CHARACTERS, 3),
                evidence=evidence[item["step"]],
            )
        )
    return rungs


def _note(item: Mapping[str, Any], advice: Mapping[str, Any], book: Rulebook) -> str:
    word = standing_words(item)
    if item["standing"] == "blocked" and item["blocked_by"]:
        return f"{word}: {rule_title(book, item['blocked_by'][0])}"
    if item["step"] in advice.get("tied_with", ()):
        return f"{word}: as much speaks for it, but it costs more"
    return word


def _draw(root: Element, rung: Rung, y: float) -> None:
    group = add(root, "g", class_=f"rung rung-{rung.standing}")
    if rung.standing == "recommended":
        _band(group, y - 4, rung.height - 2)
    centre = y + rung.height / 2 - 5
    add(group, "path", d=f"M{RAILS[0]} {centre:g} H{RAILS[1]}", **_rail())
    standing_mark(group, rung.standing, MIDDLE, centre)
    if rung.taken and rung.standing == "not_reached":
        taken_mark(group, MIDDLE, centre)
    weight = 700 if rung.standing == "recommended" else 500
    for line in rung.title:
        y += LINE
        add(group, "text", line, x=TEXT, y=y, font_size=14, font_weight=weight)
    _marks(group, rung.evidence, y + LINE - 4, len(rung.note[0]) if rung.note else 0)
    for line in rung.note:
        y += LINE
        add(group, "text", line, x=TEXT, y=y, font_size=12, class_=f"word word-{rung.standing}")


def _band(group: Element, y: float, height: float) -> None:
    look = {"class_": "band", "fill_opacity": 0.08, "rx": 8}
    add(group, "rect", x=1, y=y, width=WIDTH - 2, height=height, **look)


def _marks(group: Element, evidence: Evidence, y: float, taken: int) -> None:
    """As many dots as fit beside ``taken`` characters; the description has all."""
    marks = [("for", strength) for strength in evidence.speaks_for]
    marks += [("against", strength) for strength in evidence.against]
    room = int((WIDTH - TEXT - 12 - taken * 6.4) // 12)
    for index, (effect, strength) in enumerate(marks[: max(0, min(room, MOST_MARKS))]):
        rule_mark(group, effect, strength, WIDTH - 14 - 12 * index, y)


def _legend(root: Element, y: float) -> None:
    group = add(root, "g", class_="legend")
    x = 14.0
    for effect, words, width in (("for", "rule for", 64), ("against", "rule against", 88)):
        rule_mark(group, effect, "strong", x, y - 4)
        add(group, "text", words, x=x + 10, y=y, font_size=12, class_="quiet")
        x += width + 14
    add(group, "text", "larger: stronger", x=x, y=y, font_size=12, class_="quiet")


def _rail() -> dict[str, object]:
    return {
        "stroke": "currentColor",
        "stroke_opacity": 0.3,
        "stroke_width": 3,
        "stroke_linecap": "round",
        "fill": "none",
        "class_": "rail",
    }
