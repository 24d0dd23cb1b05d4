"""Whether advice is decided: the proof that nothing that is unknown can change the step.

Most rules cannot be turned any more, and most steps cannot win any more; what is left is enumerated
in full.
"""

from __future__ import annotations

from collections.abc import Mapping

from advisor_rules.conditions import Masks, allowed_values
from advisor_rules.engine import DECIDING, Compiled, Judgement, judge, moved
from advisor_rules.model import DIAGNOSIS, STRENGTHS, Value
from advisor_rules.worlds import Values, abstract_values, combined, size_of

MOST_WORLDS = 1 << 16
"""Combinations that are enumerated at most."""


def proven(compiled: Compiled, values: Values, base: Judgement, step: str | None) -> bool | None:
    """True if no completion changes the step, False if one does, None where it cannot tell.

    Only rules that further knowledge can turn matter, and only those on steps that could still win;
    the facts of these are enumerated in full. Derived facts are given every value that they have,
    reachable or not: that proves that nothing moves, but shows no case in which something does.
    """
    matter = sorted(facts_that_matter(compiled, base, step))
    domains = {name: (None, *_answers(compiled, name)) for name in matter}
    if size_of(domains) > MOST_WORLDS:
        return None
    columns, size = combined(values, domains)
    if not moved(judge(compiled, columns, size), step):
        return True
    return None if any(compiled.book.facts[name].derived for name in matter) else False


def _answers(compiled: Compiled, name: str) -> tuple[Value, ...]:
    return abstract_values(compiled).get(name) or allowed_values(compiled.book.facts[name])


def facts_that_matter(compiled: Compiled, base: Judgement, step: str | None) -> set[str]:
    """Facts, stated or derived, that are unknown and could still move the step."""
    lasting = _lasting_truth(compiled, base)
    open_rules = {name for name, (true, false) in lasting.items() if not true | false}
    rivals = _rivals(compiled, lasting, step)
    facts: set[str] = set()
    for name in open_rules:
        rule = compiled.rules[name]
        deciding = {target for effect, target in rule.gives.effects() if effect in DECIDING}
        if deciding & rivals:
            facts.update(compiled.reads[name])
            if DIAGNOSIS in compiled.reads[name]:
                facts |= _open_symptoms(compiled, lasting)
    return {name for name in facts if not base.columns.get(name)} - {DIAGNOSIS}


def _lasting_truth(compiled: Compiled, base: Judgement) -> dict[str, Masks]:
    """Truth of every rule where further knowledge cannot turn it; (0, 0) where it can."""
    columns = dict(base.columns)
    truth = {name: compiled.lasts[name](columns, base.full) for name in compiled.symptoms}
    if _diagnosis_open(compiled, truth):
        columns[DIAGNOSIS] = {}
    for name, lasts in compiled.lasts.items():
        if name not in truth:
            truth[name] = lasts(columns, base.full)
    return truth


def _diagnosis_open(compiled: Compiled, lasting: Mapping[str, Masks]) -> bool:
    """Whether a classify rule that can still turn could change the class of failure."""
    for strength in STRENGTHS:
        rules = [
            (name, lasting[rule])
            for name, by_strength in compiled.classify.items()
            for rule in by_strength.get(strength, ())
        ]
        said = {name for name, (true, _) in rules if true}
        if {name for name, (true, false) in rules if not true | false} - said:
            return True
        if said:
            return False
    return False


def _open_symptoms(compiled: Compiled, lasting: Mapping[str, Masks]) -> set[str]:
    return {
        fact
        for by_strength in compiled.classify.values()
        for rules in by_strength.values()
        for rule in rules
        if not lasting[rule][0] | lasting[rule][1]
        for fact in compiled.reads[rule]
    }


def _rivals(compiled: Compiled, lasting: Mapping[str, Masks], step: str | None) -> set[str]:
    """Steps that could still win, the present one among them."""
    lower = {name: _bound(compiled, lasting, name, low=True) for name in compiled.blocks}
    upper = {name: _bound(compiled, lasting, name, low=False) for name in compiled.blocks}
    at_risk = step is None or any(not any(lasting[rule]) for rule in compiled.blocks[step])
    floor = (0, 0, 0) if at_risk or step is None else lower[step]
    possible = {
        name
        for name, blocks in compiled.blocks.items()
        if upper[name] >= floor and not any(lasting[rule][0] for rule in blocks)
    }
    return possible | ({step} if step else set())


def _bound(
    compiled: Compiled, lasting: Mapping[str, Masks], step: str, *, low: bool
) -> tuple[int, ...]:
    """The least or greatest net evidence (strong, moderate, weak) that the step can end with."""
    contest = compiled.steps

    def count(rules: tuple[str, ...], open_counts: bool) -> int:
        return sum(
            bool(lasting[rule][0]) or (open_counts and not lasting[rule][1]) for rule in rules
        )

    return tuple(
        count(contest.speaking_for[step][level], not low) - count(contest.against[step][level], low)
        for level in range(len(STRENGTHS))
    )
