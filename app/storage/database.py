"""The database: one engine, sessions that read and sessions that write.

A writing session holds the database's write lock from its start (SQLite) or locks the rows that it
changes (PostgreSQL), and is committed whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic_core import from_json, to_json
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.orm import Session

BUSY_MILLISECONDS = 10_000
"""How long a SQLite writer waits for another before it gives up."""


def _as_text(data: Any) -> str:
    return to_json(data).decode()


JSON_BY: dict[str, Any] = {"json_serializer": _as_text, "json_deserializer": from_json}
"""JSON columns hold thousands of records a second: the quicker reader and writer is used."""


class Database:
    """An engine for a database URL, and how sessions are opened on it."""

    def __init__(self, url: str) -> None:
        self.engine = make_engine(url)
        self._writer = self.engine.execution_options(formfact_writes=True)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reading; nothing done in it is kept."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A session that is committed at the end, or rolled back whole if anything is raised."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def upgrade(self) -> None:
        """Bring the tables up to date. Safe to call from several processes at once."""
        from app.storage.migrate import upgrade

        upgrade(self._writer)

    def answers(self) -> bool:
        """Whether the database can be reached and asked."""
        with self.engine.connect() as connection:
            return connection.execute(text("select 1")).scalar() == 1

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine with the settings that this program relies on; makes SQLite's folder if needed."""
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True, **JSON_BY)
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    engine = create_engine(parsed, **JSON_BY)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions begin where _begin_sqlite says, not by guess
    for pragma in (
        f"busy_timeout = {BUSY_MILLISECONDS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("formfact_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
