"""Reasons arranged for the recommendation page: by the fact that each rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from dataclasses import field as made
from typing import Any

from advisor_rules.model import DIAGNOSIS, ORIGINS, STRENGTHS
from advisor_rules.rulebook import Rulebook
from app import words
from app.web.supposing import Field

Json = Mapping[str, Any]
FOR = ("for", "choose", "require")
AGAINST = ("against", "block", "avoid")


@dataclass(slots=True)
class FactReasons:
    """A fact, what is known of it, and the reasons that rest on it."""

    fact: str
    title: str
    said: str
    reasons: list[Json] = made(default_factory=list)
    field: Field | None = None
    """Where the answer can be changed in place, as a what-if."""


@dataclass(frozen=True, slots=True)
class OtherStep:
    """A step that is not recommended, where it stands and why."""

    id: str
    title: str
    word: str
    blocked_by: str
    groups: list[FactReasons]


def supporting(advice: Json, book: Rulebook) -> list[FactReasons]:
    """What speaks for the recommended step and its options, by fact."""
    return by_fact(_on(advice, advice["step"], FOR), advice, book)


def opposing(advice: Json, book: Rulebook) -> list[FactReasons]:
    """What speaks against the recommended step and its options, by fact."""
    return by_fact(_on(advice, advice["step"], AGAINST), advice, book)


def warnings(advice: Json) -> list[Json]:
    """Warnings on the recommended step."""
    return _on(advice, advice["step"], ("warn",))


def other_steps(advice: Json, book: Rulebook) -> list[OtherStep]:
    """The steps that are not recommended, in the order of the advice."""
    return [
        OtherStep(
            id=item["step"],
            title=words.step_title(book, item["step"]),
            word=words.standing_words(item),
            blocked_by=_first_blocker(item, book),
            groups=by_fact(_on(advice, item["step"], (*FOR, *AGAINST, "warn")), advice, book),
        )
        for item in advice["ranked"]
        if item["step"] != advice["step"]
    ]


def by_fact(reasons: Iterable[Json], advice: Json, book: Rulebook) -> list[FactReasons]:
    """Reasons grouped by the first fact of each that is known; the strongest groups first."""
    groups: dict[str, FactReasons] = {}
    for reason in sorted(reasons, key=lambda item: STRENGTHS.index(item["strength"])):
        name = _leading(reason, advice)
        if name not in groups:
            groups[name] = FactReasons(name, words.fact_title(book, name), said(name, advice, book))
        groups[name].reasons.append(reason)
    return list(groups.values())


def said(name: str, advice: Json, book: Rulebook) -> str:
    """What is known of a fact and how: ``yes, measured``."""
    stated = advice["facts"].get(name)
    if stated:
        value = words.value_words(book.facts.get(name), stated["value"])
        return f"{value}, {stated['origin']}"
    if name == DIAGNOSIS:
        return words.CLASSES[advice["diagnosis"]["class"]]
    fact = book.facts.get(name)
    return "worked out from other answers" if fact and fact.derived else "not known"


def put_in_place(groups: Iterable[FactReasons], fields: Mapping[str, Field]) -> set[str]:
    """Give each fact's first group the field of its answer; ids of the facts that got one."""
    placed: set[str] = set()
    for group in groups:
        if group.fact in fields and group.fact not in placed:
            group.field = fields[group.fact]
            placed.add(group.fact)
    return placed


def rests_on(advice: Json) -> str:
    """How many facts are known, and from where: ``2 known facts: 1 measured and 1 answered``."""
    origins = [fact["origin"] for fact in advice["facts"].values()]
    counts = [f"{origins.count(name)} {name}" for name in ORIGINS if name in origins]
    known = words.counted(len(origins), "known fact")
    return f"{known}: {words.joined(counts)}" if counts else "no known fact"


def _on(advice: Json, step: str | None, effects: Iterable[str]) -> list[Json]:
    return [
        item for item in advice["reasons"] if item["step"] == step and item["effect"] in effects
    ]


def _leading(reason: Json, advice: Json) -> str:
    known = [name for name in reason["facts"] if name in advice["facts"]]
    return str((known or reason["facts"] or [""])[0])


def _first_blocker(item: Json, book: Rulebook) -> str:
    return words.rule_title(book, item["blocked_by"][0]) if item["blocked_by"] else ""
