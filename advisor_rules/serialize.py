"""Advice as plain data, in the shape that the command line, REST and stored advice share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from advisor_rules.model import (
    STRENGTHS,
    Advice,
    Citation,
    Conflict,
    FactValue,
    Finding,
    Flip,
    NextQuestion,
    Ranked,
)
from advisor_rules.rulebook import Rulebook

Json = dict[str, Any]


def advice_to_dict(advice: Advice, book: Rulebook) -> Json:
    """JSON-ready advice; ``book`` supplies titles of rules and sources."""
    return {
        "step": advice.step,
        "method": advice.method,
        "choices": advice.choices,
        "strength": advice.strength,
        "abstained": advice.abstained,
        "tied_with": list(advice.tied_with),
        "decided": advice.decided,
        "diagnosis": {
            "class": advice.diagnosis.failure_class,
            "because": list(advice.diagnosis.because),
            "rules": list(advice.diagnosis.rules),
        },
        "ranked": [_ranked(item) for item in advice.ranked],
        "reasons": [_reason(item, book) for item in advice.findings],
        "conflicts": [_conflict(item, book) for item in advice.conflicts],
        "flips": [_flip(item) for item in advice.flips],
        "next_questions": [_question(item) for item in advice.next_questions],
        "plan": [{"do": item.do, "done_when": item.done_when} for item in advice.plan],
        "trace": [{"rule": item.rule, "fired": item.fired} for item in advice.trace],
        "facts": facts_to_dict(advice.facts),
        "rulebook": {"version": advice.rulebook_version, "hash": advice.rulebook_hash},
        "as_of": advice.as_of.isoformat(),
    }


def facts_to_dict(facts: Mapping[str, FactValue]) -> Json:
    """Fact values as ``{id: {value, origin, evidence}}``."""
    return {
        name: {"value": fact.value, "origin": fact.origin, "evidence": fact.evidence}
        for name, fact in facts.items()
    }


def _ranked(item: Ranked) -> Json:
    return {
        "step": item.step,
        "method": item.method,
        "standing": item.standing,
        "taken": item.taken,
        "for": list(item.for_),
        "against": list(item.against),
        "blocked_by": list(item.blocked_by),
        "net": dict(zip(STRENGTHS, item.net, strict=True)),
    }


def _reason(item: Finding, book: Rulebook) -> Json:
    return {
        "rule": item.rule,
        "title": book.rules[item.rule].title,
        "effect": item.effect,
        "step": item.step,
        "option": item.target if item.target != item.step else None,
        "strength": item.strength,
        "text": item.text,
        "heuristic": item.heuristic,
        "facts": list(item.facts),
        "sources": [_citation(citation, book) for citation in item.cites],
    }


def _citation(citation: Citation, book: Rulebook) -> Json:
    shown = _source(citation.source, book)
    if citation.at:
        shown["where"] = f"{shown['where']}, {citation.at}"
    return {"id": citation.source, **shown, "item": citation.item}


def _source(name: str, book: Rulebook) -> Json:
    source = book.sources[name]
    return {"title": source.title, "where": source.where, "reading": source.reading}


def _conflict(item: Conflict, book: Rulebook) -> Json:
    sides = [
        {"source": side.source, "says": side.says, **_source(side.source, book)}
        for side in item.sides
    ]
    return {
        "id": item.id,
        "question": item.question,
        "sides": sides,
        "resolution": item.resolution,
    }


def _flip(item: Flip) -> Json:
    return {"if": dict(item.changes), "then": item.step}


def _question(item: NextQuestion) -> Json:
    return {
        "fact": item.fact,
        "why": item.why,
        "changes": item.changes,
        "answers": item.answers,
        "leads_to": list(item.leads_to),
    }
