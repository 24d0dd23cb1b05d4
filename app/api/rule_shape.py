"""The rulebook's entries as data."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from advisor_rules.model import Citation, Rule, Source, Stage, Step, Strength, Subject
from advisor_rules.rulebook import Rulebook

Json = dict[str, Any]


class RulebookInfo(BaseModel):
    """The rulebook in short."""

    version: str
    title: str
    hash: str
    newest_date: str
    counts: dict[str, int]


class CitationOut(BaseModel):
    """A place in a source."""

    source: str
    title: str
    where: str
    item: str
    at: str


class RuleOut(BaseModel):
    """A rule: if ``when`` is true, ``gives`` holds."""

    id: str
    title: str
    subject: Subject
    stage: Stage
    when: dict[str, Any]
    gives: dict[str, Any]
    strength: Strength
    because: str
    cites: list[CitationOut]
    heuristic: bool
    conflict: list[str]
    since: str | None
    until: str | None


class StepOut(BaseModel):
    """A step that can be recommended, with its plan and its ways of being taken."""

    id: str
    title: str
    verdict: str
    summary: str
    cost: int
    prerequisites: list[str]
    plan: list[dict[str, str]]
    choices: list[dict[str, Any]]


class SourceEntryOut(BaseModel):
    """A text that knowledge rests on."""

    id: str
    title: str
    where: str
    kind: str
    reading: str
    year: int | None
    supports: str


def rulebook_data(book: Rulebook) -> Json:
    """The rulebook in short, as data."""
    kinds = ("facts", "rules", "steps", "thresholds", "sources", "conflicts")
    more = ("record_rules", "signals", "subtypes")
    return {
        "version": book.version,
        "title": book.title,
        "hash": book.hash,
        "newest_date": book.latest().isoformat(),
        "counts": {kind: len(getattr(book, kind)) for kind in (*kinds, *more)},
    }


def rule_data(rule: Rule, book: Rulebook) -> Json:
    """A rule as data."""
    gives = rule.gives.model_dump(by_alias=True, exclude_defaults=True)
    return {
        "id": rule.id,
        "title": rule.title,
        "subject": rule.subject,
        "stage": rule.stage,
        "when": rule.when,
        "gives": gives,
        "strength": rule.strength,
        "because": rule.because,
        "cites": [_citation(citation, book) for citation in rule.cites],
        "heuristic": rule.heuristic,
        "conflict": list(rule.conflict),
        "since": rule.since.isoformat() if rule.since else None,
        "until": rule.until.isoformat() if rule.until else None,
    }


def step_data(step: Step) -> Json:
    """A step as data."""
    return step.model_dump(include=set(StepOut.model_fields))


def source_data(source: Source) -> Json:
    """A source as data."""
    return source.model_dump()


def _citation(citation: Citation, book: Rulebook) -> Json:
    source = book.sources[citation.source]
    return {
        "source": source.id,
        "title": source.title,
        "where": source.where,
        "item": citation.item,
        "at": citation.at,
    }
