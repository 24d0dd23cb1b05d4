"""Asking a language model about a stored log: real databases and processes, a model on loopback."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import delete, func, select, update

from advisor_rules.rulebook import Rulebook
from app.asking import Asking
from app.background import (
    FINISHED,
    JUDGEMENTS,
    STOPPED,
    Supervisor,
    clear_one,
    give_back_abandoned,
    settle,
    take_next,
)
from app.errors import Conflict
from app.judged_logs import Standing, ask_judge, cancel_run, newest_run, standing, voices
from app.judging import MOST_SILENT
from app.labelling import Opinion, label_record
from app.log_records import get_record
from app.logs import delete_log
from app.measuring import summary_of
from app.settings import Settings
from app.storage import Database, FailureLog, JudgeOpinion, JudgeRun
from tests.app.failures import as_lines, diagnosed_here, read_again, record
from tests.app.judge import model, open_record
from tests.evidence.judge.endpoint import Reply, Served

SECONDS = 120.0
MANY = 45


def with_model(database: Database, settings: Settings, served: Served) -> Settings:
    """Settings by which another process finds the same database and the model."""
    url = database.engine.url.render_as_string(hide_password=False)
    return replace(
        settings,
        database_url=url,
        judge_url=served.base_url,
        judge_model="small",
        judge_key="sk-secret",
    )


def open_log(database: Database, settings: Settings, count: int = MANY) -> FailureLog:
    """A diagnosed log: every third record is wrong and none can be told, but for one at the end."""
    rows = [open_record(number, wrong=number % 3 == 0) for number in range(count)]
    told = record(99, output="{", format_spec={"type": "json"})
    return diagnosed_here(database, settings, as_lines([*rows, told]))


def label(database: Database, book: Rulebook, log: FailureLog, numbers: range) -> None:
    """Label records as they are; numbers count from 1."""
    with database.writing() as session:
        for number in numbers:
            said = "neither" if (number - 1) % 3 else "information"
            label_record(session, book, log.case_id, log.id, number, Opinion("Ada", said))


def asked(database: Database, settings: Settings, log: FailureLog) -> JudgeRun:
    with database.writing() as session:
        return ask_judge(session, settings, log.case_id, log.id)


def taken(database: Database, settings: Settings) -> Asking:
    with database.writing() as session:
        found = take_next(session, JUDGEMENTS)
    assert found is not None
    return Asking(database, settings, *found)


def judged(database: Database, settings: Settings, log: FailureLog) -> JudgeRun:
    """Ask to the end, in this process."""
    asked(database, settings, log)
    assert taken(database, settings).run() == FINISHED
    return run_of(database, log)


def run_of(database: Database, log: FailureLog) -> JudgeRun:
    with database.reading() as session:
        found = newest_run(session, log)
    assert found is not None
    return found


def stands(database: Database, settings: Settings, log: FailureLog) -> Standing:
    with database.reading() as session:
        return standing(session, settings, log.case_id, log.id)


def opinions(database: Database, log: FailureLog) -> int:
    with database.reading() as session:
        wanted = select(func.count()).select_from(JudgeOpinion)
        return session.scalar(wanted.where(JudgeOpinion.log_id == log.id)) or 0


@contextmanager
def supervised(database: Database, settings: Settings) -> Iterator[Supervisor]:
    found = Supervisor(database, settings, JUDGEMENTS)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


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
    from app.judging import by_rules_and_people

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
    from app.labelling import undo_label

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


def test_one_that_is_told_to_stop_writes_down_what_was_answered_and_goes_on_later(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings)
    with model() as served:
        settings = with_model(database, settings, served)
        asked(database, settings, log)
        job = taken(database, settings)
        job.stopping = True
        assert job.run() == STOPPED
        with database.writing() as session:
            settle(session, job.run_id, job.claim, STOPPED, JUDGEMENTS)
        assert run_of(database, log).state == "queued"
        assert taken(database, settings).run() == FINISHED
        assert len(served.requests) == MANY


def test_a_killed_process_is_followed_by_one_that_asks_about_the_rest(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings)

    def slowly(_: str) -> None:
        time.sleep(0.15)

    with model(slowly) as served:
        settings = with_model(database, settings, served)
        asked(database, settings, log)
        with supervised(database, settings) as supervisor:
            wait_until(lambda: opinions(database, log) > 3)
            assert supervisor.worker
            os.kill(supervisor.worker.process.pid, signal.SIGKILL)
            wait_until(lambda: run_of(database, log).state == "done")
        again = len(served.requests) - MANY
    run = run_of(database, log)
    assert (run.position, run.total) == (MANY, MANY)
    assert opinions(database, log) == MANY
    assert 0 <= again <= 20  # those on their way when it was killed


def test_a_server_that_stops_leaves_the_rest_to_the_next_one(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings)

    def slowly(_: str) -> None:
        time.sleep(0.1)

    with model(slowly) as served:
        settings = with_model(database, settings, served)
        asked(database, settings, log)
        with supervised(database, settings):
            wait_until(lambda: opinions(database, log) > 3)
        assert run_of(database, log).state == "queued"
        with supervised(database, settings):
            wait_until(lambda: run_of(database, log).state == "done")
        assert len(served.requests) == MANY


def test_a_run_that_is_cancelled_writes_nothing_more(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings)
    with model() as served:
        settings = with_model(database, settings, served)
        asked(database, settings, log)
        with pytest.raises(Conflict, match="already"):
            asked(database, settings, log)
        job = taken(database, settings)
        with database.writing() as session:
            cancel_run(session, log.case_id, log.id)
        assert job.run() == FINISHED
        assert opinions(database, log) == 0
        with pytest.raises(Conflict), database.writing() as session:
            cancel_run(session, log.case_id, log.id)
        assert judged(database, settings, log).state == "done"


def test_a_run_whose_process_is_gone_goes_back_to_its_queue(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings, 2)
    with model() as served:
        settings = with_model(database, settings, served)
        run = asked(database, settings, log)
        for _ in range(3):
            taken(database, settings)
            with database.writing() as session:
                session.execute(update(JudgeRun).values(worker="elsewhere:1", heartbeat_at=None))
                give_back_abandoned(session, JUDGEMENTS)
    found = run_of(database, log)
    assert (found.id, found.state) == (run.id, "failed")
    assert "asks the language model" in found.error


def test_without_a_model_or_a_whole_log_nothing_is_asked(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings, 2)
    found = stands(database, settings, log)
    assert "FORMFACT_JUDGE_URL" in found.why_not
    assert (found.to_ask, found.run, found.found) == (0, None, None)
    with pytest.raises(Conflict, match="FORMFACT_JUDGE_MODEL"):
        asked(database, settings, log)
    with model() as served:
        settings = with_model(database, settings, served)
        with database.writing() as session:
            session.execute(update(FailureLog).values(state="cancelled"))
        with pytest.raises(Conflict, match="whole"):
            asked(database, settings, log)


def test_a_model_that_is_no_longer_set_up_fails_the_run_with_words(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings, 2)
    with model() as served:
        asked(database, with_model(database, settings, served), log)
    assert taken(database, settings).run() == FINISHED
    run = run_of(database, log)
    assert run.state == "failed"
    assert "FORMFACT_JUDGE_URL" in run.error


def test_opinions_are_only_added_and_go_with_the_log(
    database: Database, settings: Settings
) -> None:
    log = open_log(database, settings, 3)
    with model() as served:
        judged(database, with_model(database, settings, served), log)
    for change in (delete(JudgeOpinion), update(JudgeOpinion).values(reason="other")):
        with pytest.raises(Exception, match="append"), database.writing() as session:
            session.execute(change)
    with database.writing() as session:
        delete_log(session, log.case_id, log.id)
    while clear_one(database, settings):
        pass
    assert opinions(database, log) == 0
    with database.reading() as session:
        assert session.scalars(select(JudgeRun)).all() == []
        assert session.get(FailureLog, log.id) is None
