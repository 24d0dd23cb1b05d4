"""Applying and undoing migrations, in one transaction under one lock."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

MIGRATIONS = Path(__file__).parent / "migrations"
LOCK = 7_041_966
"""PostgreSQL's number for "formfact is migrating": any constant that nobody else uses."""


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply migrations up to a revision; does nothing where the tables are up to date."""
    with engine.begin() as connection:
        _lock(connection)
        if current(connection) != _head() or revision != "head":
            command.upgrade(_config(connection), revision)


def downgrade(engine: Engine, revision: str) -> None:
    """Undo migrations down to a revision (``base``: all of them, with the data)."""
    with engine.begin() as connection:
        _lock(connection)
        command.downgrade(_config(connection), revision)


def current(connection: Connection) -> str | None:
    """The revision that the tables are at; None for an empty database."""
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str | None:
    return ScriptDirectory(str(MIGRATIONS)).get_current_head()


def _lock(connection: Connection) -> None:
    """Let one process migrate at a time; SQLite's writer already holds the whole database."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": LOCK})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
