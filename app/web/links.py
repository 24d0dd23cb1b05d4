"""What the rulebook's pages link to: which rules read a fact, speak of a step, cite a source."""

from __future__ import annotations

from collections.abc import Iterable

from advisor_rules.conditions import facts_of
from advisor_rules.model import Conflict, Rule, Threshold
from advisor_rules.rulebook import Rulebook
from app import words
from app.backlinks import Ids, backlinks

TITLES = {
    "for": "Rules for it",
    "against": "Rules against it",
    "block": "Rules that block it",
    "require": "Rules that ask for work before it",
    "warn": "Rules that warn about it",
    "choose": "Rules that choose how it is done",
    "avoid": "Rules against ways of doing it",
}


def rules_reading(book: Rulebook, fact: str) -> list[Rule]:
    """Rules whose condition reads a fact."""
    return _rules(book, backlinks(book).rules_of_fact, fact)


def rules_on_by_effect(book: Rulebook, step: str) -> list[tuple[str, list[Rule]]]:
    """Rules on a step under the title of each effect."""
    found: list[tuple[str, list[Rule]]] = []
    for effect, title in TITLES.items():
        rules = [
            rule
            for rule in book.rules.values()
            if any(name == effect and book.step_of(to) == step for name, to in rule.gives.effects())
        ]
        if rules:
            found.append((title, rules))
    return found


def rules_citing(book: Rulebook, source: str) -> list[Rule]:
    """Rules that rest on a source."""
    return _rules(book, backlinks(book).rules_of_source, source)


def rules_using(book: Rulebook, threshold: str) -> list[Rule]:
    """Rules that compare with a threshold."""
    return _rules(book, backlinks(book).rules_of_threshold, threshold)


def facts_compared(book: Rulebook, threshold: str) -> list[str]:
    """Facts that some rule compares with a threshold."""
    return [name for name in book.facts if threshold in book.thresholds_of(name)]


def rules_of_conflict(book: Rulebook, conflict: str) -> list[Rule]:
    """Rules on which the sources of a conflict disagree."""
    return _rules(book, backlinks(book).rules_of_conflict, conflict)


def thresholds_citing(book: Rulebook, source: str) -> list[Threshold]:
    """Thresholds that rest on a source."""
    return [book.thresholds[name] for name in backlinks(book).thresholds_of_source.get(source, ())]


def conflicts_of(book: Rulebook, source: str) -> list[Conflict]:
    """Disagreements in which a source takes a side."""
    return [book.conflicts[name] for name in backlinks(book).conflicts_of_source.get(source, ())]


def targets(book: Rulebook, rule: Rule) -> set[str]:
    """The steps that a rule speaks of."""
    return {book.step_of(target) for _, target in rule.gives.effects()}


def matching(book: Rulebook, rules: Iterable[Rule], text: str) -> list[Rule]:
    """Rules whose words or facts hold every word of a text."""
    wanted = text.lower().split()
    return [rule for rule in rules if all(word in _words(book, rule) for word in wanted)]


def _words(book: Rulebook, rule: Rule) -> str:
    facts = (words.fact_title(book, name) for name in facts_of(book.conditions[rule.id]))
    return " ".join((rule.id, rule.title, rule.because, *facts)).lower()


def _rules(book: Rulebook, links: Ids, name: str) -> list[Rule]:
    rules = book.every_rule
    return [rules[rule] for rule in links.get(name, ())]
