"""One entry of the rulebook as plain text for a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from advisor_rules.model import (
    Citation,
    Conflict,
    Fact,
    Rule,
    Signal,
    Source,
    Step,
    Subtype,
    Threshold,
)
from advisor_rules.rulebook import OptionPlace, Rulebook
from app.backlinks import Backlinks, backlinks, thresholds_of
from app.words import (
    EFFECTS,
    READING,
    clause_line,
    condition_clause,
    fact_title,
    judged_words,
    limit_words,
    number_words,
    rule_title,
    sentence,
    step_title,
    target_title,
    value_words,
)

NEW_RULE = """\
id: {id}
title: Say in one line what the rule holds
when: {{biased_output: true, safety_critical: true}}
gives: {{against: finetune}}
strength: weak
because: Say why, in words that a product manager understands.
cites: [S1]
examples:
  - {{facts: {{biased_output: true, safety_critical: true}}, fires: true}}
  - {{facts: {{biased_output: false, safety_critical: true}}, fires: false}}
"""


@dataclass(frozen=True, slots=True)
class View:
    """What the text of an entry is made from."""

    book: Rulebook
    links: Backlinks
    limits: Mapping[str, float]


def entry_text(book: Rulebook, kind: str, name: str, as_of: date) -> str:
    """The entry with this id in words, with what it links to and what links to it."""
    view = View(book, backlinks(book), book.limits(as_of))
    return "\n".join(SHOWN[kind](view, getattr(book, kind)[name]))


def _rule(view: View, rule: Rule) -> Iterator[str]:
    book = view.book
    condition = condition_clause(book.conditions[rule.id], book, view.limits)
    yield f"{rule.title} ({rule.id}; {rule.strength}; {book.origin[rule.id]})"
    yield f"If       {clause_line(condition)}"
    if rule.gives.diagnosis:
        yield f"Then     what fails: {value_words(book.facts['diagnosis'], rule.gives.diagnosis)}"
    if rule.subject == "record":
        yield f"Then     of a failure record: {judged_words(rule.gives, book)}"
    for effect, target in rule.gives.effects():
        yield f"Then     {EFFECTS[effect]}: {target_title(book, target)}"
    yield f"Because  {rule.because}"
    yield from _cites(book, rule.cites)
    if rule.heuristic:
        yield "Source   our own rule of thumb"
    for name in thresholds_of(book, rule):
        threshold = book.thresholds[name]
        yield f"Number   {threshold.title}: {limit_words(threshold, view.limits)} ({name})"
    for conflict in rule.conflict:
        yield f"Dispute  {book.conflicts[conflict].question} ({conflict})"
    yield f"Reads    {', '.join(_facts_read(view, rule))}"


def _facts_read(view: View, rule: Rule) -> list[str]:
    return [name for name, rules in view.links.rules_of_fact.items() if rule.id in rules]


def _cites(book: Rulebook, cites: Iterable[Citation]) -> Iterator[str]:
    for cite in cites:
        source = book.sources[cite.source]
        at = f", {cite.at}" if cite.at else ""
        yield f"Source   {source.title}{at} ({READING[source.reading]}; {source.id})"


def _fact(view: View, fact: Fact) -> Iterator[str]:
    yield f"{fact.title} ({fact.id}; {fact.type}{f', {fact.unit}' if fact.unit else ''})"
    for choice in fact.values:
        yield f"Value    {choice.value}: {choice.label}"
    if fact.ask:
        yield f"Asked    {fact.ask.question}"
        yield f"Why      {fact.ask.why}"
        if fact.ask.hint:
            yield f"Hint     {fact.ask.hint}"
    elif isinstance(fact, Signal):
        yield "Origin   observed on one failure record"
        yield f"Blind to {fact.blind_to}"
    else:
        yield f"Origin   {'worked out by the rules' if fact.derived else 'measured, never asked'}"
    yield from _named("Read by ", view.links.rules_of_fact.get(fact.id, ()), view.book)


def _subtype(view: View, subtype: Subtype) -> Iterator[str]:
    yield f"{subtype.title} ({subtype.id}; {subtype.failure_class})"
    yield subtype.summary
    if subtype.remedy:
        yield f"Remedy   {subtype.remedy}"
    if subtype.fact:
        yield f"Measures {fact_title(view.book, subtype.fact)} ({subtype.fact})"
    rules = view.book.record_rules.values()
    given = (rule.id for rule in rules if rule.gives.subtype == subtype.id)
    yield from _named("Given by", given, view.book)


def _step(view: View, step: Step) -> Iterator[str]:
    yield f"{step.title} ({step.id})"
    yield step.verdict
    yield step.summary
    for name in step.prerequisites:
        yield f"Before   {step_title(view.book, name)} ({name})"
    for item in step.plan:
        yield f"Plan     {item.do} Done when: {item.done_when}"
    for group in step.choices:
        yield f"Choice   {group.title}: {', '.join(option.id for option in group.options)}"
    for said in view.links.said_of_step[step.id]:
        target = "" if said.target == step.id else f" {said.target}"
        yield f"Rule     {EFFECTS[said.effect]}{target}: {said.rule}"


def _option(view: View, place: OptionPlace) -> Iterator[str]:
    option = place.option
    yield f"{option.title} ({option.id}; {place.group.title} of {place.step.id})"
    yield option.summary
    for said in view.links.said_of_step[place.step.id]:
        if said.target == option.id:
            yield f"Rule     {EFFECTS[said.effect]}: {said.rule}"


def _source(view: View, source: Source) -> Iterator[str]:
    yield f"{source.title} ({source.id}; {source.kind}, {source.year or 'no year'})"
    yield f"Where    {source.where}"
    yield f"Reading  {sentence(READING[source.reading])}"
    if source.supports:
        yield f"Supports {source.supports}"
    yield from _named("Cited by", view.links.rules_of_source.get(source.id, ()), view.book)


def _threshold(view: View, threshold: Threshold) -> Iterator[str]:
    yield f"{threshold.title} ({threshold.id}): {limit_words(threshold, view.limits)}"
    yield f"Because  {threshold.because}"
    for dated in sorted(threshold.values, key=lambda item: item.since):
        value = number_words(dated.value, threshold.unit, share=dated.value <= 1)
        yield f"Since    {dated.since}: {value}"
        yield from _cites(view.book, dated.cites)
    yield from _named("Used by ", view.links.rules_of_threshold.get(threshold.id, ()), view.book)


def _conflict(view: View, conflict: Conflict) -> Iterator[str]:
    yield f"{conflict.question} ({conflict.id})"
    for side in conflict.sides:
        yield f"Side     {side.says} ({view.book.sources[side.source].title}; {side.source})"
    yield f"Here     {conflict.resolution}"
    yield from _named("Rule    ", view.links.rules_of_conflict.get(conflict.id, ()), view.book)


def _named(label: str, rules: Iterable[str], book: Rulebook) -> Iterator[str]:
    for name in rules:
        yield f"{label} {rule_title(book, name)} ({name})"


SHOWN: dict[str, Callable[[View, Any], Iterator[str]]] = {
    "rules": _rule,
    "record_rules": _rule,
    "facts": _fact,
    "signals": _fact,
    "subtypes": _subtype,
    "steps": _step,
    "options": _option,
    "sources": _source,
    "thresholds": _threshold,
    "conflicts": _conflict,
}
