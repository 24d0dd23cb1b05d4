"""Graphs of the rulebook: facts, the rules that read them, and the steps that these speak of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from markupsafe import Markup

from advisor_rules.conditions import facts_of
from advisor_rules.engine import DECIDING
from advisor_rules.model import DIAGNOSIS
from advisor_rules.rulebook import Rulebook
from app.backlinks import Backlinks
from app.drawing.graph import Column, Edge, Node, by_position, graph
from app.words import EFFECTS, counted, fact_title, joined, rule_title, step_title, value_words

FACT_LETTERS, RULE_LETTERS, STEP_LETTERS = 40, 52, 42
SECTION_LETTERS, GROUP_LETTERS = 26, 26
WORKED_OUT = "Worked out or measured"
CLASSES = ("information", "behavior", "neither")
GROUPS: dict[str, str] = {
    "for": "for",
    "against": "against",
    "block": "blocking",
    "choose": "on how",
    "avoid": "on how",
    "require": "on the plan",
    "warn": "on the plan",
}


@dataclass(frozen=True, slots=True)
class Group:
    """The rules with one kind of effect on one step or class of failure."""

    end: str
    kind: str
    effect: str
    rules: tuple[str, ...]

    @property
    def id(self) -> str:
        """A name for its node."""
        return f"group {self.end} {self.kind}"


def overview(book: Rulebook) -> Markup:
    """Facts by section, rules by what they say, and every step and class of failure."""
    groups = _groups(book)
    read = Counter(
        (_section(book, fact), group.id)
        for group in groups
        for rule in group.rules
        for fact in facts_of(book.conditions[rule])
    )
    sections = [title for title in _sections(book) if any(title == start for start, _ in read)]
    ends = list(dict.fromkeys(group.end for group in groups))
    columns = (
        Column("Facts", tuple(Node(title, title) for title in sections), SECTION_LETTERS),
        Column(
            "Rules",
            tuple(
                Node(item.id, f"{counted(len(item.rules), 'rule')} {item.kind}") for item in groups
            ),
            GROUP_LETTERS,
        ),
        Column(
            "What follows",
            tuple(Node(f"end {end}", _end_words(book, end)) for end in ends),
            STEP_LETTERS,
        ),
    )
    edges = [Edge(start, end, "read", weight) for (start, end), weight in sorted(read.items())]
    edges += [Edge(item.id, f"end {item.end}", item.effect, len(item.rules)) for item in groups]
    return graph("overview", "From facts by rules to steps", _said(book, groups), columns, edges)


def _groups(book: Rulebook) -> list[Group]:
    """Groups of rules, classes of failure first, then the steps from costly to cheap."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for rule, end, effect in _effects(book):
        found.setdefault((end, GROUPS[effect]), {})[rule] = effect
    order = [*CLASSES, *reversed(list(book.steps))]
    kinds = list(dict.fromkeys(GROUPS.values()))
    keys = sorted(found, key=lambda key: (order.index(key[0]), kinds.index(key[1])))
    return [
        Group(end, kind, next(iter(found[end, kind].values())), tuple(found[end, kind]))
        for end, kind in keys
    ]


def _said(book: Rulebook, groups: list[Group]) -> str:
    said = [
        f"{counted(len(item.rules), 'rule')} {item.kind} {_end_words(book, item.end)}"
        for item in groups
    ]
    facts, rules = counted(len(book.facts), "fact"), counted(len(book.rules), "rule")
    return f"{facts} are read by {rules}: {joined(said)}."


def _sections(book: Rulebook) -> list[str]:
    return [
        *(section.title for section in book.sections.values()),
        WORKED_OUT,
        book.facts[DIAGNOSIS].title,
    ]


def _section(book: Rulebook, fact: str) -> str:
    if fact == DIAGNOSIS:
        return book.facts[fact].title
    ask = book.facts[fact].ask
    return book.sections[ask.section].title if ask else WORKED_OUT


def _end_words(book: Rulebook, end: str) -> str:
    if end in book.steps:
        return step_title(book, end)
    return f"What fails: {value_words(book.facts[DIAGNOSIS], end)}"


def step_graph(book: Rulebook, links: Backlinks, step: str) -> Markup:
    """The rules for, against and blocking a step, and the facts that these read."""
    said = [item for item in links.said_of_step[step] if item.effect in DECIDING]
    rules = list(dict.fromkeys(item.rule for item in said))
    read = _read(book, rules)
    facts = by_position({fact for fact, _ in read}, read, rules)
    columns = (
        Column(
            "Facts",
            tuple(Node(f"fact {name}", fact_title(book, name)) for name in facts),
            FACT_LETTERS,
        ),
        Column("Rules", tuple(Node(name, rule_title(book, name)) for name in rules), RULE_LETTERS),
        Column("Step", (Node("step", step_title(book, step)),), STEP_LETTERS),
    )
    edges = [Edge(f"fact {fact}", rule, "read") for fact, rule in read]
    edges += [Edge(item.rule, "step", item.effect) for item in said]
    spoken = [f"{rule_title(book, item.rule)} {EFFECTS[item.effect]} it" for item in said]
    title = f"Rules on the step: {step_title(book, step)}"
    return graph(f"step-{step}", title, joined(spoken) + ".", columns, edges)


def _read(book: Rulebook, rules: Iterable[str]) -> list[tuple[str, str]]:
    return [(fact, rule) for rule in rules for fact in facts_of(book.conditions[rule])]


def _effects(book: Rulebook) -> list[tuple[str, str, str]]:
    """(rule, step or class, effect); an effect on an option counts for its step."""
    found: list[tuple[str, str, str]] = []
    for rule in book.rules.values():
        if rule.gives.diagnosis:
            found.append((rule.id, rule.gives.diagnosis, "for"))
        found += [(rule.id, book.step_of(to), effect) for effect, to in rule.gives.effects()]
    return list(dict.fromkeys(found))
