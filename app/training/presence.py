"""Workers as others see them: registered, alive or gone, and what they run.

A worker holds a lock on a file of its own below the data folder for as long as its process lives.
On the same machine that is certain knowledge: who can take the lock knows that the worker is gone,
and need not wait for its lease to run out. On other machines the lease decides.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.settings import Settings
from app.storage import TrainJob, TrainWorker
from app.training import folders
from app.training.clock import now_of
from app.training.queue import UNDER_WAY

SEEN = timedelta(seconds=60)
"""Without a heartbeat for so long, a worker counts as gone."""
FORGOTTEN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Standing:
    """A worker, whether it lives, and the jobs that it has."""

    worker: TrainWorker
    alive: bool
    jobs: Sequence[TrainJob]


class Presence:
    """A worker's sign of life, for as long as this object is held open."""

    def __init__(self, settings: Settings, worker: str) -> None:
        self.path = settings.folder / "workers" / f"{worker}.lock"
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = self.path.open("w")
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def end(self) -> None:
        """Take the sign away: nothing of this worker is left to take up."""
        self.path.unlink(missing_ok=True)
        self._file.close()


def register(session: Session, worker: str, slots: int) -> None:
    """Enter a worker into the table."""
    now = now_of(session)
    session.add(
        TrainWorker(
            id=worker,
            host=socket.gethostname(),
            pid=os.getpid(),
            slots=slots,
            started_at=now,
            heartbeat_at=now,
        )
    )
    session.flush()


def beat(session: Session, worker: str, device: dict[str, Any] | None) -> None:
    """Say that a worker lives, and on what it trains."""
    found = session.get(TrainWorker, worker)
    if found is not None:
        found.heartbeat_at, found.device = now_of(session), device or found.device


def sign_off(session: Session, worker: str) -> None:
    """Say that a worker stopped in good order."""
    found = session.get(TrainWorker, worker)
    if found is not None:
        found.stopped_at = now_of(session)


def gone(session: Session, settings: Settings, worker: str) -> bool:
    """Whether a worker is surely gone: it ran on this machine, and its lock is free."""
    path = settings.folder / "workers" / f"{worker}.lock"
    if not folders.ID.fullmatch(worker) or not path.exists():
        return False
    found = session.get(TrainWorker, worker)
    return found is not None and found.host == socket.gethostname() and not folders.is_locked(path)


def list_workers(session: Session) -> list[Standing]:
    """Workers that were there within a day, the newest first, with what they run."""
    now = now_of(session)
    recent = select(TrainWorker).where(TrainWorker.heartbeat_at > now - FORGOTTEN)
    busy = select(TrainJob).where(TrainJob.claim != "", TrainJob.state.in_(UNDER_WAY))
    jobs = list(session.scalars(busy))
    return [
        Standing(
            worker,
            worker.stopped_at is None and now - worker.heartbeat_at < SEEN,
            [job for job in jobs if job.worker == worker.id],
        )
        for worker in session.scalars(recent.order_by(TrainWorker.started_at.desc()))
    ]


def forget(session: Session, settings: Settings) -> None:
    """Forget workers that were not seen for a day."""
    old = TrainWorker.heartbeat_at < now_of(session) - FORGOTTEN
    for worker in session.scalars(select(TrainWorker.id).where(old)).all():
        with suppress(OSError):
            (settings.folder / "workers" / f"{worker}.lock").unlink(missing_ok=True)
        session.execute(delete(TrainWorker).where(TrainWorker.id == worker))
