from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.background import FINISHED, STOPPED, settle
from app.cases import create_case, get_case
from app.diagnosing import Batch, Job, batches, total_of
from app.intake import current_facts
from app.log_records import Query, get_record, list_records
from app.logs import cancel_log, delete_log, file_of, retry_log, skipped_rows
from app.settings import Settings
from app.storage import Database, FailureLog, LogRecord, LogText
from evidence.records import Skipped
from tests.app.failures import (
    as_lines,
    diagnosed_here,
    queued,
    read_again,
    record,
    taken,
)

HOSTILE = "\0 \u202e <script>alert(1)</script> 🤖 ünïcödé"


def numbers(database: Database, log: FailureLog) -> list[tuple[int, int]]:
    """Number and line of every record of a log."""
    wanted = select(LogRecord.number, LogRecord.line).where(LogRecord.log_id == log.id)
    with database.reading() as session:
        found = session.execute(wanted.order_by(LogRecord.number)).all()
        texts = session.scalar(select(func.count()).where(LogText.log_id == log.id))
    assert texts == len(found)
    return [(number, line) for number, line in found]


def test_a_log_is_diagnosed_whole_and_bad_rows_are_told(
    database: Database, settings: Settings
) -> None:
    good = [record(1), record(2, output="I cannot help with that.")]
    content = as_lines(good) + b"not json\n" + as_lines([{"id": "x", "input": "no output"}])
    log = diagnosed_here(database, settings, content)
    assert (log.state, log.records, log.skipped, log.duplicates) == ("done", 2, 2, 0)
    assert (log.position, log.total, log.claim, log.error) == (4, 4, "", "")
    assert log.rulebook_hash
    assert log.summary
    assert log.finished_at
    with database.reading() as session:
        rows = skipped_rows(session, log.case_id, log.id)
        assert [row.line for row in rows.items] == [3, 4]
        assert "JSON" in rows.items[0].why
        found = get_record(session, log.case_id, log.id, 2)
    assert found.body["output"] == "I cannot help with that."
    assert found.signals
    assert (found.previous, found.next) == (1, None)


def test_what_the_log_says_is_written_to_the_case_with_its_evidence(
    database: Database, settings: Settings
) -> None:
    content = as_lines(
        record(number, output=f"{{broken {number}", format_spec={"type": "json"})
        for number in range(60)
    )
    log = diagnosed_here(database, settings, content, "fails.jsonl")
    with database.reading() as session:
        fact = current_facts(session, log.case_id)["form_wrong"]
    assert fact.value is not None
    assert (fact.value.value, fact.value.origin) == (True, "measured")
    assert "60 of 60" in fact.value.evidence
    assert "fails.jsonl" in fact.value.evidence
    assert log.applied_at


def test_repeats_are_folded_with_a_count_within_a_batch_and_beyond(
    database: Database, settings: Settings
) -> None:
    same = {"input": "Same?", "output": "Same."}
    rows = [same | {"id": f"s{number}", "metadata": {"n": number}} for number in range(5)]
    log = diagnosed_here(database, settings, as_lines([record(0), *rows, record(9)]), size=2)
    assert (log.records, log.duplicates) == (3, 4)
    with database.reading() as session:
        listed = list_records(session, log.case_id, log.id)
        whole = list_records(session, log.case_id, log.id, Query(repeats=True))
    assert [(row.number, row.repeats) for row in listed.items] == [(1, 0), (2, 4), (7, 0)]
    assert [row.repeat_of for row in whole.items] == [None, None, 2, 2, 2, 2, None]
    assert log.summary is not None
    assert (log.summary["records"], log.summary["repeats"]) == (3, 4)


def test_a_job_that_is_told_to_stop_goes_on_later_without_loss_or_doubling(
    database: Database, settings: Settings
) -> None:
    log = queued(database, settings, as_lines(record(number) for number in range(10)))
    runs = 0
    while read_again(database, log).state == "queued":
        job = taken(database, settings, size=3)
        job.stopping = True
        status = job.run()
        with database.writing() as session:
            settle(session, job.log_id, job.claim, status)
        runs += 1
    assert status == STOPPED or runs > 1
    assert read_again(database, log).state == "done"
    assert numbers(database, log) == [(number, number) for number in range(1, 11)]


def test_a_process_whose_claim_was_taken_from_it_writes_nothing_more(
    database: Database, settings: Settings
) -> None:
    log = queued(database, settings, as_lines(record(number) for number in range(5)))
    job = taken(database, settings)
    late = Job(database, settings, log.id, "another")
    assert late.run() == FINISHED
    assert numbers(database, log) == []
    assert job.run() == FINISHED
    assert len(numbers(database, log)) == 5


