"""Advice arranged for a reader: what the report and the terminal show, in their order.

Advice may be older than the rulebook at hand; an entry that is gone is shown by its id.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from advisor_rules.model import STRENGTHS
from advisor_rules.rulebook import Rulebook
from app.words import (
    CLASSES,
    READING,
    fact_title,
    flip_words,
    influence_words,
    joined,
    question_words,
    rule_title,
    standing_words,
    step_title,
    target_title,
    value_words,
    verdict,
)

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FactRow:
    """A known fact in words."""

    id: str
    title: str
    value: str
    origin: str
    evidence: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A cited place, and how deeply the source was read."""

    id: str
    title: str
    where: str
    reading: str


@dataclass(frozen=True, slots=True)
class Reason:
    """A rule that fired and what it says of a step or of one of its options."""

    rule: str
    title: str
    effect: str
    target: str
    strength: str
    text: str
    heuristic: bool
    facts: str
    sources: tuple[SourceLine, ...]
    repeated: bool = False
    """Whether the same rule was shown in full at an earlier step."""


@dataclass(frozen=True, slots=True)
class StepReasons:
    """A step, where it stands, and every reason on it."""

    id: str
    title: str
    standing: str
    word: str
    speaks_for: tuple[Reason, ...]
    against: tuple[Reason, ...]
    blocks: tuple[Reason, ...]
    notes: tuple[Reason, ...]

    @property
    def spoken_of(self) -> bool:
        """Whether any rule says anything of the step."""
        return bool(self.speaks_for or self.against or self.blocks or self.notes)


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """An option that was chosen within the recommended step."""

    group: str
    title: str
    summary: str


@dataclass(frozen=True, slots=True)
class FlipLine:
    """A smallest change of known facts, and the step that it leads to."""

    change: str
    step: str


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """An open question worth answering."""

    fact: str
    question: str
    why: str
    influence: str


