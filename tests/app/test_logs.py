from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from app.cases import create_case
from app.errors import Conflict, Invalid, NotFound
from app.logs import (
    LONGEST_LOG_NAME,
    cancel_log,
    confirm_mapping,
    create_log,
    delete_log,
    file_of,
    get_log,
    list_logs,
    preview,
    progress_of,
    retry_log,
    shown_name,
    skipped_rows,
)
from app.settings import Settings
from app.storage import Case, Database, FailureLog, utc_now
from app.text import text_problem
from tests.app.failures import TABLE, as_lines, diagnosed_here, queued, record, uploaded

MAPPING = {"question": "input", "answer": "output"}
HOSTILE = [
    "../../etc/passwd",
    "..\\..\\windows\\system32\\config",
    "/etc/shadow",
    "a\0b.jsonl",
    "gpj.\u202elnosj.exe",
    "line\nbreak.csv",
    "....",
    "",
    "   ",
    "x" * 10_000 + ".jsonl",
    "<script>alert(1)</script>.json",
]


@pytest.fixture
def case(session: Session) -> Case:
    return create_case(session, "bot")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_without_harm_and_makes_no_path(name: str) -> None:
    shown = shown_name(name)
    assert 0 < len(shown) <= LONGEST_LOG_NAME
    assert not {"/", "\\", "\0", "\n", "\u202e"} & set(shown)
    settings = Settings()
    path = file_of(settings, FailureLog(id="abc", name=shown))
    assert path.parent == settings.folder / "logs"
    assert path.name.partition(".")[0] == "abc"


@given(st.text(max_size=300))
def test_any_name_can_be_shown(name: str) -> None:
    shown = shown_name(name)
    assert text_problem(shown, LONGEST_LOG_NAME) is None
    assert shown_name(shown) == shown


def test_the_ending_says_how_a_file_is_read() -> None:
    assert file_of(Settings(), FailureLog(id="a", name="x.JSONL.gz")).name == "a.jsonl.gz"
    assert file_of(Settings(), FailureLog(id="a", name="x.parquet")).name == "a.parquet"
    assert file_of(Settings(), FailureLog(id="a", name="x.sh")).name == "a"


def test_every_wrong_field_of_a_new_log_is_named(session: Session, case: Case) -> None:
    with pytest.raises(Invalid) as caught:
        create_log(session, case.id, "x", 2_000, sha256="zz", most_bytes=1_000)
    assert {problem.where for problem in caught.value.problems} == {"bytes", "sha256"}
    with pytest.raises(NotFound):
        create_log(session, "nobody", "x", 1, most_bytes=1_000)


def test_logs_are_listed_newest_first_and_stay_with_their_case(
    session: Session, case: Case
) -> None:
    other = create_case(session, "other")
    logs = [create_log(session, case.id, f"{n}.csv", 1, most_bytes=9) for n in range(3)]
    assert [log.name for log in list_logs(session, case.id).items] == ["2.csv", "1.csv", "0.csv"]
    assert list_logs(session, other.id).total == 0
    for log_id in (logs[0].id, "nothing", "../..", "a\0"):
        with pytest.raises(NotFound):
            get_log(session, other.id, log_id)
    delete_log(session, case.id, logs[1].id)
    assert [log.name for log in list_logs(session, case.id).items] == ["2.csv", "0.csv"]
    with pytest.raises(NotFound):
        delete_log(session, case.id, logs[1].id)


def test_columns_are_guessed_shown_and_confirmed(database: Database, settings: Settings) -> None:
    log = uploaded(database, settings, TABLE, "log.csv")
    found = preview(settings, log)
    assert (found.kind, found.columns, found.missing) == ("csv", ("question", "answer"), ())
    with database.writing() as session:
        confirmed = confirm_mapping(session, settings, log.case_id, log.id, MAPPING)
        assert (confirmed.state, confirmed.mapping) == ("queued", MAPPING)
    with pytest.raises(Conflict), database.writing() as session:
        confirm_mapping(session, settings, log.case_id, log.id, MAPPING)


@pytest.mark.parametrize(
    "mapping",
    [
        {},
        {"question": "input"},
        {"question": "input", "answer": "result"},
        {"question": "input", "nothing": "output"},
        {"x" * 501: "input", "answer": "output"},
        {f"c{number}": "metadata" for number in range(300)},
    ],
    ids=lambda mapping: str(mapping)[:40],
)
def test_a_mapping_that_cannot_be_is_refused(
    database: Database, settings: Settings, mapping: dict[str, str]
) -> None:
    log = uploaded(database, settings, TABLE, "log.csv")
    with pytest.raises(Invalid), database.writing() as session:
        confirm_mapping(session, settings, log.case_id, log.id, mapping)
    with database.reading() as session:
        assert get_log(session, log.case_id, log.id).state == "uploaded"


def test_a_diagnosed_log_keeps_its_columns(database: Database, settings: Settings) -> None:
    log = diagnosed_here(database, settings, as_lines([record(1)]))
    mapping = {"input": "input", "output": "output"}
    for change in (cancel_log, retry_log):
        with pytest.raises(Conflict), database.writing() as session:
            change(session, log.case_id, log.id)
    with pytest.raises(Conflict, match="again"), database.writing() as session:
        confirm_mapping(session, settings, log.case_id, log.id, mapping)


def test_nothing_is_shown_of_a_file_that_is_not_there(
    database: Database, settings: Settings
) -> None:
    with database.writing() as session:
        case_id = create_case(session, "bot").id
        log = create_log(session, case_id, "x", 1, most_bytes=9)
    with pytest.raises(Conflict, match="not there yet"):
        preview(settings, log)
    log = uploaded(database, settings, TABLE, "log.csv")
    file_of(settings, log).unlink()
    with pytest.raises(Conflict, match="any more"):
        preview(settings, log)


def test_a_stopped_upload_is_gone_on_with_where_it_was(session: Session, case: Case) -> None:
    log = create_log(session, case.id, "x", 9, most_bytes=9)
    assert cancel_log(session, case.id, log.id).state == "cancelled"
    assert retry_log(session, case.id, log.id).state == "uploading"
    log.received, log.state = 9, "failed"
    assert retry_log(session, case.id, log.id).state == "uploaded"


def test_progress_says_how_far_it_is_and_how_long_it_takes(session: Session, case: Case) -> None:
    log = create_log(session, case.id, "x", 100, most_bytes=1_000)
    log.received = 25
    assert progress_of(session, log).share == 0.25
    now = utc_now()
    log.state, log.position, log.total, log.resumed_at = "running", 60, 100, 20
    log.started_at = now - timedelta(seconds=40)
    found = progress_of(session, log, now)
    assert (found.share, found.seconds, found.seconds_left) == (0.6, 40, 40)
    log.total = None
    assert progress_of(session, log, now).share is None
    log.state, log.finished_at = "done", now
    later = progress_of(session, log, now + timedelta(hours=1))
    assert (later.share, later.seconds, later.seconds_left) == (1.0, 40, None)


def test_rows_left_out_come_in_pages(database: Database, settings: Settings) -> None:
    content = as_lines([record(1)]) + b"bad\n" * 30
    log = diagnosed_here(database, settings, content)
    with database.reading() as session:
        page = skipped_rows(session, log.case_id, log.id, limit=10, offset=25)
    assert (page.total, [row.line for row in page.items]) == (30, [27, 28, 29, 30, 31])


def test_a_queued_log_can_be_stopped(database: Database, settings: Settings) -> None:
    log = queued(database, settings, as_lines([record(1)]))
    with database.writing() as session:
        assert cancel_log(session, log.case_id, log.id).state == "cancelled"
