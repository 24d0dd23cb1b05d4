from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml
from sqlalchemy.orm import Session

from advisor_rules import FactValue, InvalidFacts, advise, load_rulebook
from advisor_rules.rulebook import Rulebook
from app import advising
from app.cases import create_case
from app.errors import NotFound
from app.intake import record_facts
from app.recommending import change_dates
from app.storage import Case

NOT_DEFINED = {"evaluation_exists": False}


@pytest.fixture
def case(session: Session) -> Case:
    return create_case(session, "bot")


@pytest.fixture
def other_rules(tmp_path: Path, book: Rulebook) -> Rulebook:
    """The rulebook with one rule more: whoever has an evaluation had better stay."""
    rule = {
        "id": "house_rule",
        "title": "Leave it alone",
        "when": {"evaluation_exists": False},
        "gives": {"block": ["define_evaluation"]},
        "strength": "strong",
        "because": "So says the house.",
        "cites": [next(iter(book.sources))],
        "examples": [{"facts": NOT_DEFINED, "fires": True}],
    }
    folder = tmp_path / "house" / "rules"
    folder.mkdir(parents=True)
    (folder / "house_rule.yaml").write_text(yaml.safe_dump(rule))
    return load_rulebook(folder.parent)


def test_advice_is_stored_whole(session: Session, book: Rulebook, case: Case) -> None:
    record_facts(session, book, case.id, NOT_DEFINED)
    record = advising.advise_case(session, book, case.id)
    assert (record.number, record.step) == (1, "define_evaluation")
    assert record.rulebook_hash == book.hash
    assert record.as_of == book.latest()
    assert record.advice["plan"]
    assert record.facts == record.advice["facts"]
    assert advising.stored_facts(record) == {"evaluation_exists": FactValue(False)}


def test_advice_for_nothing_known_is_stored_too(
    session: Session, book: Rulebook, case: Case
) -> None:
    record = advising.advise_case(session, book, case.id)
    assert record.facts == {}
    assert record.step == advise({}, rulebook=book).step


def test_the_same_advice_is_not_stored_twice(session: Session, book: Rulebook, case: Case) -> None:
    record_facts(session, book, case.id, NOT_DEFINED)
    first = advising.advise_case(session, book, case.id)
    assert advising.advise_case(session, book, case.id).id == first.id
    later = book.latest() + timedelta(days=1)
    assert later not in change_dates(book)
    assert advising.advise_case(session, book, case.id, later).id == first.id
    assert advising.history(session, case.id).total == 1


def test_new_facts_give_new_advice(session: Session, book: Rulebook, case: Case) -> None:
    advising.advise_case(session, book, case.id)
    record_facts(session, book, case.id, NOT_DEFINED)
    second = advising.advise_case(session, book, case.id)
    assert second.number == 2
    assert [item.number for item in advising.history(session, case.id).items] == [2, 1]
    assert advising.latest(session, case.id) is second
    earlier = advising.before(session, second)
    assert earlier is not None
    assert earlier.number == 1
    assert advising.before(session, earlier) is None


def test_a_rule_not_yet_in_force_gives_other_advice(
    session: Session, book: Rulebook, case: Case
) -> None:
    record_facts(session, book, case.id, {"evaluation_exists": True})
    advising.advise_case(session, book, case.id)
    record = advising.advise_case(session, book, case.id, date(2020, 1, 1))
    assert record.as_of in (date(2020, 1, 1), book.latest())


def test_advice_is_found_by_its_number_alone(session: Session, book: Rulebook, case: Case) -> None:
    record = advising.advise_case(session, book, case.id)
    assert advising.get_advice(session, case.id, 1) is record
    for number in (0, 2, -1, 1 << 40):
        with pytest.raises(NotFound):
            advising.get_advice(session, case.id, number)
    with pytest.raises(NotFound):
        advising.advise_case(session, book, "nothing")


def test_a_preview_changes_the_step_and_stores_nothing(
    session: Session, book: Rulebook, case: Case
) -> None:
    known = {"evaluation_exists": FactValue(True)}
    assert advising.preview(book, known, NOT_DEFINED).step == "define_evaluation"
    assert (
        "evaluation_exists" not in advising.preview(book, known, {"evaluation_exists": None}).facts
    )
    with pytest.raises(InvalidFacts):
        advising.preview(book, known, {"evaluation_exists": "perhaps", "nothing": 1})
    assert advising.history(session, case.id).total == 0


