from __future__ import annotations

import threading

import pytest
from sqlalchemy.orm import Session

from advisor_rules import FactValue, InvalidFacts
from advisor_rules.rulebook import Rulebook
from app import intake
from app.cases import create_case, get_case
from app.errors import NotFound, Stale
from app.storage import Case, Database


@pytest.fixture
def case(session: Session) -> Case:
    return create_case(session, "bot")


def test_what_is_said_holds(session: Session, book: Rulebook, case: Case) -> None:
    said = {"evaluation_exists": False, "task_kind": "writing", "requests_per_day": 40}
    changes = intake.record_facts(session, book, case.id, said)
    assert [change.fact for change in changes] == list(said)
    assert all(change.before is None for change in changes)
    values = intake.known_values(session, case.id)
    assert {name: value.value for name, value in values.items()} == said
    assert case.version == 2


def test_i_do_not_know_is_an_answer_of_its_own(
    session: Session, book: Rulebook, case: Case
) -> None:
    intake.record_facts(session, book, case.id, {"strict_format": None})
    state = intake.current_facts(session, case.id)["strict_format"]
    assert (state.state, state.value) == ("unknown", None)
    assert intake.known_values(session, case.id) == {}


def test_false_zero_and_unknown_are_three_things(
    session: Session, book: Rulebook, case: Case
) -> None:
    said = {"evaluation_exists": False, "requests_per_day": 0, "strict_format": None}
    intake.record_facts(session, book, case.id, said)
    assert {name: value.value for name, value in intake.known_values(session, case.id).items()} == {
        "evaluation_exists": False,
        "requests_per_day": 0,
    }


def test_measured_outranks_answered_outranks_assumed_whatever_came_last(
    session: Session, book: Rulebook, case: Case
) -> None:
    for origin, value in (("measured", 1), ("answered", 2), ("assumed", 3)):
        said = {"requests_per_day": {"value": value, "origin": origin, "evidence": origin}}
        intake.record_facts(session, book, case.id, said)
    state = intake.current_facts(session, case.id)["requests_per_day"]
    assert state.value == FactValue(1, "measured", "measured")
    assert [other.value for other in state.others] == [2, 3]


def test_values_that_agree_are_no_others(session: Session, book: Rulebook, case: Case) -> None:
    for origin in ("measured", "answered"):
        stated = {
            "evaluation_exists": FactValue(True, "measured" if origin == "measured" else "answered")
        }
        intake.record_facts(session, book, case.id, stated)
    assert intake.current_facts(session, case.id)["evaluation_exists"].others == ()


def test_the_newest_of_one_origin_holds(session: Session, book: Rulebook, case: Case) -> None:
    for value in (1, 2):
        intake.record_facts(session, book, case.id, {"requests_per_day": value})
    state = intake.current_facts(session, case.id)["requests_per_day"]
    assert state.value == FactValue(2)
    assert state.others == ()


def test_of_bad_facts_every_one_is_named_and_none_stored(
    session: Session, book: Rulebook, case: Case
) -> None:
    said = {
        "evaluation_exists": True,
        "task_kind": "juggling",
        "requests_per_day": -1,
        "evaluation_exist": True,
        "strict_format": {"value": True, "evidence": "bell \a"},
    }
    with pytest.raises(InvalidFacts) as caught:
        intake.record_facts(session, book, case.id, said)
    assert [problem.fact for problem in caught.value.problems] == list(said)[1:]
    assert intake.fact_history(session, case.id).total == 0
    assert case.version == 1


def test_saying_the_same_again_changes_nothing(
    session: Session, book: Rulebook, case: Case
) -> None:
    intake.record_facts(session, book, case.id, {"evaluation_exists": True})
    assert intake.record_facts(session, book, case.id, {"evaluation_exists": True}) == []
    assert (intake.fact_history(session, case.id).total, case.version) == (1, 2)


def test_new_evidence_for_the_same_value_is_kept(
    session: Session, book: Rulebook, case: Case
) -> None:
    for evidence in ("asked Ann", "asked Bob"):
        said = {"evaluation_exists": {"value": True, "evidence": evidence}}
        assert intake.record_facts(session, book, case.id, said)


def test_withdrawing_leaves_nothing_said_but_all_on_record(
    session: Session, book: Rulebook, case: Case
) -> None:
    for origin in ("measured", "answered"):
        said = {"evaluation_exists": {"value": True, "origin": origin}}
        intake.record_facts(session, book, case.id, said)
    withdraw = ["evaluation_exists"]
    (change,) = intake.record_facts(session, book, case.id, {}, withdraw=withdraw)
    assert change.after is None
    assert intake.current_facts(session, case.id) == {}
    assert intake.fact_history(session, case.id, "evaluation_exists").total == 4
    assert intake.record_facts(session, book, case.id, {}, withdraw=withdraw) == []


