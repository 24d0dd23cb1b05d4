"""Failure logs of a case: made, confirmed, watched, stopped, tried again, taken away."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.cases import get_case
from app.errors import Conflict, Invalid, NotFound, Wrong
from app.paging import Page, page_of
from app.settings import Settings
from app.storage import FailureLog, LogState, SkippedRow, utc_now
from app.text import text_problem, tidy
from evidence.reading import LogUnreadable, Preview, preview_log
from evidence.records import FailureRecord

LONGEST_LOG_NAME = 200
NAMELESS = "log"
ID = re.compile(r"[a-z0-9]{1,32}")
SHA256 = re.compile(r"[0-9a-f]{64}")
ENDING = re.compile(r"\.(jsonl|ndjson|json|csv|tsv|parquet|pq)(\.gz)?$")
"""Endings that say how a file is read; any other is not kept."""
REQUIRED = ("input", "output")
FIELDS = tuple(FailureRecord.model_fields)
MOST_COLUMNS = 200
LONGEST_COLUMN = 500
SECONDS_SURE = 2.0
"""How long a diagnosis runs before its end is foretold."""


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
    """Since the diagnosis began (or last went on), or how long it took; None before."""
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
    get_case(session, case_id)
    shown, sha256 = checked_file(name, size, sha256, most_bytes)
    log = FailureLog(case_id=case_id, name=shown, bytes=size, sha256=sha256)
    session.add(log)
    session.flush()
    return log


def checked_file(
    name: str, size: int | None, sha256: str, most_bytes: int, nameless: str = NAMELESS
) -> tuple[str, str]:
    """The name and the digest of a file that is to come, as they are kept.

    Raises Invalid naming every wrong field.
    """
    shown, sha256 = shown_name(name, nameless), sha256.lower()
    problems = (
        [Wrong("name", problem)] if (problem := text_problem(shown, LONGEST_LOG_NAME)) else []
    )
    if size is not None and not 1 <= size <= most_bytes:
        problems.append(Wrong("bytes", f"must be from 1 to {most_bytes:,}, not {size:,}"))
    if sha256 and not SHA256.fullmatch(sha256):
        problems.append(Wrong("sha256", "must be 64 hexadecimal digits"))
    if problems:
        raise Invalid(problems)
    return shown, sha256


def shown_name(name: str, nameless: str = NAMELESS) -> str:
    """A file's name as it is kept: the last part of a path, in one line, without what hides."""
    last = re.split(r"[\\/]", tidy(name))[-1]
    plain = "".join(sign if text_problem(sign, 1) is None else " " for sign in last)
    return " ".join(plain.split()).strip(".")[-LONGEST_LOG_NAME:].strip() or nameless


def get_log(session: Session, case_id: str, log_id: str) -> FailureLog:
    """A log of a case. Raises NotFound."""
    get_case(session, case_id)
    return _of_case(session.get(FailureLog, log_id) if ID.fullmatch(log_id) else None, case_id)


def lock_log(session: Session, case_id: str, log_id: str) -> FailureLog:
    """The log, read anew and locked until the session ends, for a change. Raises NotFound."""
    get_case(session, case_id)
    query = select(FailureLog).where(FailureLog.id == log_id).with_for_update()
    found = session.scalar(query.execution_options(populate_existing=True)) if _id(log_id) else None
    return _of_case(found, case_id)


def list_logs(session: Session, case_id: str, limit: int = 20, offset: int = 0) -> Page[FailureLog]:
    """The logs of a case, newest first. Raises NotFound."""
    get_case(session, case_id)
    query = select(FailureLog).where(FailureLog.case_id == case_id, FailureLog.state != "deleting")
    order = (FailureLog.created_at.desc(), FailureLog.id)
    return page_of(session, query, order, limit, offset)


def progress_of(session: Session, log: FailureLog, now: datetime | None = None) -> Progress:
    """How far a log is."""
    seconds = _seconds(log, now or utc_now())
    return Progress(
        state=log.state,
        share=_share(log),
        records=log.records,
        skipped=log.skipped,
        duplicates=log.duplicates,
        seconds=seconds,
        seconds_left=_seconds_left(log, seconds),
        waiting=_waiting(session, log),
    )


def file_of(settings: Settings, log: FailureLog) -> Path:
    """Where the content of a log is: below the data folder, named by the log's id alone.

    Of the name that the file came with only a known ending is kept: it says how to read it.
    """
    ending = ENDING.search(log.name.lower())
    return settings.folder / "logs" / f"{log.id}{ending[0] if ending else ''}"


def preview(
    settings: Settings, log: FailureLog, mapping: Mapping[str, str] | None = None
) -> Preview:
    """The columns of an uploaded log, what they are taken for, and its first rows.

    Raises Conflict where the file is not there yet (or any more), Invalid where it cannot be read.
    """
    if log.state == "uploading":
        raise Conflict("The file is not there yet.")
    path = file_of(settings, log)
    if not path.exists():
        raise Conflict("The file is not there any more. Upload it again.")
    try:
        return preview_log(path, mapping=mapping)
    except LogUnreadable as error:
        raise Invalid([Wrong("file", without_path(str(error), path))]) from error


def without_path(words: str, path: Path) -> str:
    """What a reader says of a file, without the place where this server keeps it."""
    return words.removeprefix(f"{path}: ").replace(str(path), "the file")


