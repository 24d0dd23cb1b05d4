"""The queue and real processes: killed, stopped, resumed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from advisor_rules.rulebook import Rulebook
from app.background import (
    FULL,
    MOST_TRIES,
    STOPPED,
    Supervisor,
    environment_of,
    give_back_abandoned,
    settle,
    take_next,
    waiting,
    words_for,
)
from app.clearing import clear_log
from app.diagnosing import ALONE
from app.labelling import Opinion, label_record
from app.logs import cancel_log, delete_log, file_of, get_log, progress_of
from app.settings import Settings
from app.storage import (
    Database,
    FailureLog,
    HumanLabel,
    LogRecord,
    LogText,
    SkippedRow,
    utc_now,
)
from tests.app.failures import (
    as_lines,
    diagnosed_here,
    queued,
    read_again,
    record,
    taken,
    uploaded,
)

SECONDS = 120.0
MANY = 3_000
"""Records that a process does not diagnose before it can be killed."""


def wait_for(database: Database, log: FailureLog, holds: Callable[[FailureLog], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds(read_again(database, log)):
        assert time.monotonic() < deadline, vars(read_again(database, log))
        time.sleep(0.02)


@contextmanager
def supervised(database: Database, settings: Settings) -> Iterator[Supervisor]:
    found = Supervisor(database, settings)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def on_disk(database: Database, settings: Settings) -> Settings:
    """Settings by which another process finds the same database."""
    url = database.engine.url.render_as_string(hide_password=False)
    return Settings(data_dir=settings.data_dir, database_url=url)


def assert_whole(database: Database, log: FailureLog, records: int) -> None:
    with database.reading() as session:
        found = session.execute(
            select(LogRecord.number, LogRecord.line, LogText.body)
            .join(LogText, LogText.id == LogRecord.id)
            .where(LogRecord.log_id == log.id)
            .order_by(LogRecord.number)
        ).all()
    assert [number for number, _, _ in found] == list(range(1, records + 1))
    assert [line for _, line, _ in found] == list(range(1, records + 1))
    assert [body["id"] for _, _, body in found] == [f"r{number}" for number in range(records)]
    again = read_again(database, log)
    assert (again.records, again.duplicates, again.skipped) == (records, 0, 0)
    assert again.summary is not None
    assert again.summary["records"] == records


def test_a_killed_process_is_followed_by_one_that_goes_on_where_it_was(
    database: Database, settings: Settings
) -> None:
    settings = on_disk(database, settings)
    long = " It takes several processes." * 30
    rows = (record(number, output=f"Answer {number}.{long}") for number in range(MANY))
    log = queued(database, settings, as_lines(rows))
    assert (log.bytes or 0) > ALONE
    reached: list[int] = []
    with supervised(database, settings) as supervisor:
        for _ in range(2):
            before = reached[-1] if reached else 0
            wait_for(database, log, lambda now, at=before: now.position > at)  # type: ignore[misc]
            worker = supervisor.worker
            assert worker
            os.kill(worker.process.pid, signal.SIGKILL)
            worker.process.wait()
            reached.append(read_again(database, log).position)
            wait_for(database, log, lambda now, old=worker.claim: now.claim != old)  # type: ignore[misc]
        wait_for(database, log, lambda now: now.state == "done")
    assert 0 < reached[0] < reached[1] <= MANY
    assert_whole(database, log, MANY)


def test_a_server_that_stops_leaves_the_rest_for_the_next_one(
    database: Database, settings: Settings
) -> None:
    settings = on_disk(database, settings)
    log = queued(database, settings, as_lines(record(number) for number in range(MANY)))
    with supervised(database, settings):
        wait_for(database, log, lambda now: now.position > 0)
    left = read_again(database, log)
    assert (left.state, left.tries, left.claim) == ("queued", 0, "")
    with supervised(database, settings):
        wait_for(database, log, lambda now: now.state == "done")
    assert_whole(database, log, MANY)


def test_a_running_diagnosis_can_be_stopped(database: Database, settings: Settings) -> None:
    settings = on_disk(database, settings)
    log = queued(database, settings, as_lines(record(number) for number in range(MANY)))
    with supervised(database, settings) as supervisor:
        wait_for(database, log, lambda now: now.position > 0)
        with database.writing() as session:
            cancel_log(session, log.case_id, log.id)
        deadline = time.monotonic() + SECONDS
        while supervisor.worker is not None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    stopped = read_again(database, log)
    assert stopped.state == "cancelled"
    assert 0 < stopped.records < MANY


def test_logs_are_taken_in_the_order_in_which_they_were_queued(
    database: Database, settings: Settings
) -> None:
    first = queued(database, settings, as_lines([record(1)]))
    second = queued(database, settings, as_lines([record(2)]))
    with database.writing() as session:
        assert progress_of(session, get_log(session, second.case_id, second.id)).waiting == 1
        assert [take_next(session), take_next(session), take_next(session)][2] is None
    assert read_again(database, first).state == "running"
    with database.reading() as session:
        assert not waiting(session)


@pytest.mark.parametrize("status", [1, -9, FULL])
def test_a_log_whose_process_dies_without_getting_further_is_given_up(
    database: Database, settings: Settings, status: int
) -> None:
    log = queued(database, settings, as_lines([record(1)]))
    for left in range(MOST_TRIES, 0, -1):
        assert read_again(database, log).state == "queued", left
        job = taken(database, settings)
        with database.writing() as session:
            settle(session, job.log_id, job.claim, status)
    failed = read_again(database, log)
    assert failed.state == "failed"
    assert failed.error == words_for(status, 0)
    assert ("disk is full" in failed.error) == (status == FULL)
    assert ("memory" in failed.error) == (status == -9)


def test_getting_further_counts_as_a_new_beginning(database: Database, settings: Settings) -> None:
    log = queued(database, settings, as_lines(record(number) for number in range(20)))
    for _ in range(MOST_TRIES + 2):
        job = taken(database, settings, size=2)
        job.stopping = True
        job.run()
        with database.writing() as session:
            settle(session, job.log_id, job.claim, -signal.SIGKILL)
    assert read_again(database, log).state == "queued"


def dead_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.parametrize(
    ("host", "alive", "silent", "given_back"),
    [
        (socket.gethostname(), False, False, True),
        (socket.gethostname(), True, False, False),
        (socket.gethostname(), True, True, True),
        ("elsewhere", False, False, False),
        ("elsewhere", False, True, True),
    ],
)
def test_what_a_gone_server_left_behind_is_taken_up(
    database: Database, settings: Settings, host: str, alive: bool, silent: bool, given_back: bool
) -> None:
    log = queued(database, settings, as_lines([record(1)]))
    taken(database, settings)
    with database.writing() as session:
        found = session.get_one(FailureLog, log.id)
        found.worker = f"{host}:{os.getpid() if alive else dead_process()}"
        found.heartbeat_at = utc_now() - timedelta(hours=1 if silent else 0)
    with database.writing() as session:
        assert waiting(session) == given_back
        give_back_abandoned(session)
    assert read_again(database, log).state == ("queued" if given_back else "running")


def test_a_stop_on_request_is_no_failure(database: Database, settings: Settings) -> None:
    log = queued(database, settings, as_lines([record(1)]))
    for _ in range(MOST_TRIES + 1):
        job = taken(database, settings)
        with database.writing() as session:
            settle(session, job.log_id, job.claim, STOPPED)
    assert read_again(database, log).state == "queued"


def test_a_deleted_log_is_cleared_away_with_everything_of_it(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    content = as_lines(record(number) for number in range(5)) + b"bad\n"
    log = diagnosed_here(database, settings, content)
    other = diagnosed_here(database, settings, as_lines([record(1)]))
    with database.writing() as session:
        opinion = Opinion("Ada", "information")
        label_record(session, book, log.case_id, log.id, 1, opinion)
        delete_log(session, log.case_id, log.id)
    while clear_log(database, settings):
        pass
    assert not file_of(settings, log).exists()
    assert file_of(settings, other).exists()
    with database.reading() as session:
        left = {
            table: session.scalar(select(func.count()).select_from(table))
            for table in (FailureLog, LogRecord, LogText, SkippedRow, HumanLabel)
        }
    assert left == {FailureLog: 1, LogRecord: 1, LogText: 1, SkippedRow: 0, HumanLabel: 0}


def test_a_database_that_is_gone_does_not_end_the_thread(settings: Settings) -> None:
    database = Database(settings.url)
    with supervised(database, settings) as supervisor:
        time.sleep(0.3)
        assert supervisor._thread.is_alive()
        database.upgrade()
        log = queued(database, settings, as_lines([record(1)]))
        wait_for(database, log, lambda now: now.state == "done")
    database.close()


def test_a_process_reads_the_same_settings(settings: Settings) -> None:
    given = Settings(
        data_dir=settings.data_dir,
        allowed_hosts=("a.example", "b.example"),
        rules_dir=(settings.data_dir, settings.data_dir.parent),
        secure_cookies=True,
        max_log_bytes=5_000,
        secret_key="s" * 40,
    )
    settings.data_dir.mkdir()
    variables = environment_of(given)
    assert "FORMFACT_SECRET_KEY" not in variables
    again = Settings.from_environment(variables)
    assert (again.data_dir, again.allowed_hosts) == (given.data_dir, given.allowed_hosts)
    assert (again.rules_dir, again.secure_cookies) == (given.rules_dir, True)
    assert again.max_log_bytes == 5_000


def test_an_upload_that_is_not_confirmed_waits(database: Database, settings: Settings) -> None:
    uploaded(database, settings, as_lines([record(1)]))
    with database.writing() as session:
        assert not waiting(session)
        assert take_next(session) is None