@pytest.mark.parametrize("stop", [cancel_log, delete_log])
def test_a_log_that_is_stopped_meanwhile_gets_no_more_records(
    database: Database, settings: Settings, stop: object
) -> None:
    log = queued(database, settings, as_lines(record(number) for number in range(5)))
    job = taken(database, settings)
    with database.writing() as session:
        stop(session, log.case_id, log.id)  # type: ignore[operator]
    assert job.run() == FINISHED
    assert numbers(database, log) == []
    assert read_again(database, log).state in ("cancelled", "deleting")


def test_a_stopped_log_can_be_gone_on_with(database: Database, settings: Settings) -> None:
    log = queued(database, settings, as_lines(record(number) for number in range(5)))
    with database.writing() as session:
        cancel_log(session, log.case_id, log.id)
        assert retry_log(session, log.case_id, log.id).state == "queued"
    assert taken(database, settings).run() == FINISHED
    assert read_again(database, log).state == "done"


def test_a_file_that_is_gone_is_said_to_be_gone_and_names_no_place(
    database: Database, settings: Settings
) -> None:
    log = queued(database, settings, as_lines([record(1)]))
    file_of(settings, log).unlink()
    assert taken(database, settings).run() == FINISHED
    failed = read_again(database, log)
    assert failed.state == "failed"
    assert "No such file" in failed.error
    assert str(settings.folder) not in failed.error


def test_hostile_records_are_kept_as_they_are(database: Database, settings: Settings) -> None:
    deep: object = 1
    for _ in range(60):
        deep = [deep]
    rows = [
        record(1, input=HOSTILE, output=HOSTILE, metadata={HOSTILE: HOSTILE}),
        record(2, metadata={"deep": deep, "date": "2026-13-45", "big": 10**30}),
        record(3, format_spec={"type": "regex", "pattern": 5}),
        record(4, output="x" * 300_000),
    ]
    log = diagnosed_here(database, settings, as_lines(rows))
    assert (log.state, log.records, log.skipped) == ("done", 4, 0)
    with database.reading() as session:
        assert get_record(session, log.case_id, log.id, 1).body["output"] == HOSTILE
        found = list_records(session, log.case_id, log.id, Query(search="ÜNÏCÖDÉ"))
        assert [row.number for row in found.items] == [1]


def test_half_characters_do_not_stop_a_log(database: Database, settings: Settings) -> None:
    row = json.dumps(record(1)).replace('"input"', '"metadata": {"half": "\\ud83e"}, "input"')
    log = diagnosed_here(database, settings, row.encode() + b"\n" + as_lines([record(2)]))
    assert (log.state, log.records + log.skipped) == ("done", 2)


def test_a_batch_never_ends_within_a_line() -> None:
    lines = [1, 1, 1, 2, 3, 3, 3, 4]
    found: list[Batch] = list(batches((Skipped(line, "bad") for line in lines), "log", 2))
    assert [[row.line for row in batch.skipped] for batch in found] == [
        [1, 1, 1],
        [2, 3, 3, 3],
        [4],
    ]


@pytest.mark.parametrize(("content", "lines"), [(b"", 0), (b"a", 1), (b"a\n", 1), (b"a\nb", 2)])
def test_lines_are_counted_beforehand(tmp_path: Path, content: bytes, lines: int) -> None:
    path = tmp_path / "log.csv"
    path.write_bytes(content)
    assert total_of(path, "csv") == lines
    assert total_of(path, "json") is None


def test_the_time_of_a_record_is_kept_and_the_summary_counts_by_day(
    database: Database, settings: Settings
) -> None:
    times = ["2026-03-01T23:30:00-05:00", "2026-03-02", 1_772_496_000]
    rows = [record(number, metadata={"timestamp": when}) for number, when in enumerate(times)]
    log = diagnosed_here(database, settings, as_lines(rows))
    assert log.summary is not None
    assert [point["n"] for point in log.summary["over_time"]] == [2, 1]
    assert [point["start"] for point in log.summary["over_time"]] == ["2026-03-02", "2026-03-03"]


def test_a_log_changes_no_other_case(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        other = create_case(session, "other").id
    diagnosed_here(database, settings, as_lines(record(number) for number in range(3)))
    with database.reading() as session:
        assert get_case(session, other).version == 1
