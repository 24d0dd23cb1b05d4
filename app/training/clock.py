"""One clock for all workers: the database's, so that machines whose clocks differ agree."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.orm import Session

from app.storage import utc_now


def now_of(session: Session) -> datetime:
    """This moment by the database; with SQLite, which lives on one machine, by that machine."""
    if session.get_bind().dialect.name == "sqlite":
        return utc_now()
    found: datetime = session.execute(text("select clock_timestamp()")).scalar_one()
    return found.astimezone(UTC)
