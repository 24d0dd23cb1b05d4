from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import delete, inspect, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError
from sqlalchemy.orm import Session

from app.cases import create_case
from app.storage import Base, Case, Database, FactEntry


def entry(case_id: object, **changed: object) -> FactEntry:
    fields = {"value": True, "state": "known", "origin": "answered", "change": "c"}
    return FactEntry(case_id=case_id, fact_id="evaluation_exists", **{**fields, **changed})


def test_what_is_written_is_there_for_the_next_session(database: Database) -> None:
    with database.writing() as session:
        case_id = create_case(session, "bot").id
    with database.reading() as session:
        assert session.get(Case, case_id) is not None


def test_a_failing_session_leaves_nothing(database: Database) -> None:
    def write_and_fail() -> None:
        with database.writing() as session:
            create_case(session, "bot")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_and_fail()
    with database.reading() as session:
        assert session.scalars(select(Case)).all() == []


def test_a_reading_session_keeps_nothing(database: Database) -> None:
    with database.reading() as session:
        session.add(Case(name="bot"))
        session.flush()
    with database.reading() as session:
        assert session.scalars(select(Case)).all() == []


def test_times_come_back_in_utc_whatever_zone_they_had(database: Database) -> None:
    noon = datetime(2026, 7, 1, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=9)))
    with database.writing() as session:
        session.add(Case(id="a", name="bot", created_at=noon))
    with database.reading() as session:
        found = session.get_one(Case, "a").created_at
    assert found == noon
    assert found.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(session: Session) -> None:
    session.add(Case(name="bot", created_at=datetime(2026, 7, 1)))  # noqa: DTZ001 - what is tested
    with pytest.raises(StatementError):
        session.flush()
    session.rollback()


@pytest.mark.parametrize("value", [True, False, 0, 12, 1.5, 1e300, "word", "ünïcödé 🤖"])
def test_values_keep_their_type(database: Database, value: object) -> None:
    with database.writing() as session:
        session.add(entry(create_case(session, "bot").id, value=value))
    with database.reading() as session:
        found = session.scalars(select(FactEntry)).one().value
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "wrong",
    [
        {"case_id": "nobody"},
        {"state": "guessed"},
        {"origin": "heard"},
        {"state": "known", "value": None},
        {"state": "unknown", "value": True},
    ],
    ids=str,
)
def test_the_schema_itself_refuses_what_must_not_be(
    database: Database, wrong: dict[str, object]
) -> None:
    def write() -> None:
        with database.writing() as session:
            session.add(entry(**{"case_id": create_case(session, "bot").id, **wrong}))

    with pytest.raises(IntegrityError):
        write()


@pytest.mark.parametrize("table", ["fact_entries", "advice_records"])
def test_the_record_can_be_added_to_and_not_changed(database: Database, table: str) -> None:
    """Corrections append: the database itself refuses to change or delete what was recorded."""
    from advisor_rules import default_rulebook
    from app.advising import advise_case

    with database.writing() as session:
        case = create_case(session, "bot")
        session.add(entry(case.id))
        session.flush()
        advise_case(session, default_rulebook(), case.id)
    rows = Base.metadata.tables[table]
    for change in (delete(rows), update(rows).values(case_id=case.id)):
        with pytest.raises(Exception, match="append"), database.writing() as session:
            session.execute(change)


def test_writers_wait_for_one_another(database: Database) -> None:
    failures: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(10):
                with database.writing() as session:
                    create_case(session, "bot")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.reading() as session:
        assert len(session.scalars(select(Case)).all()) == 40


def test_the_database_says_whether_it_answers(database: Database) -> None:
    assert database.answers()


def test_sqlite_is_set_up_to_be_safe(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'deep' / 'down' / 'formfact.db'}")
    with database.engine.connect() as connection:
        settings = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
    database.close()
    assert settings == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10_000}


def test_every_table_has_a_predictable_name_for_each_constraint(database: Database) -> None:
    for table in Base.metadata.tables:
        assert inspect(database.engine).get_pk_constraint(table)["name"] == f"pk_{table}" or (
            database.engine.dialect.name == "sqlite"
        )


def test_now_has_a_zone() -> None:
    from app.storage import utc_now

    assert utc_now().tzinfo is UTC