@dataclass(frozen=True, slots=True)
class ConflictSide:
    """What one side of a disagreement says."""

    says: str
    source: SourceLine


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """A question on which sources disagree, both sides and what the rulebook makes of it."""

    question: str
    sides: tuple[ConflictSide, ...]
    resolution: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One piece of advice, ready to be shown."""

    verdict: str
    step: str
    summary: str
    strength: str
    tied: str
    decided: str
    diagnosis: str
    because: tuple[str, ...]
    choices: tuple[ChoiceLine, ...]
    facts: tuple[FactRow, ...]
    steps: tuple[StepReasons, ...]
    conflicts: tuple[ConflictLine, ...]
    flips: tuple[FlipLine, ...]
    questions: tuple[QuestionLine, ...]
    plan: tuple[Json, ...]
    silent: tuple[str, ...]
    undecided: tuple[str, ...]
    version: str
    hash: str
    as_of: str

    @property
    def main(self) -> StepReasons | None:
        """The recommended step with its reasons."""
        return next((item for item in self.steps if item.standing == "recommended"), None)

    @property
    def others(self) -> tuple[StepReasons, ...]:
        """The other steps of which rules speak."""
        return tuple(item for item in self.steps if item is not self.main and item.spoken_of)


def read_advice(advice: Json, book: Rulebook) -> Reading:
    """Arrange advice (``advisor_rules.serialize``) for a reader."""
    step = book.steps.get(advice["step"] or "")
    tied = joined(step_title(book, name) for name in advice.get("tied_with", ()))
    return Reading(
        verdict=verdict(advice, book),
        step=step_title(book, advice["step"]),
        summary=step.summary if step else "",
        strength=advice["strength"] or "",
        tied=tied,
        decided=_decided(advice),
        diagnosis=CLASSES[advice["diagnosis"]["class"]],
        because=tuple(advice["diagnosis"]["because"]),
        choices=tuple(_choices(advice, book)),
        facts=tuple(fact_rows(advice.get("facts", {}), book)),
        steps=tuple(_steps(advice, book)),
        conflicts=tuple(_conflict(item) for item in advice["conflicts"]),
        flips=tuple(
            FlipLine(flip_words(item, advice, book), step_title(book, item["then"]))
            for item in advice["flips"]
        ),
        questions=tuple(_question(item, book) for item in advice["next_questions"]),
        plan=tuple(advice["plan"]),
        silent=_rules_that(advice, book, "false"),
        undecided=_rules_that(advice, book, "unknown"),
        version=advice["rulebook"]["version"],
        hash=advice["rulebook"]["hash"],
        as_of=advice["as_of"],
    )


def fact_rows(facts: Json, book: Rulebook) -> Iterable[FactRow]:
    """Known facts in the order of the questionnaire."""

    def order(name: str) -> tuple[int, int, str]:
        fact = book.facts.get(name)
        if fact is None or fact.ask is None:
            return (1_000, 0, name)
        return (book.sections[fact.ask.section].order, fact.ask.order, name)

    for name in sorted(facts, key=order):
        stated = facts[name]
        yield FactRow(
            id=name,
            title=fact_title(book, name),
            value=value_words(book.facts.get(name), stated["value"]),
            origin=stated.get("origin", "answered"),
            evidence=stated.get("evidence", ""),
        )


def _decided(advice: Json) -> str:
    if advice.get("decided"):
        return "Decided: no answer to any open question can change this step."
    if advice["next_questions"]:
        return "Not decided yet: the questions below can still change this step."
    return ""


def _choices(advice: Json, book: Rulebook) -> Iterable[ChoiceLine]:
    for group, option in advice.get("choices", {}).items():
        place = book.options.get(option)
        if place is None:
            yield ChoiceLine(group, option, "")
        else:
            yield ChoiceLine(place.group.title, place.option.title, place.option.summary)


def _steps(advice: Json, book: Rulebook) -> Iterable[StepReasons]:
    shown: set[str] = set()
    for item in advice["ranked"]:
        found = [
            {**reason, "repeated": reason["rule"] in shown}
            for reason in advice["reasons"]
            if reason["step"] == item["step"]
        ]
        shown |= {reason["rule"] for reason in found}
        yield StepReasons(
            id=item["step"],
            title=step_title(book, item["step"]),
            standing=item["standing"],
            word=standing_words(item),
            speaks_for=_reasons(found, book, "for"),
            against=_reasons(found, book, "against"),
            blocks=_reasons(found, book, "block"),
            notes=_reasons(_once(found), book, "require", "warn", "choose", "avoid"),
        )


def _once(found: Sequence[Json]) -> list[Json]:
    """Without what a rule requires of a step that it speaks on: it would say the same twice."""
    spoken = {reason["rule"] for reason in found if reason["effect"] in ("for", "against", "block")}
    return [item for item in found if item["effect"] != "require" or item["rule"] not in spoken]


def _reasons(found: Iterable[Json], book: Rulebook, *effects: str) -> tuple[Reason, ...]:
    kept = [item for item in found if item["effect"] in effects]
    kept.sort(key=lambda item: STRENGTHS.index(item["strength"]))
    return tuple(_reason(item, book) for item in kept)


def _reason(item: Json, book: Rulebook) -> Reason:
    return Reason(
        rule=item["rule"],
        title=item.get("title") or rule_title(book, item["rule"]),
        effect=item["effect"],
        target=target_title(book, item.get("option") or item["step"]),
        strength=item["strength"],
        text=item["text"],
        heuristic=item.get("heuristic", False),
        facts=joined(fact_title(book, name) for name in item["facts"]),
        sources=tuple(_source(source) for source in item["sources"]),
        repeated=item["repeated"],
    )


def _source(item: Json) -> SourceLine:
    reading = READING.get(item.get("reading", ""), "")
    return SourceLine(item.get("id", ""), item["title"], item["where"], reading)


def _conflict(item: Json) -> ConflictLine:
    sides = tuple(
        ConflictSide(side["says"], _source({"id": side["source"], **side}))
        for side in item["sides"]
    )
    return ConflictLine(item["question"], sides, item.get("resolution", ""))


def _question(item: Json, book: Rulebook) -> QuestionLine:
    asked = question_words(dict(item), book)
    return QuestionLine(item["fact"], asked, item["why"], influence_words(dict(item), book))


def _rules_that(advice: Json, book: Rulebook, truth: str) -> tuple[str, ...]:
    found = (item["rule"] for item in advice["trace"] if item["fired"] == truth)
    return tuple(rule_title(book, name) for name in found)