def test_stating_and_withdrawing_at_once_is_one_change(
    session: Session, book: Rulebook, case: Case
) -> None:
    intake.record_facts(session, book, case.id, {"strict_format": True})
    intake.record_facts(
        session, book, case.id, {"evaluation_exists": True}, withdraw=["strict_format"]
    )
    assert set(intake.known_values(session, case.id)) == {"evaluation_exists"}
    intake.undo_last(session, case.id)
    assert set(intake.known_values(session, case.id)) == {"strict_format"}
    with pytest.raises(InvalidFacts):
        intake.record_facts(
            session, book, case.id, {"strict_format": None}, withdraw=["strict_format", "nothing"]
        )


def test_undo_takes_back_step_by_step_and_adds_to_the_record(
    session: Session, book: Rulebook, case: Case
) -> None:
    intake.record_facts(session, book, case.id, {"evaluation_exists": True, "strict_format": True})
    intake.record_facts(session, book, case.id, {"evaluation_exists": False})
    (change,) = intake.undo_last(session, case.id)
    assert change.after is not None
    assert change.after.value == FactValue(True)
    assert len(intake.undo_last(session, case.id)) == 2
    assert intake.current_facts(session, case.id) == {}
    assert intake.undo_last(session, case.id) == []
    assert intake.fact_history(session, case.id).total == 6


def test_after_an_undo_something_new_can_be_said_and_undone(
    session: Session, book: Rulebook, case: Case
) -> None:
    intake.record_facts(session, book, case.id, {"strict_format": True})
    intake.undo_last(session, case.id)
    intake.record_facts(session, book, case.id, {"strict_format": False})
    assert intake.undo_last(session, case.id)
    assert intake.known_values(session, case.id) == {}


def test_undo_brings_back_i_do_not_know(session: Session, book: Rulebook, case: Case) -> None:
    intake.record_facts(session, book, case.id, {"strict_format": None})
    intake.record_facts(session, book, case.id, {"strict_format": True})
    intake.undo_last(session, case.id)
    assert intake.current_facts(session, case.id)["strict_format"].state == "unknown"


def test_the_record_is_newest_first_and_in_pages(
    session: Session, book: Rulebook, case: Case
) -> None:
    for number in range(5):
        intake.record_facts(session, book, case.id, {"requests_per_day": number})
    page = intake.fact_history(session, case.id, "requests_per_day", limit=2, offset=1)
    assert [entry.value for entry in page.items] == [3, 2]
    assert page.total == 5
    assert intake.fact_history(session, case.id, "strict_format").total == 0


def test_facts_of_one_case_are_not_those_of_another(
    session: Session, book: Rulebook, case: Case
) -> None:
    other = create_case(session, "other")
    intake.record_facts(session, book, case.id, {"evaluation_exists": True})
    assert intake.current_facts(session, other.id) == {}
    assert intake.undo_last(session, other.id) == []


def test_a_missing_case_has_no_facts(session: Session, book: Rulebook) -> None:
    with pytest.raises(NotFound):
        intake.current_facts(session, "nothing")
    with pytest.raises(NotFound):
        intake.record_facts(session, book, "nothing", {"evaluation_exists": True})
    with pytest.raises(NotFound):
        intake.undo_last(session, "nothing")


def test_a_version_long_gone_is_refused(session: Session, book: Rulebook, case: Case) -> None:
    intake.record_facts(session, book, case.id, {"strict_format": True}, expected_version=1)
    with pytest.raises(Stale):
        intake.record_facts(session, book, case.id, {"strict_format": False}, expected_version=1)


def test_facts_that_a_later_rulebook_dropped_are_left_out(book: Rulebook) -> None:
    stored = {
        "evaluation_exists": FactValue(True),
        "no_such_fact": FactValue(1),
        "task_kind": FactValue("juggling"),
    }
    assert intake.fitting(book, stored) == (
        {"evaluation_exists": FactValue(True)},
        ("no_such_fact", "task_kind"),
    )


def test_two_who_undo_at_once_take_back_two_steps(database: Database, book: Rulebook) -> None:
    with database.writing() as session:
        case = create_case(session, "bot")
        for number in range(3):
            intake.record_facts(session, book, case.id, {"requests_per_day": number})
    start = threading.Barrier(2)

    def undo() -> None:
        start.wait()
        with database.writing() as session:
            intake.undo_last(session, case.id)

    threads = [threading.Thread(target=undo) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        assert intake.known_values(session, case.id)["requests_per_day"].value == 0
        assert get_case(session, case.id).version == 6
