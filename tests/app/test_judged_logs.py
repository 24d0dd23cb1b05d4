"""What a language model says of a stored log, and what that is worth; on real databases."""

from __future__ import annotations

from dataclasses import replace

import pytest

from advisor_rules.rulebook import Rulebook
from app.judged_logs import voices
from app.judging import MOST_SILENT, by_rules_and_people
from app.labelling import undo_label
from app.log_records import get_record
from app.measuring import summary_of
from app.settings import Settings
from app.storage import Database
from tests.app.failures import as_lines, diagnosed_here, read_again
from tests.app.judge import model, open_record
from tests.app.judging import MANY, judged, label, open_log, stands, with_model
from tests.evidence.judge.endpoint import Reply


def test_opinions_of_a_judge_that_nobody_checked_are_kept_and_do_not_count(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings)
    with model() as served:
        settings = with_model(database, settings, served)
        assert stands(database, settings, log).to_ask == MANY
        run = judged(database, settings, log)
        assert set(served.keys) == {"Bearer sk-secret"}
    assert (run.state, run.position, run.total, run.error) == ("done", MANY, MANY, "")
    found = stands(database, settings, log)
    assert (found.to_ask, found.busy) == (0, False)
    assert found.found
    assert (found.found["asked"], found.found["answered"]) == (MANY, MANY)
    assert (found.found["calibration"], found.found["corrected"]) == (None, None)
    assert found.found["raw"]["information"]["count"] == 15
    with database.reading() as session:
        seen = get_record(session, log.case_id, log.id, 1)
        said = voices(session, log, 1)
    assert seen.row.label == "uncertain"
    shown = {item["signal"]: item["value"] for item in seen.signals}
    assert shown["judge_information"] == "wrong"
    assert "judge_facts" not in shown
    assert [(voice.facts, voice.reason, voice.counts) for voice in said] == [
        ("wrong", "It is wrong.", False)
    ]
    summary = read_again(database, log).summary
    assert summary
    assert summary["labels"]["uncertain"]["count"] == MANY
    assert summary["coverage"]["judge_information"]["measured"] == MANY


def test_from_thirty_labels_on_its_opinions_count_and_shares_are_corrected(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    log = open_log(database, settings)
    with model() as served:
        settings = with_model(database, settings, served)
        label(database, book, log, range(1, 11))
        judged(database, settings, log)
        found = stands(database, settings, log).found
        assert found
        assert found["calibration"]["missing"] == 20
        assert found["corrected"] is None
        label(database, book, log, range(11, 34))
        judged(database, settings, log)  # nothing is asked again
        assert len(served.requests) == MANY
    again = read_again(database, log)
    assert again.summary
    judge = again.summary["judge"]
    assert judge["calibration"]["n"] == 33
    assert judge["calibration"]["information"]["counts"]
    assert again.summary["labels"]["uncertain"]["count"] == 0
    assert again.summary["labels"]["information"]["count"] == 15
    facts = judge["corrected"]["information"]
    assert facts["uncertain"]["corrected"]["share"] == pytest.approx(4 / 12)
    assert facts["log"]["raw"]["n"] == MANY + 1
    low, high = (facts["log"]["corrected"][name] for name in ("low", "high"))
    assert low < 15 / 46 < high
    with database.reading() as session:
        seen = get_record(session, log.case_id, log.id, 40)
        assert voices(session, log, 40)[0].counts
    assert (seen.row.label, seen.row.confidence) == ("information", "moderate")
    assert "judge_says_facts_wrong" in seen.rules


def test_what_a_judge_alone_decides_settles_no_fact_of_the_case(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    log = open_log(database, settings)
    label(database, book, log, range(1, 34))
    with model() as served:
        judged(database, with_model(database, settings, served), log)
    summary = read_again(database, log).summary
    assert summary
    assert summary["judge"]["decided"] == {
        "information": {"wrong_fact": 4},
        "neither": {"correct": 8},
    }
    without = by_rules_and_people(summary, book)
    assert without["labels"]["uncertain"]["count"] == 12
    assert without["labels"]["information"]["count"] == 11
    assert without["failing"]["n"] == summary["failing"]["n"] - 4
    assert "wrong_fact" not in without["subtypes"]


def test_labels_that_are_gone_again_take_the_judges_word_with_them(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    log = open_log(database, settings)
    label(database, book, log, range(1, 31))
    with model() as served:
        settings = with_model(database, settings, served)
        judged(database, settings, log)
        with database.writing() as session:
            undo_label(session, log.case_id, log.id, "Ada")
        judged(database, settings, log)
        assert len(served.requests) == MANY
    with database.reading() as session:
        summary = summary_of(session, book, log.case_id, log.id)
    assert summary["judge"]["calibration"]["missing"] == 1
    assert summary["labels"]["uncertain"]["count"] == MANY - 29


def test_repeats_follow_the_record_that_they_repeat(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    rows = [open_record(number, wrong=number % 3 == 0) for number in range(31)]
    log = diagnosed_here(database, settings, as_lines([*rows, rows[30] | {"id": "again"}]))
    label(database, book, log, range(1, 31))
    with model() as served:
        judged(database, with_model(database, settings, served), log)
        assert len(served.requests) == 31
    with database.reading() as session:
        assert get_record(session, log.case_id, log.id, 32).row.label == "information"
        assert len(voices(session, log, 32)) == 1


def test_another_model_is_another_judge_and_is_asked_anew(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    log = open_log(database, settings, 32)
    label(database, book, log, range(1, 31))
    with model() as served:
        settings = with_model(database, settings, served)
        judged(database, settings, log)
        other = replace(settings, judge_model="large")
        assert stands(database, other, log).to_ask == 32
        judged(database, other, log)
        assert len(served.requests) == 64
    with database.reading() as session:
        assert [(v.model, v.counts) for v in voices(session, log, 32)] == [
            ("large", True),
            ("small", False),
        ]


def test_a_model_that_does_not_answer_is_given_up_and_no_record_is_the_worse(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings)
    with model(lambda _: Reply("no", status=401)) as served:
        settings = with_model(database, settings, served)
        run = judged(database, settings, log)
    assert run.state == "failed"
    assert f"{MOST_SILENT} records in a row" in run.error
    assert "sk-secret" not in run.error
    found = stands(database, settings, log)
    assert found.to_ask == MANY
    assert found.found
    assert (found.found["answered"], found.found["unmeasured"]) == (0, MOST_SILENT)
    with model() as served:
        assert judged(database, with_model(database, settings, served), log).state == "done"


def test_a_single_answer_that_fails_leaves_its_record_unmeasured(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings, 6)
    with model(lambda text: Reply("NaN") if "Number 3:" in text else None) as served:
        run = judged(database, with_model(database, settings, served), log)
    assert (run.state, run.position) == ("done", 6)
    with database.reading() as session:
        assert voices(session, log, 4) == []
        summary = read_again(database, log).summary
    assert summary
    assert (summary["judge"]["answered"], summary["judge"]["unmeasured"]) == (5, 1)
