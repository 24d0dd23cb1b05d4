"""The queue of a judge and real processes: stopped, killed, cancelled, gone on with."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import delete, select, update

from app.background import (
    FINISHED,
    JUDGEMENTS,
    STOPPED,
    Supervisor,
    give_back_abandoned,
    settle,
)
from app.clearing import clear_log
from app.errors import Conflict
from app.judged_logs import cancel_run
from app.logs import delete_log
from app.settings import Settings
from app.storage import Database, FailureLog, JudgeOpinion, JudgeRun
from tests.app.judge import model
from tests.app.judging import (
    MANY,
    asked,
    judged,
    open_log,
    opinions,
    run_of,
    stands,
    taken,
    with_model,
)

SECONDS = 120.0


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
    while clear_log(database, settings):
        pass
    assert opinions(database, log) == 0
    with database.reading() as session:
        assert session.scalars(select(JudgeRun)).all() == []
        assert session.get(FailureLog, log.id) is None
