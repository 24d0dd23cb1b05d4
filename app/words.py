"""Plain words for what the advisor says: values, conditions, standings, flips.

Command line, report, drawings and rule pages use the same words. Advice may be older than the
rulebook at hand, so an id that is no longer known stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from advisor_rules.conditions import All, Among, AnyOf, Condition, Known, Not, Ordered, Unless
from advisor_rules.model import Fact, Gives, Threshold, Value
from advisor_rules.rulebook import Rulebook

Json = dict[str, Any]

UNDECIDED = "Measure first: nothing that is known speaks for one step over the others."
STANDINGS = {
    "recommended": "Recommended",
    "possible": "Possible",
    "blocked": "Blocked",
    "not_reached": "Not reached",
}
READING = {
    "full": "read in full",
    "abstract": "abstract read",
    "excerpt": "read in part",
    "secondary": "known through another text",
}
CLASSES = {
    "information": "Information is missing or wrong",
    "behavior": "The behaviour is wrong, the facts are right",
    "both": "Both information and behaviour fail",
    "neither": "Neither information nor behaviour fails",
    "uncertain": "Not known yet",
}
JUDGED = {
    "facts": {"wrong": "its facts are wrong", "right": "its facts are right"},
    "form": {"wrong": "its form is wrong", "right": "its form is right"},
    "fault": {"elsewhere": "the model is not what failed"},
}
"""What a rule says of one failure record."""
EFFECTS = {
    "for": "speaks for",
    "against": "speaks against",
    "block": "blocks",
    "require": "asks for work before",
    "warn": "warns about",
    "choose": "chooses",
    "avoid": "advises against",
}
ALL, ANY, UNLESS = "all of these", "at least one of these", "unless it is known that"
COMPARED = {"lt": "less than", "le": "at most", "gt": "more than", "ge": "at least"}


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition in words: what a fact has to be, or parts (``ALL``, ``ANY``, ``UNLESS``)."""

    text: str
    fact: str = ""
    threshold: str = ""
    parts: tuple[Clause, ...] = ()
    title: str = ""

    @property
    def line(self) -> str:
        """The clause without its parts, ``title: text`` where it speaks of a fact."""
        return f"{self.title}: {self.text}" if self.title else self.text


def sentence(text: str) -> str:
    """The text with a capital first letter and nothing else changed."""
    return text[:1].upper() + text[1:]


def counted(number: int, one: str, many: str = "") -> str:
    """``1 rule``, ``2 rules``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def joined(words: Iterable[str], last: str = "and") -> str:
    """``a, b and c``."""
    items = list(words)
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def number_words(value: int | float, unit: str, *, share: bool = False) -> str:
    """A number with its unit; a share's unit stands in brackets, because it is no quantity."""
    figure = f"{value:,.10g}" if isinstance(value, float) else f"{value:,}"
    return f"{figure} ({unit})" if share else f"{figure} {unit}"


def value_words(fact: Fact | None, value: Value | None) -> str:
    """A fact's value as a person would write it."""
    if value is None:
        return "unknown"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        labels = {choice.value: choice.label for choice in fact.values} if fact else {}
        return labels.get(value, value)
    share = fact is not None and fact.maximum is not None and fact.maximum <= 1
    return number_words(value, fact.unit if fact else "", share=share)


def fact_title(book: Rulebook, name: str) -> str:
    """The title of a fact or signal, or its id where the rulebook no longer has it."""
    fact = book.fact(name)
    return fact.title if fact else name


def step_title(book: Rulebook, name: str | None) -> str:
    """The step's title, or its id where the rulebook no longer has it; None is to measure first."""
    if name is None:
        return "Measure first"
    return book.steps[name].title if name in book.steps else name


def target_title(book: Rulebook, name: str) -> str:
    """The title of a step or of an option of a step."""
    return book.options[name].option.title if name in book.options else step_title(book, name)


def rule_title(book: Rulebook, name: str) -> str:
    """The rule's title, or its id where the rulebook no longer has it."""
    rule = book.rules.get(name) or book.record_rules.get(name)
    return rule.title if rule else name


def judged_words(gives: Gives, book: Rulebook) -> str:
    """What a rule says of one failure record, with the kind of failure; '' for other rules."""
    said = [words[getattr(gives, side)] for side, words in JUDGED.items() if getattr(gives, side)]
    kind = book.subtypes[gives.subtype].title.lower() if gives.subtype else ""
    return f"{said[0]}{f' ({kind})' if kind else ''}" if said else ""


