from __future__ import annotations

from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from jsonschema_rs import Draft202012Validator

from advisor_rules import InvalidFacts, default_rulebook
from advisor_rules.rulebook import Rulebook
from app import urls
from app.api.fact_schema import DIALECT, fact_schema
from app.stating import check_stated

BOOK = default_rulebook()
SCHEMA = Draft202012Validator(fact_schema(BOOK))
ODD_VALUES = some.one_of(
    some.none(),
    some.booleans(),
    some.integers(-3, 10**13),
    some.floats(-2, 1e7, allow_nan=False).filter(lambda number: not number.is_integer()),
    some.sampled_from(
        [choice.value for fact in BOOK.facts.values() for choice in fact.values] + ["", "maybe"]
    ),
)
STATEMENTS = some.one_of(
    ODD_VALUES,
    some.fixed_dictionaries(
        {"value": ODD_VALUES},
        optional={
            "origin": some.sampled_from(["measured", "answered", "assumed", "heard"]),
            "evidence": some.sampled_from(["", "seen", "x" * 2_001]),
        },
    ),
)


def everything(client: httpx2.Client, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    answer = client.get(path, params={"limit": 40})
    while True:
        items += answer.json()["items"]
        if "next" not in answer.links:
            return items
        answer = client.get(answer.links["next"]["url"])


def test_the_questionnaire_is_a_json_schema(client: httpx2.Client, book: Rulebook) -> None:
    answer = client.get(urls.API_FACTS)
    assert answer.headers["content-type"] == "application/schema+json"
    schema = answer.json()
    assert schema["$schema"] == DIALECT
    Draft202012Validator(schema)
    statable = {fact.id for fact in book.facts.values() if not fact.derived}
    assert set(schema["properties"]) == statable
    asked = {name for name, item in schema["properties"].items() if "x-question" in item}
    assert asked == {fact.id for fact in book.facts.values() if fact.ask}
    assert [section["id"] for section in schema["x-sections"]] == list(book.sections)


@given(some.dictionaries(some.sampled_from([*BOOK.facts, "nothing"]), STATEMENTS, max_size=3))
@settings(max_examples=400, deadline=None)
def test_the_schema_accepts_just_what_the_advisor_accepts(stated: dict[str, object]) -> None:
    try:
        check_stated(BOOK, stated)
        accepted = True
    except InvalidFacts:
        accepted = False
    assert SCHEMA.is_valid(stated) == accepted


def test_the_whole_rulebook_can_be_read(client: httpx2.Client, book: Rulebook) -> None:
    assert client.get(urls.API_RULEBOOK).json()["hash"] == book.hash
    assert [rule["id"] for rule in everything(client, urls.API_RULES)] == list(book.every_rule)
    assert [step["id"] for step in everything(client, urls.API_STEPS)] == list(book.steps)
    assert {item["id"] for item in everything(client, urls.API_SOURCES)} == set(book.sources)


def test_a_rule_names_its_sources(client: httpx2.Client, book: Rulebook) -> None:
    for rule in book.every_rule.values():
        shown = client.get(urls.to(urls.API_RULE, rule_id=rule.id)).json()
        assert [cite["source"] for cite in shown["cites"]] == [cite.source for cite in rule.cites]
        assert shown["because"] == rule.because


@pytest.mark.parametrize("name", ["nothing", "..", "%00", "<b>"])
def test_a_rule_that_is_not_there_is_404(client: httpx2.Client, name: str) -> None:
    assert client.get(f"{urls.API_RULES}/{name}").status_code in (404,)


def test_the_server_says_that_it_lives_and_is_ready(client: httpx2.Client, book: Rulebook) -> None:
    assert client.get(urls.HEALTH_LIVE).json() == {"status": "live"}
    assert client.get(urls.HEALTH_READY).json() == {"status": "ready", "rulebook": book.hash}
