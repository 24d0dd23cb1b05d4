"""Facts in, advice out: derive, classify, recommend, resolve.

All rules speak; ``_resolve`` decides: a blocked step is out, then the greatest net evidence wins
(strong counts first, then moderate, then weak), then the cheaper step. Strengths are compared in
order and never added up: no number of weak reasons makes a strong one (the tallying heuristics of
Dawes 1979 and Gigerenzer & Goldstein 1996, in lexicographic order).

Everything runs on batches of worlds (see ``conditions``); one case is a batch of one.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from advisor_rules.conditions import Columns, Condition, Holds, Masks, compile_condition, facts_of
from advisor_rules.derive import DERIVATIONS, Derivation, derived_column
from advisor_rules.model import DIAGNOSIS, STRENGTHS, Finding, Rule, Step, Strength, Value
from advisor_rules.rulebook import Rulebook
from advisor_rules.tally import Planes, compare, constant, mix, net

RuleIds = tuple[str, ...]
SILENT: Masks = (0, 0)
DECIDING = ("for", "against", "block")
"""The effects that decide between steps; the others choose options, add to the plan or warn."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Who speaks for and against each of several targets, by strength (strong first)."""

    targets: tuple[str, ...]
    """In order of preference on equal evidence: the cheaper first."""
    speaking_for: Mapping[str, tuple[RuleIds, ...]]
    against: Mapping[str, tuple[RuleIds, ...]]
    offsets: tuple[int, ...]
    widths: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Compiled:
    """A rulebook in force at a date, ready to run."""

    book: Rulebook
    as_of: date
    limits: Mapping[str, float]
    derivations: tuple[Derivation, ...]
    rules: Mapping[str, Rule]
    symptoms: RuleIds
    """The rules that say what fails; the others say what to do."""
    reads: Mapping[str, tuple[str, ...]]
    """Rule -> the facts that it mentions."""
    findings: Mapping[str, tuple[Finding, ...]]
    """Rule -> what it says where it fires, one finding for each of its effects."""
    asks: Mapping[str, Holds]
    """Fact -> whether what is known leaves its question a point."""
    taken: Mapping[str, Holds]
    """Step -> whether what is known says that it was taken before."""
    holds: Mapping[str, Holds]
    lasts: Mapping[str, Holds]
    """Like ``holds``, but true and false only where no further knowledge can turn them."""
    classify: Mapping[str, Mapping[Strength, RuleIds]]
    """Class of failure -> strength -> rules that establish it."""
    steps: Contest
    blocks: Mapping[str, RuleIds]
    choices: Mapping[str, Contest]
    """Step and group of choices, as ``finetune.method`` -> its contest."""


@dataclass(slots=True)
class Judgement:
    """What the rules say in every world of a batch."""

    full: int
    columns: dict[str, Mapping[Value, int]]
    truth: dict[str, Masks]
    nets: dict[str, Planes]
    blocked: dict[str, int]
    winners: dict[str, int]
    """Step -> worlds in which it is recommended."""
    tied: dict[str, int]
    """Step -> worlds in which it has the winner's evidence but costs more."""
    abstained: int


@lru_cache(maxsize=16)
def compile_rulebook(book: Rulebook, as_of: date) -> Compiled:
    """Choose rules and thresholds in force at ``as_of`` and make them runnable."""
    limits = book.limits(as_of)
    rules = {rule.id: rule for rule in book.rules_in_force(as_of)}
    reads = {name: facts_of(book.conditions[name]) for name in rules}
    return Compiled(
        book=book,
        as_of=as_of,
        limits=limits,
        derivations=tuple(item for item in DERIVATIONS if item.fact in book.facts),
        rules=rules,
        symptoms=tuple(name for name, rule in rules.items() if rule.stage == "classify"),
        reads=reads,
        findings={name: _findings(book, rule, reads[name]) for name, rule in rules.items()},
        asks=_compiled(book.ask_conditions, limits),
        taken=_compiled(book.taken_conditions, limits),
        holds={name: compile_condition(book.conditions[name], limits) for name in rules},
        lasts={
            name: compile_condition(book.conditions[name], limits, lasting=True) for name in rules
        },
        classify=_classifiers(rules.values()),
        steps=_contest(tuple(book.steps), rules.values(), ("for", "against")),
        blocks={step: _speakers(rules.values(), "block", step) for step in book.steps},
        choices=_choice_contests(book.steps, rules.values()),
    )


