from __future__ import annotations

import pytest
from sqlalchemy import select

from advisor_rules.rulebook import Rulebook
from app.advising import advise_case, what_changed
from app.errors import Conflict
from app.intake import current_facts, record_facts
from app.labelling import Opinion, label_record, undo_label
from app.measuring import apply_to_case, conflicts_with_answers, summarised, summary_of
from app.settings import Settings
from app.storage import Database, FailureLog, LogRecord
from evidence.diagnose import Diagnosed
from evidence.summary import Tally
from tests.app.failures import as_lines, diagnosed_here, queued, record

RECORDS = 60


@pytest.fixture
def log(database: Database, settings: Settings) -> FailureLog:
    rows = [
        record(number, metadata={"date": f"2026-03-{1 + number % 3:02}"})
        for number in range(RECORDS)
    ]
    return diagnosed_here(database, settings, as_lines([*rows, *rows[:5]]))


def say(
    database: Database,
    book: Rulebook,
    log: FailureLog,
    label: str,
    numbers: range,
    subtype: str = "",
) -> None:
    with database.writing() as session:
        for number in numbers:
            opinion = Opinion("Ada", label, subtype)
            label_record(session, book, log.case_id, log.id, number, opinion)


def test_people_outrank_the_rules_in_every_share(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    say(database, book, log, "information", range(1, 41), "wrong_fact")
    say(database, book, log, "behavior", range(41, 61))
    with database.reading() as session:
        found = summary_of(session, book, log.case_id, log.id)
    assert (found["records"], found["repeats"], found["labelled_by_people"]) == (60, 5, 60)
    assert found["labels"]["information"]["count"] == 40
    assert found["failing"]["information"]["share"] == pytest.approx(40 / 60)
    assert found["subtypes"]["wrong_fact"]["count"] == 40
    assert found["saturation"]["points"][0] == [1, 1]
    assert [point["n"] for point in found["over_time"]] == [20, 20, 20]
    assert found["confidence"] == {"person": 60}


def test_counting_by_groups_gives_what_counting_one_by_one_gives(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    say(database, book, log, "both", range(7, 20), "wrong_fact+malformed_output")
    say(database, book, log, "information", range(15, 30), "outdated")
    tally = Tally()
    with database.reading() as session:
        found = summarised(session, book, log)
        rows = session.scalars(
            select(LogRecord).filter_by(log_id=log.id).order_by(LogRecord.number)
        )
        for row in rows:
            label, subtype, sure = row.final_label, row.final_subtype, row.confidence
            tally.add(
                Diagnosed("", label, subtype, sure, (), ()),  # type: ignore[arg-type]
                repeat=row.repeat_of is not None,
                by_person=row.human_label is not None,
                day=row.happened_at.date() if row.happened_at else None,
            )
    tally.signals.update(log.seen)
    whole = tally.summary(book)
    assert {name: found[name] for name in whole} == whole


def test_labels_change_the_facts_and_the_advice_which_says_what_changed(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        record_facts(session, book, log.case_id, {"facts_wrong": False, "evaluation_exists": True})
        before = advise_case(session, book, log.case_id)
    say(database, book, log, "information", range(1, RECORDS + 1), "wrong_fact")
    with database.writing() as session:
        done = apply_to_case(session, book, log.case_id, log.id)
        assert "facts_wrong" in {change.fact for change in done.changes}
        assert done.advice is not None
        assert done.advice.number == before.number + 1
        difference = what_changed(session, book, done.advice)
        assert difference is not None
        assert "facts_wrong" in {item.fact for item in difference.facts_changed}
        assert apply_to_case(session, book, log.case_id, log.id).changes == ()
        fact = current_facts(session, log.case_id)["facts_wrong"].value
    assert fact is not None
    assert (fact.value, fact.origin) == (True, "measured")
    assert "60 of 60" in fact.evidence


def test_a_fact_that_labels_take_away_gives_way_to_the_answer(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        record_facts(session, book, log.case_id, {"facts_wrong": False})
    say(database, book, log, "information", range(1, RECORDS + 1), "wrong_fact")
    with database.writing() as session:
        apply_to_case(session, book, log.case_id, log.id)
    say(database, book, log, "neither", range(1, RECORDS + 1))
    with database.writing() as session:
        apply_to_case(session, book, log.case_id, log.id)
        held = current_facts(session, log.case_id)
    assert held["facts_wrong"].value is not None
    assert (held["facts_wrong"].value.value, held["facts_wrong"].value.origin) == (
        False,
        "answered",
    )
    assert "information_share" not in held


def test_a_fact_that_another_log_measured_since_stays(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    say(database, book, log, "information", range(1, RECORDS + 1), "wrong_fact")
    with database.writing() as session:
        apply_to_case(session, book, log.case_id, log.id)
        other = {"value": True, "origin": "measured", "evidence": "another log"}
        record_facts(session, book, log.case_id, {"facts_wrong": other})
    say(database, book, log, "neither", range(1, RECORDS + 1))
    with database.writing() as session:
        apply_to_case(session, book, log.case_id, log.id)
        fact = current_facts(session, log.case_id)["facts_wrong"].value
    assert fact is not None
    assert fact.evidence == "another log"


def test_what_was_answered_otherwise_is_shown_beside_what_was_measured(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    say(database, book, log, "information", range(1, RECORDS + 1), "wrong_fact")
    with database.writing() as session:
        record_facts(session, book, log.case_id, {"facts_wrong": False})
        apply_to_case(session, book, log.case_id, log.id)
        [conflict] = conflicts_with_answers(session, log.case_id)
    assert conflict.fact == "facts_wrong"
    assert conflict.measured.value is True
    assert [value.value for value in conflict.answered] == [False]


def test_an_undo_brings_the_old_summary_back(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    say(database, book, log, "both", range(1, 2))
    with database.writing() as session:
        undo_label(session, log.case_id, log.id, "Ada")
    with database.reading() as session:
        found = summary_of(session, book, log.case_id, log.id)
    assert log.summary is not None
    assert found["labels"] == log.summary["labels"]
    assert found["labelled_by_people"] == 0


def test_a_log_says_nothing_of_its_case_before_it_is_diagnosed(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    log = queued(database, settings, as_lines([record(1)]))
    with pytest.raises(Conflict), database.writing() as session:
        apply_to_case(session, book, log.case_id, log.id)
    with pytest.raises(Conflict), database.reading() as session:
        summary_of(session, book, log.case_id, log.id)
