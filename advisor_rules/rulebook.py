"""The rulebook: all knowledge, checked and linked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from advisor_rules.conditions import Condition, Ordered, walk
from advisor_rules.model import (
    Choices,
    Conflict,
    Fact,
    Option,
    Rule,
    Section,
    Signal,
    Source,
    Step,
    Subtype,
    Threshold,
)


@dataclass(frozen=True, slots=True)
class OptionPlace:
    """Where an option belongs: its step and its group of choices."""

    step: Step
    group: Choices
    option: Option


@dataclass(frozen=True, eq=False)
class Rulebook:
    """Facts, rules, steps, thresholds, sources and conflicts by id; ``hash`` names the content."""

    version: str
    title: str
    hash: str
    facts: Mapping[str, Fact]
    sections: Mapping[str, Section]
    rules: Mapping[str, Rule]
    conditions: Mapping[str, Condition]
    ask_conditions: Mapping[str, Condition]
    taken_conditions: Mapping[str, Condition]
    """Step -> what says that it was taken before."""
    steps: Mapping[str, Step]
    options: Mapping[str, OptionPlace]
    thresholds: Mapping[str, Threshold]
    sources: Mapping[str, Source]
    conflicts: Mapping[str, Conflict]
    signals: Mapping[str, Signal]
    """What can be observed on a failure record: its facts."""
    subtypes: Mapping[str, Subtype]
    record_rules: Mapping[str, Rule]
    """The rules that say what is wrong with one failure record; ``rules`` speak of applications."""
    origin: Mapping[str, str]
    """File in which each rule, fact and step is written, for messages and pages."""

    @property
    def every_rule(self) -> dict[str, Rule]:
        """The rules on applications and those on failure records."""
        return {**self.rules, **self.record_rules}

    def fact(self, name: str) -> Fact | None:
        """The fact of an application, or the signal of a record, with this id."""
        return self.facts.get(name) or self.signals.get(name)

    def limits(self, as_of: date) -> dict[str, float]:
        """Every threshold's value in force at a date (its earliest value before that)."""
        return {name: _in_force(item, as_of) for name, item in self.thresholds.items()}

    def rules_in_force(self, as_of: date) -> list[Rule]:
        """The rules on applications that hold at a date, in order of id."""
        return [rule for rule in self.rules.values() if _holds_at(rule, as_of)]

    def record_rules_in_force(self, as_of: date) -> list[Rule]:
        """The rules on failure records that hold at a date, in order of id."""
        return [rule for rule in self.record_rules.values() if _holds_at(rule, as_of)]

    def latest(self) -> date:
        """The date of the newest threshold: the default for ``as_of``.

        Rules may be dated ahead (a service that ends next year); they do not count.
        """
        dates = (value.since for item in self.thresholds.values() for value in item.values)
        return max(dates, default=date.min)

    def days_of_change(self) -> tuple[date, ...]:
        """The default day, and every other on which a rule or threshold begins or ends to hold."""
        days = {self.latest()}
        for rule in (*self.rules.values(), *self.record_rules.values()):
            first = rule.since or (rule.until and rule.until - timedelta(days=1))
            days |= {day for day in (first, rule.until) if day}
        for threshold in self.thresholds.values():
            days |= {dated.since for dated in threshold.values if len(threshold.values) > 1}
        return tuple(sorted(days))

    def day_of(self, rule: Rule) -> date:
        """The day that a rule's examples speak of: the default, or the next on which it holds."""
        days = [day for day in self.days_of_change() if _holds_at(rule, day)]
        return min(days, key=lambda day: abs(day - self.latest()))

    def thresholds_of(self, fact: str) -> tuple[str, ...]:
        """Ids of the thresholds that some rule compares this fact with, ascending by id."""
        parts = [part for condition in self.conditions.values() for part in walk(condition)]
        ordered = [part for part in parts if isinstance(part, Ordered) and part.fact == fact]
        return tuple(sorted({part.threshold for part in ordered}))

    def step_of(self, target: str) -> str:
        """The step that an effect's target (a step or an option) belongs to."""
        return self.options[target].step.id if target in self.options else target


def _in_force(threshold: Threshold, as_of: date) -> float:
    values = sorted(threshold.values, key=lambda dated: dated.since)
    current = [dated.value for dated in values if dated.since <= as_of]
    return current[-1] if current else values[0].value


def _holds_at(rule: Rule, as_of: date) -> bool:
    started = rule.since is None or rule.since <= as_of
    return started and (rule.until is None or as_of < rule.until)
