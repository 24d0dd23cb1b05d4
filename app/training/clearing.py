"""Clearing away what was deleted: a job's folder, its events, its row."""

from __future__ import annotations

import logging

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError

from app.settings import Settings
from app.storage import Database, TrainEvent, TrainJob
from app.training import folders

log = logging.getLogger("formfact.training")
CLEARED = 5_000
"""Events that are deleted in one transaction: nobody waits long for it."""


def clear_deleted(database: Database, settings: Settings) -> int:
    """Clear deleted jobs away, but for those in whose folder a process is still at work."""
    with database.reading() as session:
        query = select(TrainJob.id).where(TrainJob.deleted_at.is_not(None))
        deleted = list(session.scalars(query))
    return sum(_clear(database, settings, job_id) for job_id in deleted)


def _clear(database: Database, settings: Settings, job_id: str) -> bool:
    if folders.is_locked(folders.folder_of(settings, job_id).lock):
        return False
    folders.remove(settings, job_id)
    while _clear_events(database, job_id):
        pass
    try:
        with database.writing() as session:
            children = update(TrainJob).where(TrainJob.parent_id == job_id)
            session.execute(children.values(parent_id=None))
            session.execute(delete(TrainJob).where(TrainJob.id == job_id))
    except IntegrityError:
        log.warning("job %s is still named elsewhere: its row stays", job_id)
        return False
    return True


def _clear_events(database: Database, job_id: str) -> bool:
    """Delete some events of a job; whether there were any."""
    some = select(TrainEvent.id).where(TrainEvent.job_id == job_id).limit(CLEARED)
    with database.writing() as session:
        gone = session.execute(delete(TrainEvent).where(TrainEvent.id.in_(some)))
        return bool(gone.rowcount)  # type: ignore[attr-defined]
