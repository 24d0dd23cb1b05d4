from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from advisor_rules import advise
from advisor_rules.rulebook import Rulebook
from advisor_rules.serialize import advice_to_dict
from app import urls

JSON = {"content-type": "application/json"}
NOT_DEFINED = {"evaluation_exists": False}


def ask(client: httpx2.Client, facts: object, **more: object) -> httpx2.Response:
    return client.post(urls.RECOMMEND, json={"facts": facts, **more})


def test_advice_is_what_the_function_says(client: httpx2.Client, book: Rulebook) -> None:
    facts = {"evaluation_exists": True, "requests_per_day": 40, "task_kind": "writing"}
    answer = ask(client, facts)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    expected = advice_to_dict(advise(facts, rulebook=book), book)
    assert answer.json() == json.loads(json.dumps(expected))


def test_an_omitted_fact_and_a_null_are_both_unknown(client: httpx2.Client) -> None:
    left_out, null = ask(client, {}), ask(client, {"evaluation_exists": None})
    assert left_out.json() == null.json()
    assert left_out.json()["facts"] == {}


def test_the_date_is_taken_and_given_back(client: httpx2.Client) -> None:
    answers = [ask(client, NOT_DEFINED, as_of=day).json() for day in ("2026-11-20", "2031-02-03")]
    assert [answer["as_of"] for answer in answers] == ["2026-11-20", "2031-02-03"]


def test_what_was_not_asked_to_be_explained_is_not(client: httpx2.Client) -> None:
    answer = ask(client, NOT_DEFINED, explained=False).json()
    assert (answer["flips"], answer["next_questions"], answer["decided"]) == ([], [], None)
    assert ask(client, NOT_DEFINED).json()["flips"]


def test_origin_and_evidence_travel_with_the_fact(client: httpx2.Client) -> None:
    said = {"value": False, "origin": "measured", "evidence": "counted <b>twice</b>"}
    assert ask(client, {"evaluation_exists": said}).json()["facts"] == {"evaluation_exists": said}


def test_the_same_facts_with_other_evidence_are_not_mixed_up(client: httpx2.Client) -> None:
    for evidence in ("one", "two", "one"):
        facts = {"evaluation_exists": {"value": False, "evidence": evidence}}
        assert ask(client, facts).json()["facts"]["evaluation_exists"]["evidence"] == evidence


def test_yes_and_one_are_not_mixed_up(client: httpx2.Client) -> None:
    assert ask(client, {"evaluation_exists": True}).status_code == 200
    assert ask(client, {"evaluation_exists": 1}).status_code == 422
    assert ask(client, {"requests_per_day": 1}).status_code == 200
    assert ask(client, {"requests_per_day": True}).status_code == 422


def test_every_bad_fact_is_named_at_once(client: httpx2.Client) -> None:
    facts = {
        "evaluation_exist": True,
        "evaluation_exists": "no",
        "task_kind": 4,
        "requests_per_day": -1,
        "diagnosis": "information",
        "strict_format": {"value": True, "origin": "heard"},
        "style_matters": True,
    }
    answer = ask(client, facts)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {error["where"] for error in problem["errors"]} == set(facts) - {"style_matters"}
    assert (problem["status"], problem["instance"]) == (422, urls.RECOMMEND)
    assert "evaluation_exists" in problem["errors"][0]["message"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[1, 2", 400),
        (b'{"facts": {"evaluation_exists": NaN}}', 422),
        (b'{"facts": {"requests_per_day": ' + b"9" * 10_000 + b"}}", 400),
        (b'{"facts": ' + b"[" * 100_000, 400),
        (b"\xff\xfe{}", 400),
        (b'{"facts": {"evaluation_exists": {"value": true, "evidence": "\\ud800"}}}', 400),
        (b'{"facts": {"evaluation_exists": {"value": true, "evidence": "\\u0000"}}}', 422),
        (b'{"facts": {"requests_per_day": 1e999}}', 422),
        (b'{"facts": {"requests_per_day": ' + b"9" * 400 + b"}}", 422),
        (b"[]", 422),
        (b'"facts"', 422),
        (b"null", 422),
        (b"{}", 422),
        (b'{"facts": null}', 422),
        (b'{"facts": []}', 422),
        (b'{"facts": {}, "fact": {}}', 422),
        (b'{"facts": {}, "as_of": "yesterday"}', 422),
        (b'{"facts": {}, "as_of": 20261120}', 422),
        (b'{"facts": {}, "explained": "yes"}', 422),
        (b'{"facts": {"\\u202e\\u0007<script>": {"a": [{}]}}}', 422),
    ],
)
def test_a_bad_body_is_told_what_is_wrong(client: httpx2.Client, body: bytes, status: int) -> None:
    answer = client.post(urls.RECOMMEND, content=body, headers=JSON)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_ten_thousand_wrong_facts_get_a_short_answer(client: httpx2.Client) -> None:
    answer = ask(client, {f"x{number}": number for number in range(10_000)})
    assert answer.status_code == 422
    assert answer.json()["detail"].startswith("10000 facts")
    assert len(answer.content) < 50_000


def test_many_who_ask_at_once_get_their_own_answers(address: str, book: Rulebook) -> None:
    def one(number: int) -> tuple[int, dict[str, Any]]:
        with httpx2.Client(base_url=address, timeout=60) as client:
            return number, ask(client, {"requests_per_day": number % 6}).json()

    with ThreadPoolExecutor(8) as pool:
        for number, advice in pool.map(one, range(24)):
            assert advice["facts"]["requests_per_day"]["value"] == number % 6
