from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from advisor_rules import default_rulebook

BOOK = default_rulebook()
KINDS = {
    "rules": BOOK.rules,
    "facts": BOOK.facts,
    "steps": BOOK.steps,
    "sources": BOOK.sources,
    "conflicts": BOOK.conflicts,
    "thresholds": BOOK.thresholds,
}
LINK = re.compile(r'href="(/rulebook[^"#]*)"')


@pytest.mark.parametrize("kind", KINDS)
def test_every_entry_is_listed_and_has_its_page(kind: str, client: TestClient) -> None:
    listed = client.get("/rulebook" if kind == "rules" else f"/rulebook/{kind}").text

    for name in KINDS[kind]:
        assert f"/rulebook/{kind}/{name}" in listed
        assert client.get(f"/rulebook/{kind}/{name}").status_code == 200


def test_every_link_of_the_rulebook_leads_somewhere(client: TestClient) -> None:
    start = ["/rulebook", *(f"/rulebook/{kind}" for kind in KINDS if kind != "rules")]
    seen: set[str] = set()
    while start:
        url = start.pop()
        if url not in seen:
            seen.add(url)
            answer = client.get(url)
            assert answer.status_code == 200, url
            start += LINK.findall(answer.text)

    assert len(seen) > sum(map(len, KINDS.values()))


def test_links_go_both_ways(client: TestClient) -> None:
    rule = next(rule for rule in BOOK.rules.values() if rule.cites)
    source = rule.cites[0].source
    step = next(target for _, target in rule.gives.effects()) if rule.gives.effects() else None

    assert f"/rulebook/sources/{source}" in client.get(f"/rulebook/rules/{rule.id}").text
    assert f"/rulebook/rules/{rule.id}" in client.get(f"/rulebook/sources/{source}").text
    if step:
        page = client.get(f"/rulebook/steps/{BOOK.step_of(step)}").text
        assert f"/rulebook/rules/{rule.id}" in page


def test_rules_are_filtered_by_words_step_fact_and_source(client: TestClient) -> None:
    everything = client.get("/rulebook").text
    narrowed = client.get("/rulebook?step=define_evaluation&fact=evaluation_exists").text

    assert f"{len(BOOK.every_rule)} rules" in everything
    assert f"of {len(BOOK.every_rule)}" in narrowed
    assert "No rule matches" in client.get("/rulebook?q=zzzz").text
    part = client.get("/rulebook?source=S1", headers={"HX-Request": "true"}).text
    assert "<html" not in part


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_entry_is_not_found(kind: str, client: TestClient) -> None:
    assert client.get(f"/rulebook/{kind}/%3Cscript%3E").status_code == 404
