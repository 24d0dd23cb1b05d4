"""The decision once more: slow, obvious, and straight from the rules as they stand in YAML.

It shares no code with the engine, so that the two can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from advisor_rules.derive import adapter_that_fits, fits_window
from advisor_rules.model import Rule, Step, Value
from advisor_rules.rulebook import Rulebook

Truth = bool | None
World = Mapping[str, Value]
Net = tuple[int, ...]


@dataclass(frozen=True)
class Decision:
    """What the rules come to on one set of facts."""

    step: str | None
    tied: set[str]
    blocked: set[str]
    diagnosis: str
    choices: dict[str, str]
    fired: dict[str, Truth]


def all_of(parts: Iterable[Truth]) -> Truth:
    kept = list(parts)
    if any(part is False for part in kept):
        return False
    return None if any(part is None for part in kept) else True


def any_of(parts: Iterable[Truth]) -> Truth:
    return negated(all_of(negated(part) for part in parts))


def negated(part: Truth) -> Truth:
    return None if part is None else not part


def holds(when: Any, world: World, limits: Mapping[str, float]) -> Truth:
    """Whether a condition is true, false or unknown (None) in a world."""
    return all_of(_entry(key, value, world, limits) for key, value in when.items())


def _entry(key: str, value: Any, world: World, limits: Mapping[str, float]) -> Truth:
    if key in ("all", "any"):
        parts = [holds(part, world, limits) for part in value]
        return all_of(parts) if key == "all" else any_of(parts)
    if key == "not":
        return negated(holds(value, world, limits))
    if key == "unless":
        return holds(value, world, limits) is not True
    if key == "known":
        return value in world
    if key not in world:
        return None
    return _compares(world[key], value, limits)


def _compares(given: Any, wanted: Any, limits: Mapping[str, float]) -> bool:
    if isinstance(wanted, list):
        return given in wanted
    if not isinstance(wanted, dict):
        return bool(given == wanted)
    return all(_operation(given, op, operand, limits) for op, operand in wanted.items())


def _operation(given: Any, op: str, operand: Any, limits: Mapping[str, float]) -> bool:
    if op == "ne":
        return bool(given != operand)
    limit = limits[operand]
    return bool(
        {"lt": given < limit, "le": given <= limit, "gt": given > limit, "ge": given >= limit}[op]
    )


def limits_at(book: Rulebook, day: date) -> dict[str, float]:
    limits = {}
    for name, threshold in book.thresholds.items():
        started = [item for item in threshold.values if item.since <= day]
        if started:
            limits[name] = max(started, key=lambda item: item.since).value
        else:
            limits[name] = min(threshold.values, key=lambda item: item.since).value
    return limits


def in_force(rule: Rule, day: date) -> bool:
    return not (rule.since and day < rule.since) and not (rule.until and day >= rule.until)


def decide(book: Rulebook, facts: World, day: date) -> Decision:
    """Derive, diagnose, weigh, choose: one rule and one step after the other."""
    limits = limits_at(book, day)
    rules = [rule for rule in book.rules.values() if in_force(rule, day)]
    world = dict(facts) | _derived(book, facts)
    fired = {rule.id: holds(rule.when, world, limits) for rule in rules if rule.gives.diagnosis}
    diagnosis = _diagnosis(rules, fired)
    if diagnosis != "uncertain":
        world["diagnosis"] = diagnosis
    fired |= {rule.id: holds(rule.when, world, limits) for rule in rules if rule.id not in fired}
    speaking = [rule for rule in rules if fired[rule.id]]
    blocked = {target for rule in speaking for target in rule.gives.block}
    nets = {name: _net(speaking, name, "for_", "against") for name in book.steps}
    step, tied = _best({name: net for name, net in nets.items() if name not in blocked})
    choices = _choices(book.steps[step], speaking) if step else {}
    return Decision(step, tied, blocked, diagnosis, choices, fired)


def _derived(book: Rulebook, facts: World) -> dict[str, Value]:
    found: dict[str, Value] = {}
    table: list[tuple[str, Any, str, str]] = [
        ("corpus_fits_window", fits_window, "corpus_tokens", "context_window_tokens"),
        ("adapter_that_fits", adapter_that_fits, "model_billion_parameters", "gpu_memory_gb"),
    ]
    for name, make, first, second in table:
        if name in book.facts and first in facts and second in facts:
            found[name] = make(facts[first], facts[second])
    return found


def _diagnosis(rules: list[Rule], fired: Mapping[str, Truth]) -> str:
    for strength in ("strong", "moderate", "weak"):
        said = {
            rule.gives.diagnosis
            for rule in rules
            if rule.strength == strength and fired.get(rule.id)
        } - {None}
        if said >= {"information", "behavior"}:
            return "both"
        for kind in ("information", "behavior", "neither"):
            if kind in said:
                return kind
    return "uncertain"


def _net(speaking: list[Rule], target: str, plus: str, minus: str) -> Net:
    return tuple(
        sum(
            (target in getattr(rule.gives, plus)) - (target in getattr(rule.gives, minus))
            for rule in speaking
            if rule.strength == strength
        )
        for strength in ("strong", "moderate", "weak")
    )


def _best(nets: Mapping[str, Net]) -> tuple[str | None, set[str]]:
    """The first of those with the most evidence, where there is any, and the others of them."""
    most = max(nets.values(), default=(0, 0, 0))
    if most <= (0, 0, 0):
        return None, set()
    first, *others = [name for name, net in nets.items() if net == most]
    return first, set(others)


def _choices(step: Step, speaking: list[Rule]) -> dict[str, str]:
    chosen = {}
    for group in step.choices:
        options = sorted(group.options, key=lambda option: option.cost)
        nets = {option.id: _net(speaking, option.id, "choose", "avoid") for option in options}
        option = _best(nets)[0] or group.default
        if option:
            chosen[group.id] = option
    return chosen
