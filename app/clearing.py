"""Clearing away what was deleted, a part at a time, so that nobody waits long for the database."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.documents import file_of_document
from app.logs import file_of
from app.probe_store import snapshot_of
from app.settings import Settings
from app.storage import (
    Database,
    DocumentFile,
    FailureLog,
    HumanLabel,
    JudgeOpinion,
    JudgeRun,
    LogRecord,
    LogText,
    Probe,
    ProbeDocument,
    ProbeHit,
    ProbeJudgement,
    ProbePassage,
    ProbeQuestion,
    SkippedRow,
)

CLEARED = 5_000
"""Rows that are cleared away in one transaction."""
LOG_TABLES = (JudgeOpinion, JudgeRun, HumanLabel, LogText, LogRecord, SkippedRow)
PROBE_TABLES = (ProbeJudgement, ProbeHit, ProbeDocument, ProbePassage, ProbeQuestion)
"""Those first that others do not lean on."""


def clear_log(database: Database, settings: Settings) -> bool:
    """Clear a part of a deleted log away; whether there was any."""
    found = _deleted(database, FailureLog)
    if found is not None:
        file_of(settings, found).unlink(missing_ok=True)
        _clear(database, found, LOG_TABLES, "log_id")
    return found is not None


def clear_document(database: Database, settings: Settings) -> bool:
    """Clear a removed file of documents away; whether there was any."""
    found = _deleted(database, DocumentFile)
    if found is not None:
        file_of_document(settings, found).unlink(missing_ok=True)
        _clear(database, found, (), "")
    return found is not None


def clear_probe(database: Database, settings: Settings) -> bool:
    """Clear a part of a deleted probe away; whether there was any."""
    found = _deleted(database, Probe)
    if found is not None:
        snapshot_of(settings, found).unlink(missing_ok=True)
        _clear(database, found, PROBE_TABLES, "probe_id")
    return found is not None


def clear_retrieval(database: Database, settings: Settings) -> None:
    """Clear parts of a deleted probe and of a removed file away, where there are any."""
    clear_probe(database, settings)
    clear_document(database, settings)


def _deleted(database: Database, table: Any) -> Any:
    with database.reading() as session:
        return session.scalar(select(table).where(table.state == "deleting").limit(1))


def _clear(database: Database, found: Any, tables: Sequence[Any], owner: str) -> None:
    """Delete some rows of what was deleted; itself once none is left."""
    table = type(found)
    with database.writing() as session:
        if not _clear_rows(session, tables, owner, found.id):
            session.execute(delete(table).where(table.id == found.id))


def _clear_rows(session: Session, tables: Sequence[Any], owner: str, name: str) -> bool:
    for table in tables:
        some = select(table.id).where(getattr(table, owner) == name).limit(CLEARED)
        gone = session.execute(delete(table).where(table.id.in_(some)))
        if gone.rowcount:  # type: ignore[attr-defined]
            return True
    return False