def test_the_fact_that_moved_the_step_is_named(
    session: Session, book: Rulebook, case: Case
) -> None:
    record_facts(session, book, case.id, {**NOT_DEFINED, "requests_per_day": 5})
    older = advising.advise_case(session, book, case.id)
    record_facts(session, book, case.id, {"evaluation_exists": True, "requests_per_day": 6})
    newer = advising.advise_case(session, book, case.id)
    found = advising.difference(book, older, newer)
    assert found.step_changed
    assert found.step_from == "define_evaluation"
    assert found.decisive == ("evaluation_exists",)
    assert {item.fact: (item.before, item.after) for item in found.facts_changed} == {
        "evaluation_exists": (False, True),
        "requests_per_day": (5, 6),
    }
    assert not found.rulebook_changed


def test_a_withdrawn_fact_can_be_what_moved_the_step(
    session: Session, book: Rulebook, case: Case
) -> None:
    record_facts(session, book, case.id, NOT_DEFINED)
    older = advising.advise_case(session, book, case.id)
    record_facts(session, book, case.id, {}, withdraw=["evaluation_exists"])
    newer = advising.advise_case(session, book, case.id)
    found = advising.difference(book, older, newer)
    assert found.facts_changed == (advising.FactDifference("evaluation_exists", False, None),)
    assert found.decisive == (("evaluation_exists",) if found.step_changed else ())


def test_of_changes_of_which_each_would_do_all_are_named(
    session: Session, book: Rulebook, case: Case
) -> None:
    older = advising.advise_case(session, book, case.id)
    either = {"instructions_clear": False, "one_prompt_does_everything": True}
    record_facts(session, book, case.id, {**either, "requests_per_day": 6})
    newer = advising.advise_case(session, book, case.id)
    found = advising.difference(book, older, newer)
    assert (found.step_from, found.step_to) == (None, "improve_prompt")
    assert found.decisive == ()
    assert set(found.sufficient) == set(either)


def test_without_a_new_step_no_fact_is_decisive(
    session: Session, book: Rulebook, case: Case
) -> None:
    record_facts(session, book, case.id, NOT_DEFINED)
    older = advising.advise_case(session, book, case.id)
    record_facts(session, book, case.id, {"requests_per_day": 6})
    found = advising.difference(book, older, advising.advise_case(session, book, case.id))
    assert not found.step_changed
    assert found.decisive == ()


def test_a_new_rule_can_be_what_moved_the_step(
    session: Session, book: Rulebook, other_rules: Rulebook, case: Case
) -> None:
    record_facts(session, book, case.id, NOT_DEFINED)
    older = advising.advise_case(session, book, case.id)
    newer = advising.advise_case(session, other_rules, case.id)
    assert newer.number == 2
    found = advising.difference(other_rules, older, newer)
    assert (found.rulebook_changed, found.rulebook_decisive) == (True, True)
    assert found.decisive == ()


def test_stored_advice_is_given_again(session: Session, book: Rulebook, case: Case) -> None:
    record_facts(session, book, case.id, {**NOT_DEFINED, "gpu_memory_gb": 24.0})
    record = advising.advise_case(session, book, case.id)
    session.expire(record)
    assert advising.replay(book, record) == advising.Replay(True, advising.SAME)


def test_a_replay_says_that_the_rules_have_changed(
    session: Session, book: Rulebook, other_rules: Rulebook, case: Case
) -> None:
    record_facts(session, book, case.id, NOT_DEFINED)
    record = advising.advise_case(session, book, case.id)
    session.expunge(record)
    record.facts = {**record.facts, "long_gone": {"value": 1, "origin": "answered", "evidence": ""}}
    found = advising.replay(other_rules, record)
    assert not found.same
    assert book.hash in found.why
    assert other_rules.hash in found.why
    assert "instead of define_evaluation" in found.why
    assert "long_gone" in found.why


def test_a_replay_notices_that_stored_advice_is_not_what_the_rules_say(
    session: Session, book: Rulebook, case: Case
) -> None:
    record = advising.advise_case(session, book, case.id)
    session.expunge(record)
    record.advice = {**record.advice, "step": "finetune"}
    assert advising.replay(book, record) == advising.Replay(False, advising.ENGINE_CHANGED)
