"""Events of jobs: relayed from the file that the process writes, each once, and read back.

The file keeps them until they are in the database: whatever is interrupted, the next reader begins
at the start of the file, and what is known already is known by its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.storage import TrainEvent, TrainJob
from app.storage.train_models import LONGEST_KEY
from trainer.contract import Event

MOST_BYTES = 4 << 20
"""Bytes that are read of the file at once."""
LONGEST_LINE = 1 << 20
MOST_EVENTS = 1_000
"""Events in one answer at most."""
ROWS = 500
"""Rows in one statement: SQLite counts the parameters."""
REDO_STATES = "state:"


class Tail:
    """Reads a growing file of events from its start, whole lines at a time."""

    def __init__(self, path: Path) -> None:
        self.path, self.offset = path, 0

    def read(self) -> list[Event]:
        """What was added since; at most ``MOST_BYTES``, so ask until nothing more comes."""
        try:
            with self.path.open("rb") as file:
                file.seek(self.offset)
                piece = file.read(MOST_BYTES)
        except FileNotFoundError:
            return []
        whole, _, _ = piece.rpartition(b"\n")
        if not whole and len(piece) < MOST_BYTES:
            return []
        # a line longer than all that is read at once is skipped in pieces, none of them an event
        self.offset += len(whole) + 1 if whole else len(piece)
        return list(events_in(whole.splitlines()))

    def behind(self) -> bool:
        """Whether more is there than is read at once."""
        try:
            return self.path.stat().st_size - self.offset > MOST_BYTES
        except FileNotFoundError:
            return False


def events_in(lines: Iterable[bytes]) -> Iterable[Event]:
    """The events of these lines; a line that is none, such as one torn by a crash, is left out."""
    for line in lines:
        if 0 < len(line) <= LONGEST_LINE:
            try:
                event = Event.model_validate_json(line)
            except ValidationError:
                continue
            if event.at.tzinfo is not None and not event.key.startswith(REDO_STATES):
                yield event


def relay(session: Session, job: TrainJob, events: Sequence[Event]) -> None:
    """Write events of a job that the session has locked; those that are known are left out."""
    for start in range(0, len(events), ROWS):
        rows = [_row(job.id, event) for event in events[start : start + ROWS]]
        _insert_new(session, rows)
    _note(job, events)


def _row(job_id: str, event: Event) -> dict[str, Any]:
    return {
        "job_id": job_id,
        "key": event.key[:LONGEST_KEY],
        "kind": event.kind,
        "step": event.step,
        "at": event.at,
        "data": storable(event.data),
    }


def storable(value: Any) -> Any:
    """The value without NUL, which PostgreSQL cannot keep, and without infinity or NaN."""
    if isinstance(value, str):
        return value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, dict):
        return {storable(key): storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [storable(item) for item in value]
    if isinstance(value, float) and value - value != 0:
        return None
    return value


def _insert_new(session: Session, rows: list[dict[str, Any]]) -> None:
    backend = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = backend.insert(TrainEvent).on_conflict_do_nothing(index_elements=["job_id", "key"])
    session.execute(statement, rows)


def _note(job: TrainJob, events: Sequence[Event]) -> None:
    """Keep with the job where it is, so that lists need not look for it."""
    for event in events:
        stage, total = event.data.get("stage"), event.data.get("total_steps")
        if event.kind == "stage" and isinstance(stage, str):
            job.stage = stage[:20]
        if event.kind == "metric" and event.step is not None:
            job.step = event.step
            if isinstance(total, int):
                job.total_steps = total


# --- reading ----------------------------------------------------------------------------------


def events_since(
    session: Session, job_id: str, after: int = 0, *, kinds: Sequence[str] = (), limit: int = 500
) -> list[TrainEvent]:
    """Events of a job with an id above ``after``, oldest first; all kinds where none is named."""
    query = select(TrainEvent).where(TrainEvent.job_id == job_id, TrainEvent.id > after)
    if kinds:
        query = query.where(TrainEvent.kind.in_(kinds))
    limit = max(1, min(limit, MOST_EVENTS))
    return list(session.scalars(query.order_by(TrainEvent.id).limit(limit)))


def latest(session: Session, job_id: str, kind: str, most: int = 1) -> list[TrainEvent]:
    """The newest events of one kind, newest first."""
    query = select(TrainEvent).where(TrainEvent.job_id == job_id, TrainEvent.kind == kind)
    return list(session.scalars(query.order_by(TrainEvent.id.desc()).limit(most)))


def curve(session: Session, job_id: str, kind: str, most: int = 500) -> list[TrainEvent]:
    """Events of one kind by step, evenly thinned to about ``most``, the newest always among them.

    For curves: ``metric`` has the loss of every step, and a long job has very many.
    """
    mine = (TrainEvent.job_id == job_id, TrainEvent.kind == kind)
    count, newest = session.execute(
        select(func.count(), func.max(TrainEvent.id)).where(*mine)
    ).one()
    every = max(1, -(-count // most))
    numbered = (
        select(TrainEvent.id, func.row_number().over(order_by=TrainEvent.id).label("place"))
        .where(*mine)
        .subquery()
    )
    chosen = select(numbered.c.id).where(numbered.c.place % every == 1 % every)
    query = select(TrainEvent).where((TrainEvent.id.in_(chosen)) | (TrainEvent.id == newest), *mine)
    return list(session.scalars(query.order_by(TrainEvent.step, TrainEvent.id)))
