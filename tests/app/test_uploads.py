from __future__ import annotations

import hashlib
import stat
from collections.abc import AsyncIterator

import pytest

from app.cases import create_case
from app.errors import Conflict, Invalid, NotFound, WrongOffset
from app.logs import cancel_log, create_log, file_of, list_logs
from app.settings import Settings
from app.storage import Database, FailureLog
from app.uploads import receive, receive_whole
from tests.app.failures import as_lines, pieces_of, read_again, record, run, uploaded

CONTENT = as_lines(record(number) for number in range(500))
DIGEST = hashlib.sha256(CONTENT).hexdigest()
MANY = 2_000_000_000


def announced(database: Database, size: int = len(CONTENT), sha256: str = "") -> FailureLog:
    with database.writing() as session:
        case_id = create_case(session, "bot").id
        return create_log(session, case_id, "log.jsonl", size, sha256=sha256, most_bytes=MANY)


def send(
    database: Database,
    settings: Settings,
    log: FailureLog,
    offset: int | None,
    pieces: AsyncIterator[bytes],
) -> FailureLog:
    async def act() -> FailureLog:
        return await receive(database, settings, log.case_id, log.id, offset, pieces)

    return run(act)


def test_a_file_is_kept_for_its_owner_alone_under_the_id_of_its_log(
    database: Database, settings: Settings
) -> None:
    log = uploaded(database, settings, CONTENT, "../../etc/passwd.jsonl")
    path = file_of(settings, log)
    assert path == settings.folder / "logs" / f"{log.id}.jsonl"
    assert path.read_bytes() == CONTENT
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (log.state, log.bytes, log.received) == ("uploaded", len(CONTENT), len(CONTENT))
    assert (log.sha256, log.kind, log.name) == (DIGEST, "jsonl", "passwd.jsonl")


def test_parts_make_up_the_file(database: Database, settings: Settings) -> None:
    log = announced(database, sha256=DIGEST.upper())
    for start in range(0, len(CONTENT), 7_001):
        part = CONTENT[start : start + 7_001]
        log = send(database, settings, log, start, pieces_of(part, 1_000))
        assert log.received == start + len(part)
    assert log.state == "uploaded"
    assert file_of(settings, log).read_bytes() == CONTENT


@pytest.mark.parametrize("offset", [0, 1_000, 3_000])
def test_a_part_for_another_place_is_refused_and_told_the_right_one(
    database: Database, settings: Settings, offset: int
) -> None:
    log = send(database, settings, announced(database), 0, pieces_of(CONTENT[:2_000]))
    with pytest.raises(WrongOffset) as caught:
        send(database, settings, log, offset, pieces_of(CONTENT[offset:]))
    assert caught.value.right == 2_000
    assert read_again(database, log).received == 2_000


def test_what_arrived_before_a_connection_broke_is_kept(
    database: Database, settings: Settings
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield CONTENT[:3_000]
        raise ConnectionError

    log = announced(database)
    with pytest.raises(ConnectionError):
        send(database, settings, log, 0, broken())
    log = read_again(database, log)
    assert log.received == 3_000
    log = send(database, settings, log, 3_000, pieces_of(CONTENT[3_000:]))
    assert (log.state, log.sha256) == ("uploaded", DIGEST)


def test_more_on_disk_than_was_noted_is_written_over(
    database: Database, settings: Settings
) -> None:
    log = send(database, settings, announced(database), 0, pieces_of(CONTENT[:2_000]))
    with file_of(settings, log).open("ab") as file:
        file.write(b"left by a process that died" * 10_000)
    log = send(database, settings, log, 2_000, pieces_of(CONTENT[2_000:]))
    assert (log.state, log.sha256) == ("uploaded", DIGEST)


def test_a_file_that_differs_from_what_was_announced_is_sent_again(
    database: Database, settings: Settings
) -> None:
    log = announced(database, sha256="0" * 64)
    with pytest.raises(Invalid, match="sha256"):
        send(database, settings, log, 0, pieces_of(CONTENT))
    log = read_again(database, log)
    assert (log.state, log.received) == ("uploading", 0)
    with pytest.raises(Invalid, match="sha256"):
        send(database, settings, log, None, pieces_of(CONTENT))


def test_more_than_was_announced_is_refused_and_not_kept(
    database: Database, settings: Settings
) -> None:
    log = announced(database, size=5_000)
    with pytest.raises(Invalid, match="5,000"):
        send(database, settings, log, 0, pieces_of(CONTENT))
    assert read_again(database, log).received == 0
    assert file_of(settings, log).stat().st_size == 0


def test_a_log_larger_than_the_setting_allows_leaves_nothing(
    database: Database, settings: Settings
) -> None:
    small = Settings(data_dir=settings.data_dir, max_log_bytes=1_000)
    with pytest.raises(Invalid):
        uploaded(database, small, CONTENT)
    assert list((settings.folder / "logs").iterdir()) == []


@pytest.mark.parametrize("content", [b"PK\x03\x04 a zip", b"SQLite format 3\0"])
def test_a_file_of_another_kind_is_said_to_be_one(
    database: Database, settings: Settings, content: bytes
) -> None:
    log = uploaded(database, settings, content)
    assert log.state == "failed"
    assert log.error
    assert str(settings.folder) not in log.error


def test_two_who_send_at_once_do_not_mix_their_parts(
    database: Database, settings: Settings
) -> None:
    log = announced(database)
    refused = []

    async def other() -> AsyncIterator[bytes]:
        yield CONTENT[:2_000]
        try:
            await receive(database, settings, log.case_id, log.id, 0, pieces_of(CONTENT))
        except Conflict as error:
            refused.append(error)
        yield CONTENT[2_000:]

    assert send(database, settings, log, 0, other()).sha256 == DIGEST
    assert len(refused) == 1


def test_nothing_can_be_sent_for_a_log_that_is_there_stopped_or_unknown(
    database: Database, settings: Settings
) -> None:
    log = uploaded(database, settings, CONTENT)
    with pytest.raises(Conflict):
        send(database, settings, log, None, pieces_of(b"other"))
    assert file_of(settings, log).read_bytes() == CONTENT
    stopped = announced(database)
    with database.writing() as session:
        cancel_log(session, stopped.case_id, stopped.id)
    with pytest.raises(Conflict):
        send(database, settings, stopped, 0, pieces_of(CONTENT))
    stopped.id = "nothing"
    with pytest.raises(NotFound):
        send(database, settings, stopped, 0, pieces_of(CONTENT))


def test_an_empty_file_is_refused(database: Database, settings: Settings) -> None:
    with database.writing() as session:
        case_id = create_case(session, "bot").id

    async def act() -> FailureLog:
        return await receive_whole(database, settings, case_id, "log.jsonl", pieces_of(b""))

    with pytest.raises(Invalid, match="empty"):
        run(act)
    with database.reading() as session:
        assert list_logs(session, case_id).total == 0
