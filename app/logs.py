"""Failure logs of a case: made, confirmed, watched, stopped, tried again, taken away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from app.paging import Page
from app.settings import Settings
from app.storage import FailureLog, LogState, SkippedRow
from evidence.reading import Preview

LONGEST_LOG_NAME = 200
MOST_TRIES = 3
"""How often a log is begun before its processes' dying counts as its own fault."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading of a log is."""

    state: LogState
    share: float | None
    """0 to 1: of the upload while it is uploading, of the diagnosis while that runs, else None."""
    records: int
    skipped: int
    duplicates: int
    seconds: float | None
    """Since the diagnosis began, or how long it took; None before."""
    seconds_left: float | None
    waiting: int
    """Logs that come before this one in the queue."""


def create_log(
    session: Session,
    case_id: str,
    name: str,
    size: int | None,
    *,
    sha256: str = "",
    most_bytes: int,
) -> FailureLog:
    """A new log of a case, ``uploading``: its content is still to come (``app.uploads``).

    ``size`` is in bytes, None where it is not known yet; ``sha256`` (64 hexadecimal digits) is
    compared when the whole file is there. Raises NotFound, or Invalid naming every wrong field.
    """
    raise NotImplementedError


def shown_name(name: str) -> str:
    """A file's name as it is kept: the last part of a path, in one line, without what hides."""
    raise NotImplementedError


def get_log(session: Session, case_id: str, log_id: str) -> FailureLog:
    """A log of a case. Raises NotFound."""
    raise NotImplementedError


def lock_log(session: Session, case_id: str, log_id: str) -> FailureLog:
    """The log, read anew and locked until the session ends, for a change. Raises NotFound."""
    raise NotImplementedError


def list_logs(session: Session, case_id: str, limit: int = 20, offset: int = 0) -> Page[FailureLog]:
    """The logs of a case, newest first. Raises NotFound."""
    raise NotImplementedError


def progress_of(session: Session, log: FailureLog, now: datetime | None = None) -> Progress:
    """How far a log is."""
    raise NotImplementedError


def file_of(settings: Settings, log: FailureLog) -> Path:
    """Where the content of a log is: below the data folder, named by the log's id alone."""
    return settings.folder / "logs" / log.id


def preview(
    settings: Settings, log: FailureLog, mapping: Mapping[str, str] | None = None
) -> Preview:
    """The columns of an uploaded log, what they are taken for, and its first rows.

    Raises Conflict where the file is not there yet (or any more), Invalid where it cannot be read.
    """
    raise NotImplementedError


def confirm_mapping(
    session: Session, settings: Settings, case_id: str, log_id: str, mapping: Mapping[str, str]
) -> FailureLog:
    """Confirm what each column is; the log is then queued for its diagnosis.

    ``mapping`` is column -> field of the failure record; ``input`` and ``output`` must be among the
    fields. Possible while nobody labelled a record. Raises NotFound, Conflict, or Invalid.
    """
    raise NotImplementedError


def cancel_log(session: Session, case_id: str, log_id: str) -> FailureLog:
    """Stop a log's upload or diagnosis; what was diagnosed stays. Raises NotFound or Conflict."""
    raise NotImplementedError


def retry_log(session: Session, case_id: str, log_id: str) -> FailureLog:
    """Queue a failed or cancelled log again; it goes on where it stopped.

    Raises NotFound or Conflict.
    """
    raise NotImplementedError


def delete_log(session: Session, case_id: str, log_id: str) -> None:
    """Take a log away with its file, its records and their labels; facts of the case stay.

    It is gone from every list at once; a background process clears it away. Raises NotFound.
    """
    raise NotImplementedError


def skipped_rows(
    session: Session, case_id: str, log_id: str, limit: int = 20, offset: int = 0
) -> Page[SkippedRow]:
    """Rows of the file that are no records, in order, each with its line and why.

    Raises NotFound.
    """
    raise NotImplementedError
