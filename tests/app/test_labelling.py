from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from advisor_rules.model import CLASSES
from advisor_rules.rulebook import Rulebook
from app.errors import Invalid, NotFound
from app.labelling import (
    EVERY,
    Opinion,
    agreements,
    annotators,
    drawn,
    interval_of,
    label_record,
    next_to_label,
    undo_label,
)
from app.log_records import get_record
from app.logs import get_log
from app.settings import Settings
from app.storage import Database, FailureLog, HumanLabel, LogRecord
from tests.app.failures import as_lines, diagnosed_here, record

RECORDS = 30


@pytest.fixture
def log(database: Database, settings: Settings) -> FailureLog:
    rows = [record(number) for number in range(15)]
    rows += [record(number, output=f"I cannot help with {number}.") for number in range(15, 22)]
    rows += [
        record(number, output=f'{{"broken": {number}', format_spec={"type": "json"})
        for number in range(22, 30)
    ]
    rows.append(record(99) | {"input": "Question 0?", "output": "Answer 0."})
    return diagnosed_here(database, settings, as_lines(rows))


def label(
    session: Session, book: Rulebook, log: FailureLog, number: int, name: str, what: str
) -> HumanLabel:
    return label_record(session, book, log.case_id, log.id, number, Opinion(name, what))


def holds(session: Session, log: FailureLog, number: int) -> tuple[str, bool]:
    session.expire_all()
    row = get_record(session, log.case_id, log.id, number).row
    return row.label, row.by_person


def test_a_person_outranks_the_rules_until_it_is_undone(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        machine = holds(session, log, 1)
        label(session, book, log, 1, "Ada", "information")
        assert holds(session, log, 1) == ("information", True)
        label(session, book, log, 1, "Ada", "both")
        assert holds(session, log, 1) == ("both", True)
        assert get_log(session, log.case_id, log.id).labelled == 1
        undone = [undo_label(session, log.case_id, log.id, "Ada") for _ in range(3)]
        assert [entry.label if entry else "-" for entry in undone] == ["information", None, "-"]
        assert holds(session, log, 1) == machine
        assert get_log(session, log.case_id, log.id).labelled == 0
        assert annotators(session, log.case_id, log.id) == {}


def test_what_most_annotators_say_counts_and_the_newest_of_equals(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        label(session, book, log, 1, "Ada", "information")
        label(session, book, log, 1, "Grace", "behavior")
        assert holds(session, log, 1) == ("behavior", True)
        label(session, book, log, 1, "Mary", "information")
        assert holds(session, log, 1) == ("information", True)
        assert annotators(session, log.case_id, log.id) == {"Ada": 1, "Grace": 1, "Mary": 1}


def test_an_undo_takes_back_the_own_word_alone(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        label(session, book, log, 1, "Ada", "information")
        label(session, book, log, 2, "Grace", "both")
        undone = undo_label(session, log.case_id, log.id, "Ada")
        assert undone is not None
        assert undone.number == 1
        assert holds(session, log, 2) == ("both", True)
        assert undo_label(session, log.case_id, log.id, "Nobody") is None


def test_a_repeat_is_labelled_with_what_it_repeats(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        assert label(session, book, log, RECORDS + 1, "Ada", "both").number == 1
        assert holds(session, log, 1) == ("both", True)


@pytest.mark.parametrize(
    ("opinion", "wrong"),
    [
        (Opinion("", "nothing", "no_such", "bell \a"), {"annotator", "label", "subtype", "note"}),
        (Opinion("x" * 101, "both"), {"annotator"}),
        (Opinion("a\u202eb", "both"), {"annotator"}),
        (Opinion("Ada", "both", "wrong_fact+wrong_fact+wrong_fact"), {"subtype"}),
    ],
)
def test_every_wrong_field_of_a_label_is_named(
    database: Database, log: FailureLog, book: Rulebook, opinion: Opinion, wrong: set[str]
) -> None:
    with pytest.raises(Invalid) as caught, database.writing() as session:
        label_record(session, book, log.case_id, log.id, 1, opinion)
    assert {problem.where for problem in caught.value.problems} == wrong
    with pytest.raises(NotFound), database.writing() as session:
        label(session, book, log, 1_000, "Ada", "both")


def test_labels_are_only_ever_added(database: Database, log: FailureLog, book: Rulebook) -> None:
    with database.writing() as session:
        label(session, book, log, 1, "Ada", "both")
    for change in (delete(HumanLabel), update(HumanLabel).values(label="neither")):
        with pytest.raises(Exception, match="append"), database.writing() as session:
            session.execute(change)


def test_uncertain_records_come_first_and_every_record_comes_once(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    asked: list[int] = []
    reasons: list[bool] = []
    with database.writing() as session:
        while found := next_to_label(session, log.case_id, log.id, "Ada"):
            assert found.left == RECORDS - len(asked)
            assert next_to_label(session, log.case_id, log.id, "Ada") == found
            asked.append(found.number)
            reasons.append(found.at_random)
            label(session, book, log, found.number, "Ada", "neither")
        sureness = {
            row.number: row.sureness for row in session.query(LogRecord).filter_by(log_id=log.id)
        }
    assert sorted(asked) == list(range(1, RECORDS + 1))
    assert [place for place, at_random in enumerate(reasons, 1) if at_random] == [10, 20, 30]
    chosen = [sureness[number] for number, random in zip(asked, reasons, strict=True) if not random]
    assert chosen == sorted(chosen)


def test_every_annotator_gets_the_same_random_records(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    draws = {}
    with database.writing() as session:
        order = list(drawn(session, log))
        for name in ("Ada", "Grace"):
            for number in order[-(EVERY - 1) :]:
                label(session, book, log, number, name, "both")
            draws[name] = next_to_label(session, log.case_id, log.id, name)
    assert sorted(order) == list(range(1, RECORDS + 1))
    assert draws["Ada"] == draws["Grace"]
    assert draws["Ada"] is not None
    assert (draws["Ada"].number, draws["Ada"].at_random) == (order[0], True)


def test_agreement_is_measured_on_what_both_labelled(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        for number in range(1, 21):
            label(session, book, log, number, "Ada", "both" if number > 10 else "neither")
        for number in range(5, 25):
            label(session, book, log, number, "Grace", "both" if number > 12 else "neither")
        [pair] = agreements(session, log.case_id, log.id)
    # 16 in common, 14 agreed; chance: (6/16)(8/16) + (10/16)(8/16) = 1/2; kappa 3/4
    assert (pair.n, pair.agreed) == (16, 14)
    assert pair.kappa == pytest.approx(0.75)
    assert pair.low is not None
    assert pair.high is not None
    assert 0.4 < pair.low < 0.75 < pair.high <= 1
    assert pair.confusion["both"] == {"both": 8, "neither": 2}


@given(st.integers(1, 500), st.data())
def test_an_interval_of_kappa_holds_it(n: int, data: st.DataObject) -> None:
    agreed = data.draw(st.integers(0, n))
    expected = data.draw(st.floats(0, 0.99))
    kappa = (agreed / n - expected) / (1 - expected)
    low, high = interval_of(kappa, agreed, n)
    assert low is not None
    assert high is not None
    assert low <= max(-1.0, kappa) + 1e-9
    assert high >= kappa - 1e-9


def test_the_classes_that_can_be_said_are_those_of_the_rules(
    database: Database, log: FailureLog, book: Rulebook
) -> None:
    with database.writing() as session:
        for number, name in enumerate(CLASSES, 1):
            assert label(session, book, log, number, "Ada", name).label == name
