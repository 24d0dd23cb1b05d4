from __future__ import annotations

import json
from datetime import date, timedelta

from advisor_rules.rulebook import Rulebook
from app.recommending import Recommender, change_dates

BODY = b"{}"


def test_an_answer_is_kept_and_recalled_for_the_same_bytes(book: Rulebook) -> None:
    recommender = Recommender(book, 4)
    facts = recommender.check({"evaluation_exists": False})
    assert recommender.recall(BODY) is None
    assert recommender.remember(BODY, facts, None, True) is None
    answer = recommender.answer(facts, None, True)
    assert recommender.recall(BODY) is answer
    assert recommender.remember(b"{ }", facts, None, True) is answer
    assert recommender.answer(facts, None, True) is answer


def test_the_order_in_which_facts_are_stated_does_not_matter(book: Rulebook) -> None:
    recommender = Recommender(book, 4)
    one = recommender.check({"strict_format": True, "evaluation_exists": False})
    two = recommender.check({"evaluation_exists": False, "strict_format": True})
    assert recommender.answer(one, None, True) is recommender.answer(two, None, True)


def test_what_was_asked_longest_ago_is_let_go(book: Rulebook) -> None:
    recommender = Recommender(book, 2)
    facts = [recommender.check({"requests_per_day": number}) for number in range(3)]
    first, second = (recommender.answer(item, None, False) for item in facts[:2])
    assert recommender.answer(facts[0], None, False) is first
    recommender.answer(facts[2], None, False)
    assert recommender.answer(facts[0], None, False) is first
    assert recommender.answer(facts[1], None, False) is not second


def test_nothing_is_kept_where_nothing_shall_be(book: Rulebook) -> None:
    recommender = Recommender(book, 0)
    facts = recommender.check({})
    first = recommender.answer(facts, None, False)
    assert recommender.remember(BODY, facts, None, False) is None
    assert recommender.recall(BODY) is None
    assert recommender.answer(facts, None, False) is not first
    assert json.loads(first) == json.loads(recommender.answer(facts, None, False))


def test_between_two_changes_of_the_rules_every_day_is_the_same(book: Rulebook) -> None:
    recommender = Recommender(book, 0)
    newest = change_dates(book)[-1]
    assert recommender.in_force(newest) == newest
    assert recommender.in_force(newest + timedelta(days=400)) == newest
    assert recommender.in_force(date.min) == date.min
    facts = recommender.check({"evaluation_exists": True})
    later = json.loads(recommender.answer(facts, newest + timedelta(days=1), True))
    assert later.pop("as_of") == (newest + timedelta(days=1)).isoformat()
    at_change = json.loads(recommender.answer(facts, newest, True))
    at_change.pop("as_of")
    assert later == at_change
