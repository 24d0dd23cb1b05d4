"""What must hold for every rule on failure records; part of the rulebook's own proof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from advisor_rules.conditions import Ordered, allowed_values, walk
from advisor_rules.model import FailureClass, Rule, Value
from advisor_rules.records import ASPECTS, RecordRules, classify_record
from advisor_rules.rulebook import Rulebook
from advisor_rules.worlds import bands, combined, size_of

MOST_WORLDS = 1 << 22
"""Combinations of signals enumerated for one claim; one that needs more fails and says so."""
CLASS_OF: Mapping[tuple[str, str], FailureClass] = {
    ("facts", "wrong"): "information",
    ("facts", "right"): "neither",
    ("form", "wrong"): "behavior",
    ("form", "right"): "neither",
    ("fault", "elsewhere"): "neither",
}
"""The class that a subtype must have to be given with such a conclusion."""
Problems = Iterator[str]


def example_problems(rules: RecordRules, rule: Rule) -> Problems:
    """Examples of a rule that do not come out as they say, or are missing."""
    for side in (True, False):
        if not any(example.fires is side for example in rule.examples):
            yield f"has no example that {'fires' if side else 'stays silent'}"
    for example in rule.examples:
        columns = {name: {value: 1} for name, value in example.facts.items()}
        if bool(rules.holds[rule.id](columns, 1)[0]) is not example.fires:
            said = "fires" if not example.fires else "stays silent"
            yield f"{said} on its example {dict(example.facts)}"


def deciding_problems(rules: RecordRules, rule: Rule) -> Problems:
    """A rule without which every one of its examples would come out the same."""
    fired = [example.facts for example in rule.examples if example.fires]
    if all(
        classify_record(rules, facts) == classify_record(rules, facts, rule.id) for facts in fired
    ):
        yield "changes class, subtype or strength on none of its examples"


def subtype_problems(book: Rulebook, rule: Rule) -> Problems:
    """A subtype that does not fit what the rule says of the record."""
    subtype = book.subtypes.get(rule.gives.subtype or "")
    for aspect in ASPECTS:
        said = getattr(rule.gives, aspect)
        if said and subtype and subtype.failure_class != CLASS_OF[aspect, said]:
            yield f"{subtype.id} is a subtype of {subtype.failure_class}, not of {aspect} {said}"


def unused_subtypes(book: Rulebook, rules: RecordRules) -> Problems:
    """Subtypes that no rule ever gives."""
    given = {rule.gives.subtype for rule in rules.rules.values()}
    yield from (f"no rule gives the subtype {name}" for name in book.subtypes if name not in given)


def contradiction_problems(book: Rulebook, rules: RecordRules) -> tuple[int, list[str]]:
    """Combinations enumerated, and pairs of strong rules that say opposites of one record."""
    worlds, problems = 0, []
    for left, right in _opposed(rules):
        domains = _domains(book, rules, {*rules.reads[left.id], *rules.reads[right.id]})
        if size_of(domains) > MOST_WORLDS:
            problems.append(f"{left.id} and {right.id}: too many combinations to enumerate")
            continue
        columns, size = combined({}, domains)
        worlds += size
        full = (1 << size) - 1
        if rules.holds[left.id](columns, full)[0] & rules.holds[right.id](columns, full)[0]:
            problems.append(f"{left.id} and {right.id} can both be certain, of opposites")
    return worlds, problems


def _opposed(rules: RecordRules) -> Iterator[tuple[Rule, Rule]]:
    strong = [rule for rule in rules.rules.values() if rule.strength == "strong"]
    for left, right in combinations(strong, 2):
        for aspect in ("facts", "form"):
            said = {getattr(left.gives, aspect), getattr(right.gives, aspect)}
            if said == {"wrong", "right"}:
                yield left, right


def _domains(
    book: Rulebook, rules: RecordRules, names: set[str]
) -> dict[str, tuple[Value | None, ...]]:
    limits: dict[str, set[float]] = {}
    for name in rules.rules:
        for part in walk(book.conditions[name]):
            if isinstance(part, Ordered):
                limits.setdefault(part.fact, set()).add(rules.limits[part.threshold])
    return {
        name: (
            None,
            *(
                allowed_values(book.signals[name])
                or bands(book.signals[name], limits.get(name, set()))
            ),
        )
        for name in sorted(names)
    }