def standing_words(item: Mapping[str, Any]) -> str:
    """Where a ranked step stands, and whether the team has taken it before."""
    standing = item["standing"]
    if not item.get("taken"):
        return STANDINGS[standing]
    if standing == "not_reached":
        return "Taken before"
    when = " again" if standing == "recommended" else "; taken before"
    return STANDINGS[standing] + when


def verdict(advice: Mapping[str, Any], book: Rulebook) -> str:
    """The advice in one sentence."""
    step = advice["step"]
    if step is None:
        return UNDECIDED
    return book.steps[step].verdict if step in book.steps else step_title(book, step)


def limit_words(threshold: Threshold, limits: Mapping[str, float]) -> str:
    """A threshold's value in force with its unit."""
    return number_words(limits[threshold.id], threshold.unit, share=limits[threshold.id] <= 1)


def condition_clause(
    condition: Condition, book: Rulebook, limits: Mapping[str, float], *, negated: bool = False
) -> Clause:
    """The condition as a tree of plain sentences."""
    match condition:
        case Not(part):
            return condition_clause(part, book, limits, negated=not negated)
        case All(parts) | AnyOf(parts):
            kind = ALL if isinstance(condition, All) != negated else ANY
            inner = tuple(condition_clause(part, book, limits, negated=negated) for part in parts)
            return Clause(kind, parts=inner)
        case Unless(part):
            # "Not known to be true" is denied by "known to be true", which is plainly true.
            inner_part = condition_clause(part, book, limits)
            return inner_part if negated else Clause(UNLESS, parts=(inner_part,))
        case Known(fact):
            state = "is not known" if negated else "is known"
            return Clause(state, fact, title=fact_title(book, fact))
        case Among(fact, values, ne):
            text = _among(book, fact, values, ne != negated)
            return Clause(text, fact, title=fact_title(book, fact))
        case Ordered(fact, _, threshold):
            text = _ordered(book, condition, limits, negated)
            return Clause(text, fact, threshold, title=fact_title(book, fact))


def _among(book: Rulebook, fact: str, values: frozenset[Value], negated: bool) -> str:
    entry = book.fact(fact)
    if negated and entry and entry.type == "bool":
        values, negated = frozenset({True, False} - values), False
    words = joined((value_words(entry, value) for value in sorted(values, key=str)), "or")
    return f"anything but {words}" if negated else words


def _ordered(book: Rulebook, part: Ordered, limits: Mapping[str, float], negated: bool) -> str:
    opposite = {"lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}
    op = opposite[part.op] if negated else part.op
    limit = limit_words(book.thresholds[part.threshold], limits)
    return f"{COMPARED[op]} {limit}"


def clause_line(clause: Clause) -> str:
    """The clause in one line, brackets round what belongs together."""
    if not clause.parts:
        return clause.line
    lines = [
        f"({clause_line(part)})" if part.text in (ALL, ANY) else clause_line(part)
        for part in clause.parts
    ]
    if clause.text == UNLESS:
        return f"{UNLESS} {lines[0]}"
    return (" and " if clause.text == ALL else " or ").join(lines)


def flip_words(flip: Json, advice: Mapping[str, Any], book: Rulebook) -> str:
    """``Labelled examples: 300 examples (now 20 examples)`` for every fact that changes."""
    stated = advice.get("facts", {})
    changes = []
    for name, value in flip["if"].items():
        fact = book.facts.get(name)
        now = value_words(fact, stated.get(name, {}).get("value"))
        changes.append(f"{fact_title(book, name)}: {value_words(fact, value)} (now {now})")
    return joined(changes)


def question_words(question: Json, book: Rulebook) -> str:
    """The question behind a fact, as the questionnaire asks it."""
    fact = book.facts.get(question["fact"])
    return fact.ask.question if fact and fact.ask else fact_title(book, question["fact"])


def influence_words(question: Json, book: Rulebook) -> str:
    """How often the possible answers lead to another step, and to which."""
    if not question.get("changes"):
        return "It can change the step together with other answers."
    steps = joined((step_title(book, name) for name in question["leads_to"]), "or")
    tried = f"{question['changes']} of the {counted(question['answers'], 'answer')} tried"
    return f"{tried} would change the step{f': {steps}' if steps else ''}."