def _compiled(conditions: Mapping[str, Condition], limits: Mapping[str, float]) -> dict[str, Holds]:
    return {name: compile_condition(item, limits) for name, item in conditions.items()}


def _findings(book: Rulebook, rule: Rule, facts: tuple[str, ...]) -> tuple[Finding, ...]:
    return tuple(
        Finding(
            rule=rule.id,
            effect=effect,
            target=target,
            step=book.step_of(target),
            strength=rule.strength,
            text=rule.because,
            facts=facts,
            cites=rule.cites,
            heuristic=rule.heuristic,
        )
        for effect, target in rule.gives.effects()
    )


def _classifiers(rules: Iterable[Rule]) -> dict[str, dict[Strength, RuleIds]]:
    table: dict[str, dict[Strength, RuleIds]] = {}
    for rule in rules:
        if rule.gives.diagnosis:
            by_strength = table.setdefault(rule.gives.diagnosis, {})
            by_strength[rule.strength] = (*by_strength.get(rule.strength, ()), rule.id)
    return table


def _speakers(
    rules: Iterable[Rule], effect: str, target: str, strength: Strength | None = None
) -> RuleIds:
    return tuple(
        rule.id
        for rule in rules
        if (effect, target) in rule.gives.effects() and strength in (None, rule.strength)
    )


def _contest(targets: tuple[str, ...], rules: Iterable[Rule], effects: tuple[str, str]) -> Contest:
    rules = list(rules)
    table = [
        {
            target: tuple(_speakers(rules, effect, target, strength) for strength in STRENGTHS)
            for target in targets
        }
        for effect in effects
    ]
    levels = range(len(STRENGTHS))
    offsets = tuple(max(len(table[1][target][level]) for target in targets) for level in levels)
    most_for = [max(len(table[0][target][level]) for target in targets) for level in levels]
    widths = tuple(
        (offset + most).bit_length() for offset, most in zip(offsets, most_for, strict=True)
    )
    return Contest(targets, table[0], table[1], offsets, widths)


def _choice_contests(steps: Mapping[str, Step], rules: Iterable[Rule]) -> dict[str, Contest]:
    rules = list(rules)
    contests = {}
    for step in steps.values():
        for group in step.choices:
            ordered = sorted(group.options, key=lambda option: option.cost)
            ids = tuple(option.id for option in ordered)
            contests[f"{step.id}.{group.id}"] = _contest(ids, rules, ("choose", "avoid"))
    return contests


def columns_of(facts: Mapping[str, Value]) -> dict[str, Mapping[Value, int]]:
    """One world as columns."""
    return {name: {value: 1} for name, value in facts.items()}


def judge(compiled: Compiled, columns: Columns, size: int, muted: Container[str] = ()) -> Judgement:
    """Run every rule and decide, in all ``size`` worlds at once.

    ``muted`` rules stay silent: what would be decided without them. A derived fact that has a
    column keeps it: proofs give it every value that it could take.
    """
    full = (1 << size) - 1
    table = dict(columns)
    for derivation in compiled.derivations:
        if derivation.fact not in table:
            table[derivation.fact] = derived_column(derivation, table)
    truth = {
        name: SILENT if name in muted else compiled.holds[name](table, full)
        for name in compiled.symptoms
    }
    table[DIAGNOSIS] = _diagnose(compiled, truth, full)
    for name, holds in compiled.holds.items():
        if name not in truth:
            truth[name] = SILENT if name in muted else holds(table, full)
    return _resolve(compiled, table, truth, full)


