"""Searches and enumerations behind ``verify``: a witness shows that, all cases show that never."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

from advisor_rules.conditions import allowed_values
from advisor_rules.engine import (
    DECIDING,
    SILENT,
    Compiled,
    Judgement,
    judge,
    nets_of,
    option_winners,
)
from advisor_rules.model import DIAGNOSIS, Rule, Value
from advisor_rules.tally import compare
from advisor_rules.worlds import abstract_values, combined, sampled, size_of

MOST_WORLDS = 1 << 23
"""Combinations enumerated for one claim; a claim that needs more is reported, not sampled."""
SEARCH = (4_096, 65_536, 524_288)
"""Worlds tried for a witness, in growing rounds."""
SEED = 20261120
Domains = dict[str, tuple[Value | None, ...]]


# --- existence --------------------------------------------------------------------------------


def deciding_world(compiled: Compiled, rule: Rule) -> dict[str, Value] | None:
    """Facts on which the outcome differs if this rule is silent, or None if none was found."""
    bases: list[Mapping[str, Value]] = [item.facts for item in rule.examples if item.fires]
    for size in SEARCH:
        for base in (*bases, {}):
            columns = _sparse_worlds(compiled, base, size)
            differs = _differs(compiled, rule, columns, size)
            if differs:
                return world_facts(columns, (differs & -differs).bit_length() - 1)
    return None


def _sparse_worlds(
    compiled: Compiled, base: Mapping[str, Value], size: int
) -> dict[str, Mapping[Value, int]]:
    """Random completions of ``base`` in which most facts stay unknown, and world 0 is bare."""
    domains: Domains = {
        name: (None,) * (5 * len(values)) + tuple(values)
        for name, values in abstract_values(compiled).items()
        if name not in base
    }
    columns = sampled(base, domains, size, SEED)
    return {
        name: column if name in base else {value: mask & ~1 for value, mask in column.items()}
        for name, column in columns.items()
    }


def _differs(
    compiled: Compiled, rule: Rule, columns: Mapping[str, Mapping[Value, int]], size: int
) -> int:
    """Worlds in which the rule changes diagnosis, step, a choice, the plan or a warning."""
    with_rule = judge(compiled, columns, size)
    without = judge(compiled, columns, size, muted=(rule.id,))
    fired = with_rule.truth[rule.id][0]
    differs = _other_diagnosis(with_rule, without) if rule.stage == "classify" else 0
    for name, mask in with_rule.winners.items():
        differs |= mask ^ without.winners[name]
    for effect, target in rule.gives.effects():
        step = compiled.book.step_of(target)
        if effect in ("require", "warn"):
            differs |= fired & with_rule.winners[step]
        elif effect in ("choose", "avoid"):
            group = f"{step}.{compiled.book.options[target].group.id}"
            before = option_winners(compiled, without, group)
            after = option_winners(compiled, with_rule, group)
            for option, mask in after.items():
                differs |= (mask ^ before[option]) & with_rule.winners[step]
    return differs


def _other_diagnosis(left: Judgement, right: Judgement) -> int:
    differs = 0
    for value in {*left.columns[DIAGNOSIS], *right.columns[DIAGNOSIS]}:
        differs |= left.columns[DIAGNOSIS].get(value, 0) ^ right.columns[DIAGNOSIS].get(value, 0)
    return differs


def world_facts(columns: Mapping[str, Mapping[Value, int]], world: int) -> dict[str, Value]:
    """The facts of one world of a batch."""
    return {
        name: value
        for name, column in columns.items()
        for value, mask in column.items()
        if mask >> world & 1
    }


@lru_cache(maxsize=4)
def _explored(compiled: Compiled) -> tuple[Judgement, ...]:
    """Many different worlds: around every rule's examples, and all over."""
    judgements = [judge(compiled, _sparse_worlds(compiled, {}, 1 << 17), 1 << 17)]
    for rule in compiled.rules.values():
        for example in rule.examples:
            if example.fires:
                columns = _sparse_worlds(compiled, example.facts, 2_048)
                judgements.append(judge(compiled, columns, 2_048))
    return tuple(judgements)


def reached_steps(compiled: Compiled) -> tuple[set[str], bool]:
    """Steps that are recommended in some world, and whether some world abstains."""
    judgements = _explored(compiled)
    steps = {name for item in judgements for name, mask in item.winners.items() if mask}
    return steps, any(item.abstained for item in judgements)


def reached_options(compiled: Compiled) -> set[str]:
    """Options that are chosen (or are the default) in a world where their step is recommended."""
    reached: set[str] = set()
    for step in compiled.book.steps.values():
        for group in step.choices:
            for judgement in _explored(compiled):
                here = judgement.winners[step.id]
                winners = option_winners(compiled, judgement, f"{step.id}.{group.id}")
                reached |= {name for name, mask in winners.items() if mask & here}
                chosen = 0
                for mask in winners.values():
                    chosen |= mask
                if group.default and here & ~chosen:
                    reached.add(group.default)
    return reached


# --- all cases --------------------------------------------------------------------------------


def domains_of(compiled: Compiled, rules: Iterable[str]) -> Domains:
    """Unknown and every abstract value of the facts that these rules read (derived ones free)."""
    stated = abstract_values(compiled)
    names = dict.fromkeys(name for rule in rules for name in compiled.reads[rule])
    return {
        name: (None, *(stated.get(name) or allowed_values(compiled.book.facts[name])))
        for name in names
    }