def confirm_mapping(
    session: Session, settings: Settings, case_id: str, log_id: str, mapping: Mapping[str, str]
) -> FailureLog:
    """Confirm what each column is; the log is then queued for its diagnosis.

    ``mapping`` is column -> field of the failure record; ``input`` and ``output`` must be among the
    fields. Possible until the first record is diagnosed. Raises NotFound, Conflict, or Invalid.
    """
    log = lock_log(session, case_id, log_id)
    if log.position or log.state not in ("uploaded", "failed", "cancelled"):
        raise Conflict(_CONFIRMED if log.position else _no("confirm its columns", log))
    found = preview(settings, log, _checked_mapping(mapping))
    if found.missing:
        words = f"no column is {' and none is '.join(found.missing)}"
        raise Invalid([Wrong("mapping", words)])
    log.mapping, log.kind = dict(mapping), found.kind
    return _queue(session, log)


_CONFIRMED = "Its records are diagnosed by now. Upload the file again to read it in another way."


def cancel_log(session: Session, case_id: str, log_id: str) -> FailureLog:
    """Stop a log's upload or diagnosis; what was diagnosed stays. Raises NotFound or Conflict."""
    log = lock_log(session, case_id, log_id)
    if log.state not in ("uploading", "uploaded", "queued", "running"):
        raise Conflict(_no("stop it", log))
    log.state, log.claim, log.finished_at = "cancelled", "", utc_now()
    session.flush()
    return log


def retry_log(session: Session, case_id: str, log_id: str) -> FailureLog:
    """Go on with a failed or cancelled log where it stopped: upload, columns, or diagnosis.

    Raises NotFound or Conflict.
    """
    log = lock_log(session, case_id, log_id)
    if log.state not in ("failed", "cancelled"):
        raise Conflict(_no("try it again", log))
    if log.received == log.bytes and log.mapping is not None:
        return _queue(session, log)
    log.state = "uploaded" if log.received == log.bytes else "uploading"
    log.error, log.finished_at = "", None
    session.flush()
    return log


def delete_log(session: Session, case_id: str, log_id: str) -> None:
    """Take a log away with its file, its records and their labels; facts of the case stay.

    It is gone from every list at once; a background process clears it away. Raises NotFound.
    """
    log = lock_log(session, case_id, log_id)
    log.state, log.claim = "deleting", ""
    session.flush()


def skipped_rows(
    session: Session, case_id: str, log_id: str, limit: int = 20, offset: int = 0
) -> Page[SkippedRow]:
    """Rows of the file that are no records, in order, each with its line and why.

    Raises NotFound.
    """
    log = get_log(session, case_id, log_id)
    query = select(SkippedRow).where(SkippedRow.log_id == log.id)
    return page_of(session, query, (SkippedRow.line, SkippedRow.id), limit, offset)


def _queue(session: Session, log: FailureLog) -> FailureLog:
    log.state, log.queued_at, log.finished_at = "queued", utc_now(), None
    log.tries, log.error, log.claim = 0, "", ""
    session.flush()
    return log


def _checked_mapping(mapping: Mapping[str, str]) -> Mapping[str, str]:
    """The mapping. Raises Invalid naming every column that cannot be taken for what it says."""
    if len(mapping) > MOST_COLUMNS:
        raise Invalid([Wrong("mapping", f"must name at most {MOST_COLUMNS} columns")])
    problems = [
        Wrong(f"mapping.{column[:80]}", f"must be one of {', '.join(FIELDS)}, not {field[:80]!r}")
        for column, field in mapping.items()
        if field not in FIELDS or len(column) > LONGEST_COLUMN
    ]
    problems += [
        Wrong("mapping", f"no column is the {field}")
        for field in REQUIRED
        if field not in mapping.values()
    ]
    if problems:
        raise Invalid(problems)
    return mapping


def _id(log_id: str) -> bool:
    return ID.fullmatch(log_id) is not None


def _of_case(log: FailureLog | None, case_id: str) -> FailureLog:
    if log is None or log.case_id != case_id or log.state == "deleting":
        raise NotFound("log with this id for this case")
    return log


STATE_WORDS: dict[LogState, str] = {
    "uploading": "is being uploaded",
    "uploaded": "waits for its columns to be confirmed",
    "queued": "waits to be diagnosed",
    "running": "is being diagnosed",
    "done": "is diagnosed",
    "failed": "could not be diagnosed",
    "cancelled": "was stopped",
    "deleting": "is being deleted",
}


def _no(what: str, log: FailureLog) -> str:
    return f"You cannot {what} now: the log {STATE_WORDS[log.state]}."


# --- progress ---------------------------------------------------------------------------------


def _share(log: FailureLog) -> float | None:
    if log.state == "uploading":
        return log.received / log.bytes if log.bytes else None
    if log.state == "running" and log.total:
        return min(1.0, log.position / log.total)
    return 1.0 if log.state == "done" else None


def _seconds(log: FailureLog, now: datetime) -> float | None:
    if log.started_at is None or log.state in ("queued", "uploaded", "uploading"):
        return None
    return max(0.0, ((log.finished_at or now) - log.started_at).total_seconds())


def _seconds_left(log: FailureLog, seconds: float | None) -> float | None:
    """As long as the rest takes at the speed so far."""
    done = log.position - log.resumed_at
    if log.state != "running" or not log.total or not done or (seconds or 0) < SECONDS_SURE:
        return None
    return (seconds or 0) * max(0, log.total - log.position) / done


def _waiting(session: Session, log: FailureLog) -> int:
    if log.state != "queued":
        return 0
    before = FailureLog.state.in_(("running",)) | (
        (FailureLog.state == "queued") & (FailureLog.queued_at < log.queued_at)
    )
    return session.scalar(select(func.count()).select_from(FailureLog).where(before)) or 0