def _diagnose(compiled: Compiled, truth: Mapping[str, Masks], full: int) -> dict[Value, int]:
    """The class with the strongest evidence; information and behaviour equally strong is both."""
    found: dict[Value, int] = dict.fromkeys(("information", "behavior", "both", "neither"), 0)
    open_worlds = full
    for strength in STRENGTHS:
        said = dict.fromkeys(("information", "behavior", "neither"), 0)
        for name, by_strength in compiled.classify.items():
            for rule in by_strength.get(strength, ()):
                said[name] |= truth[rule][0]
        information, behavior = said["information"], said["behavior"]
        found["both"] |= open_worlds & information & behavior
        found["information"] |= open_worlds & information & ~behavior
        found["behavior"] |= open_worlds & behavior & ~information
        found["neither"] |= open_worlds & said["neither"] & ~information & ~behavior
        open_worlds &= ~(information | behavior | said["neither"])
    return {name: mask for name, mask in found.items() if mask}


def _resolve(
    compiled: Compiled, columns: dict[str, Mapping[Value, int]], truth: dict[str, Masks], full: int
) -> Judgement:
    """The decision: not blocked, most net evidence, cheaper first; nothing in favour: abstain."""
    nets, blocked = nets_of(compiled.steps, truth, full), blocks_of(compiled, truth)
    winners, tied, abstained = best(compiled.steps, nets, blocked, full)
    return Judgement(full, columns, truth, nets, blocked, winners, tied, abstained)


def nets_of(contest: Contest, truth: Mapping[str, Masks], full: int) -> dict[str, Planes]:
    """Each target's net evidence as one number per world, weak in the lowest planes."""
    return {
        target: [
            plane
            for level in reversed(range(len(STRENGTHS)))
            for plane in net(
                [truth[rule][0] for rule in contest.speaking_for[target][level]],
                [truth[rule][0] for rule in contest.against[target][level]],
                contest.offsets[level],
                contest.widths[level],
                full,
            )
        ]
        for target in contest.targets
    }


def blocks_of(compiled: Compiled, truth: Mapping[str, Masks]) -> dict[str, int]:
    """Step -> worlds in which a rule blocks it."""
    blocked = {}
    for step, rules in compiled.blocks.items():
        blocked[step] = 0
        for rule in rules:
            blocked[step] |= truth[rule][0]
    return blocked


def no_evidence(contest: Contest, full: int) -> Planes:
    """The number that stands for as many rules for as against, at every strength."""
    levels = reversed(list(zip(contest.offsets, contest.widths, strict=True)))
    return [plane for offset, width in levels for plane in constant(offset, width, full)]


def best(
    contest: Contest, nets: Mapping[str, Planes], out: Mapping[str, int], full: int
) -> tuple[dict[str, int], dict[str, int], int]:
    """Worlds that each target wins, worlds in which it ties with the winner, and the rest."""
    winners = dict.fromkeys(contest.targets, 0)
    standing = zero = no_evidence(contest, full)
    for target in contest.targets:
        greater, _ = compare(nets[target], standing, full)
        takes = greater & ~out.get(target, 0)
        standing = mix(takes, nets[target], standing)
        winners = {name: mask & ~takes for name, mask in winners.items()}
        winners[target] = takes
    decided, _ = compare(standing, zero, full)
    tied = {}
    for target in contest.targets:
        _, equal = compare(nets[target], standing, full)
        tied[target] = equal & decided & ~winners[target] & ~out.get(target, 0)
    return winners, tied, full & ~decided


def step_in(judgement: Judgement, world: int = 0) -> str | None:
    """The step that is recommended in one world; None where it abstains."""
    return next((name for name, mask in judgement.winners.items() if mask >> world & 1), None)


def moved(judgement: Judgement, step: str | None) -> int:
    """Worlds whose step is another one than this."""
    same = judgement.abstained if step is None else judgement.winners[step]
    return judgement.full & ~same


def option_winners(compiled: Compiled, judgement: Judgement, group: str) -> dict[str, int]:
    """Option -> worlds in which the rules choose it, for a group such as ``finetune.method``."""
    contest = compiled.choices[group]
    nets = nets_of(contest, judgement.truth, judgement.full)
    return best(contest, nets, {}, judgement.full)[0]
