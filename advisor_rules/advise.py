"""Advice for one set of facts: the decision with its reasons, conflicts, plan and trace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache

from advisor_rules.engine import (
    Compiled,
    Contest,
    Judgement,
    columns_of,
    compile_rulebook,
    option_winners,
    step_in,
)
from advisor_rules.engine import judge as run_rules
from advisor_rules.explain import explain
from advisor_rules.facts import check_facts
from advisor_rules.load import default_rulebook
from advisor_rules.model import (
    DIAGNOSIS,
    STRENGTHS,
    Advice,
    Conflict,
    Diagnosis,
    Effect,
    FactValue,
    FailureClass,
    Finding,
    PlanItem,
    Ranked,
    Rule,
    Standing,
    Strength,
    Trace,
    Truth,
)
from advisor_rules.rulebook import Rulebook
from advisor_rules.tally import Planes, number

Net = tuple[int, int, int]
SPEAKS_AGAINST: tuple[Effect, ...] = ("against", "block")


def advise(
    facts: Mapping[str, object],
    *,
    as_of: date | None = None,
    rulebook: Rulebook | None = None,
    explained: bool = True,
) -> Advice:
    """The recommended next step for what is known about an application.

    ``facts`` maps fact ids to values, to ``{"value", "origin", "evidence"}`` or to FactValue; a
    missing fact or None is unknown. ``as_of`` chooses thresholds and rules in force (default: the
    rulebook's newest date, so that the result never depends on a clock). ``explained`` adds flips
    and next questions. Raises InvalidFacts naming every bad fact.
    """
    book = rulebook or default_rulebook()
    known = check_facts(book.facts, facts)
    compiled = compile_rulebook(book, as_of or book.latest())
    values = {name: fact.value for name, fact in known.items()}
    judgement = run_rules(compiled, columns_of(values), 1)
    advice = _advice(compiled, judgement, known)
    if not explained:
        return advice
    flips, questions, decided = explain(compiled, values)
    return replace(advice, flips=flips, next_questions=questions, decided=decided)


def _advice(compiled: Compiled, judgement: Judgement, known: dict[str, FactValue]) -> Advice:
    step = step_in(judgement)
    findings = tuple(
        finding for rule in _fired(compiled, judgement) for finding in compiled.findings[rule.id]
    )
    nets = {name: net_counts(compiled.steps, planes) for name, planes in judgement.nets.items()}
    options = {name: chosen_options(compiled, judgement, name) for name in compiled.steps.targets}
    choices = options[step] if step else {}
    return Advice(
        step=step,
        method=choices.get("method"),
        choices=choices,
        strength=_strength(judgement, nets, step),
        abstained=step is None,
        tied_with=tuple(name for name, mask in judgement.tied.items() if mask),
        diagnosis=_diagnosis(compiled, judgement),
        ranked=tuple(_ranking(compiled, judgement, findings, nets, options, step)),
        findings=findings,
        conflicts=_conflicts(compiled, findings),
        plan=_plan(compiled, findings, step, choices),
        trace=tuple(_trace(judgement)),
        facts=known,
        as_of=compiled.as_of,
        rulebook_version=compiled.book.version,
        rulebook_hash=compiled.book.hash,
    )


def _fired(compiled: Compiled, judgement: Judgement) -> Iterable[Rule]:
    return (rule for name, rule in compiled.rules.items() if judgement.truth[name][0])


def _trace(judgement: Judgement) -> Iterable[Trace]:
    for name, (true, false) in judgement.truth.items():
        yield _traced(name, "true" if true else "false" if false else "unknown")


@lru_cache(maxsize=4096)
def _traced(rule: str, fired: Truth) -> Trace:
    """One object for each rule and truth: most of an advice is trace, and it repeats."""
    return Trace(rule, fired)


def _diagnosis(compiled: Compiled, judgement: Judgement) -> Diagnosis:
    found = [str(value) for value in judgement.columns[DIAGNOSIS]]
    failure_class: FailureClass = found[0] if found else "uncertain"  # type: ignore[assignment]
    said = {
        "both": ("information", "behavior"),
        "uncertain": (),
    }.get(failure_class, (failure_class,))
    rules = [rule for rule in _fired(compiled, judgement) if rule.gives.diagnosis in said]
    return Diagnosis(
        failure_class,
        tuple(rule.because for rule in rules),
        tuple(rule.id for rule in rules),
    )


def net_counts(contest: Contest, planes: Planes) -> Net:
    """Rules for minus against in world 0, as (strong, moderate, weak)."""
    counts, start = [], 0
    for level in reversed(range(len(STRENGTHS))):
        width = contest.widths[level]
        counts.append(number(planes[start : start + width]) - contest.offsets[level])
        start += width
    weak, moderate, strong = counts
    return strong, moderate, weak


def _ranking(
    compiled: Compiled,
    judgement: Judgement,
    findings: tuple[Finding, ...],
    nets: Mapping[str, Net],
    options: Mapping[str, Mapping[str, str]],
    step: str | None,
) -> Iterable[Ranked]:
    """Every step with its standing: the recommended first, then by net evidence, blocked last."""

    def rank(name: str) -> tuple[object, ...]:
        net = nets[name]
        return (name != step, bool(judgement.blocked[name]), tuple(-count for count in net))

    for name in sorted(nets, key=rank):
        speaking = [finding for finding in findings if finding.target == name]
        standing = _standing(name == step, bool(judgement.blocked[name]), nets[name])
        yield Ranked(
            step=name,
            method=options[name].get("method"),
            standing=standing,
            for_=tuple(item.rule for item in speaking if item.effect == "for"),
            against=tuple(item.rule for item in speaking if item.effect in SPEAKS_AGAINST),
            blocked_by=tuple(item.rule for item in speaking if item.effect == "block"),
            net=nets[name],
            taken=_taken(compiled, judgement, name),
        )


def _taken(compiled: Compiled, judgement: Judgement, step: str) -> bool:
    holds = compiled.taken.get(step)
    return bool(holds and holds(judgement.columns, judgement.full)[0])


def _standing(recommended: bool, blocked: bool, net: Net) -> Standing:
    if recommended:
        return "recommended"
    if blocked:
        return "blocked"
    return "possible" if net > (0, 0, 0) else "not_reached"


def _strength(judgement: Judgement, nets: Mapping[str, Net], step: str | None) -> Strength | None:
    """The highest strength at which the step leads the best other step that is not blocked."""
    if step is None:
        return None
    others = [nets[name] for name in nets if name != step and not judgement.blocked[name]]
    rival = max([*others, (0, 0, 0)])
    for strength, own, other in zip(STRENGTHS, nets[step], rival, strict=True):
        if own > other:
            return strength
    return "weak"


def chosen_options(compiled: Compiled, judgement: Judgement, step: str) -> dict[str, str]:
    """The option chosen in each group of a step's choices (group id -> option id) in world 0."""
    chosen = {}
    for group in compiled.book.steps[step].choices:
        winners = option_winners(compiled, judgement, f"{step}.{group.id}")
        option = next((name for name, mask in winners.items() if mask & 1), group.default)
        if option:
            chosen[group.id] = option
    return chosen


def _conflicts(compiled: Compiled, findings: tuple[Finding, ...]) -> tuple[Conflict, ...]:
    """Disagreements of sources behind the rules that spoke."""
    rules = dict.fromkeys(finding.rule for finding in findings)
    ids = dict.fromkeys(name for rule in rules for name in compiled.rules[rule].conflict)
    return tuple(compiled.book.conflicts[name] for name in ids)


def _plan(
    compiled: Compiled, findings: tuple[Finding, ...], step: str | None, choices: dict[str, str]
) -> tuple[PlanItem, ...]:
    """What rules require before the step, then the chosen options' plan, then the step's own."""
    if step is None:
        return ()
    required = [
        item
        for finding in findings
        if finding.effect == "require" and finding.step == step
        for item in compiled.rules[finding.rule].plan
    ]
    optional = [
        item for option in choices.values() for item in compiled.book.options[option].option.plan
    ]
    return (*required, *optional, *compiled.book.steps[step].plan)