def contradictions(compiled: Compiled) -> tuple[int, int, list[str]]:
    """Worlds enumerated, pairs checked, and pairs of strong rules that contradict each other."""
    worlds, problems, pairs = 0, [], list(_opposed(compiled))
    for left, right, claim in pairs:
        domains = domains_of(compiled, (left, right))
        size = size_of(domains)
        if size > MOST_WORLDS:
            problems.append(f"{left} and {right}: {size:,} combinations are too many to enumerate")
            continue
        columns, size = combined({}, domains)
        worlds += size
        full = (1 << size) - 1
        both = compiled.holds[left](columns, full)[0] & compiled.holds[right](columns, full)[0]
        if both:
            facts = world_facts(columns, (both & -both).bit_length() - 1)
            problems.append(f"{left} and {right} are both certain, of opposites ({claim}): {facts}")
    return worlds, len(pairs), problems


OPPOSITES = {"for": "against", "choose": "avoid"}


def _opposed(compiled: Compiled) -> Iterable[tuple[str, str, str]]:
    """Pairs of strong rules with opposite conclusions on one target."""
    strong = [rule for rule in compiled.rules.values() if rule.strength == "strong"]
    for left in strong:
        for effect, target in left.gives.effects():
            for right in strong:
                if (OPPOSITES.get(effect), target) in right.gives.effects():
                    yield left.id, right.id, target
        for right in strong:
            classes = {left.gives.diagnosis, right.gives.diagnosis}
            if left.gives.diagnosis == "neither" and None not in classes and len(classes) == 2:
                yield left.id, right.id, "diagnosis"


def undecided_worlds(compiled: Compiled) -> tuple[int, int]:
    """Worlds looked at, and those without exactly one outcome.

    Every combination of the facts that strong rules read together most, and the explored worlds.
    """
    worlds = bad = 0
    for judgement in (*_explored(compiled), _core(compiled)):
        worlds += judgement.full.bit_length()
        seen, twice = judgement.abstained, 0
        for name, mask in judgement.winners.items():
            twice |= seen & mask
            seen |= mask
            bad += (mask & judgement.blocked[name]).bit_count()
        bad += ((judgement.full & ~seen) | twice).bit_count()
    return worlds, bad


def _core(compiled: Compiled) -> Judgement:
    """All combinations of the facts that most rules read, as many as can be enumerated."""
    counts: dict[str, int] = {}
    for reads in compiled.reads.values():
        for name in reads:
            counts[name] = counts.get(name, 0) + 1
    domains: Domains = {}
    stated = abstract_values(compiled)
    for name in sorted(counts, key=lambda item: (-counts[item], item)):
        if name in stated:
            wider: Domains = {**domains, name: (None, *stated[name])}
            if size_of(wider) <= MOST_WORLDS // 2:
                domains = wider
    columns, size = combined({}, domains)
    return judge(compiled, columns, size)


def monotone_violations(compiled: Compiled) -> tuple[int, int, list[str]]:
    """Claims checked, worlds enumerated, and claims that do not hold."""
    claims = worlds = 0
    problems: list[str] = []
    for rule in compiled.rules.values():
        steps = {target for effect, target in rule.gives.effects() if effect in DECIDING}
        for fact in rule.monotone:
            for step in sorted(steps):
                claims += 1
                size, problem = _falls(compiled, fact, step)
                worlds += size
                if problem:
                    problems.append(f"{rule.id}: {problem}")
    return claims, worlds, problems


def _falls(compiled: Compiled, fact: str, step: str) -> tuple[int, str]:
    """Whether more of ``fact`` can lower ``step``, over all facts of the rules that read it.

    Rules that do not read the fact weigh the same on both sides, so they are left silent.
    """
    moved = _moved_through(compiled, fact)
    if moved:
        return 0, f"{fact} also moves {moved}, through which it could lower {step}"
    rules = [
        name
        for name, rule in compiled.rules.items()
        if fact in compiled.reads[name]
        and {(effect, step) for effect in DECIDING} & set(rule.gives.effects())
    ]
    domains = domains_of(compiled, rules)
    values = [value for value in domains.pop(fact) if value is not None]
    if size_of(domains) > MOST_WORLDS:
        return 0, f"{size_of(domains):,} combinations are too many to enumerate"
    columns, size = combined({}, domains)
    levels = [
        _standing(compiled, rules, {**columns, fact: {value: (1 << size) - 1}}, step, size)
        for value in values
    ]
    for (low, blocked_low), (high, blocked_high) in pairwise(levels):
        greater, equal = compare(high, low, (1 << size) - 1)
        worse = ~(greater | equal) & ((1 << size) - 1) | (blocked_high & ~blocked_low)
        if worse:
            facts = world_facts(columns, (worse & -worse).bit_length() - 1)
            return size * len(values), f"more {fact} lowers {step} on {facts}"
    return size * len(values), ""


def _moved_through(compiled: Compiled, fact: str) -> str:
    """A fact that is worked out from this one, if there is any."""
    if any(fact in compiled.reads[name] for name in compiled.symptoms):
        return DIAGNOSIS
    return next((item.fact for item in compiled.derivations if fact in item.inputs), "")


def _standing(
    compiled: Compiled,
    rules: Sequence[str],
    columns: Mapping[str, Mapping[Value, int]],
    step: str,
    size: int,
) -> tuple[list[int], int]:
    full = (1 << size) - 1
    truth = dict.fromkeys(compiled.rules, SILENT)
    truth |= {name: compiled.holds[name](columns, full) for name in rules}
    blocked = 0
    for name in compiled.blocks[step]:
        blocked |= truth[name][0]
    return nets_of(compiled.steps, truth, full)[step], blocked
