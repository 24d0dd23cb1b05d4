"""The questionnaire as JSON Schema 2020-12: what can be stated, and how it is asked for."""

from __future__ import annotations

from typing import Any

from advisor_rules.facts import MAX_EVIDENCE
from advisor_rules.model import ORIGINS, Fact
from advisor_rules.rulebook import Rulebook

DIALECT = "https://json-schema.org/draft/2020-12/schema"
Json = dict[str, Any]


def fact_schema(book: Rulebook) -> Json:
    """A schema for the facts that can be stated; questions stand in ``x-question``."""
    return {
        "$schema": DIALECT,
        "$id": f"urn:formfact:facts:{book.hash}",
        "title": f"What can be known about an application: {book.title}, {book.version}",
        "type": "object",
        "properties": stated_facts(book, "#/$defs/"),
        "additionalProperties": False,
        "$defs": fact_values(book),
        "x-sections": [
            {"id": section.id, "title": section.title, "intro": section.intro}
            for section in book.sections.values()
        ],
    }


def stated_facts(book: Rulebook, definitions: str) -> Json:
    """For each fact, what may be stated of it: a value, its origin and evidence, or null."""
    return {
        fact.id: _described(fact, {"$ref": f"{definitions}{fact.id}"}) for fact in _statable(book)
    }


def fact_values(book: Rulebook) -> Json:
    """For each fact, the schema of its plain values."""
    return {fact.id: _values(fact) for fact in _statable(book)}


def _statable(book: Rulebook) -> list[Fact]:
    return [fact for fact in book.facts.values() if not fact.derived]


def _described(fact: Fact, value: Json) -> Json:
    shown: Json = {"title": fact.title, "anyOf": [value, {"type": "null"}, _with_origin(value)]}
    if fact.ask:
        shown["description"] = fact.ask.question
        shown["x-question"] = {
            "section": fact.ask.section,
            "question": fact.ask.question,
            "why": fact.ask.why,
            "hint": fact.ask.hint,
            "order": fact.ask.order,
            "when": fact.ask.when,
        }
    return shown


def _with_origin(value: Json) -> Json:
    return {
        "type": "object",
        "properties": {
            "value": {"anyOf": [value, {"type": "null"}]},
            "origin": {"enum": list(ORIGINS)},
            "evidence": {"type": "string", "maxLength": MAX_EVIDENCE},
        },
        "required": ["value"],
        "additionalProperties": False,
    }


def _values(fact: Fact) -> Json:
    if fact.type == "bool":
        return {"title": fact.title, "type": "boolean"}
    if fact.type == "choice":
        labels = [
            {"const": choice.value, "title": choice.label, "description": choice.hint}
            for choice in fact.values
        ]
        allowed = [choice.value for choice in fact.values]
        return {"title": fact.title, "type": "string", "enum": allowed, "oneOf": labels}
    kind = "integer" if fact.type == "int" else "number"
    limits = {"minimum": fact.minimum, "maximum": fact.maximum}
    given = {key: limit for key, limit in limits.items() if limit is not None}
    return {"title": fact.title, "type": kind, **given, "x-unit": fact.unit}
