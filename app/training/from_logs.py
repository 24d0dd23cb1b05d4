"""Rows to train on from failure logs: what went in, and what should have come out.

The target is a person's correction where the record carries one, else its reference. Records that
are sound say what must go on working: they are proposed as regression items.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.logs import get_log, list_logs
from app.storage import FailureLog, LogRecord, LogText

Json = Mapping[str, Any]
LABELS = ("information", "behavior", "both", "neither", "uncertain")
USUAL = ("behavior", "both")
"""Classes that training is for; facts are better looked up."""
GROUPS = (
    *("group", "conversation_id", "thread_id", "session_id", "customer_id"),
    *("user_id", "document_id"),
)
"""Keys of a record's metadata that say which records belong together, the first one counts."""
CORRECTIONS = ("correction", "corrected", "corrected_output", "ideal")
MOST_LOGS = 100
READ = 500
LOOKED_AT = 2_000
"""Records that are looked at to say what a log offers."""
MOST_REGRESSION = 2_000


@dataclass(frozen=True, slots=True)
class FromLogs:
    """Which records of which logs are trained on."""

    logs: tuple[str, ...] = ()
    labels: tuple[str, ...] = USUAL
    by_people: bool = False
    """Whether only records that a person labelled."""
    regression: bool = True
    """Whether sound records of these logs become regression items."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a log has to train on; of long logs, among its first records."""

    log: FailureLog
    by_label: dict[str, int]
    """Class -> records with a target."""
    by_people: int
    """Of all those, how many a person labelled."""
    sound: int
    characters: float
    """Of a row on average."""
    whole: bool
    """Whether all records were looked at."""


def offers(session: Session, case_id: str) -> list[Offer]:
    """The logs of a case that were read, newest first, with what each has to train on."""
    logs = list_logs(session, case_id, limit=MOST_LOGS).items
    return [_offer(session, log) for log in logs if log.state == "done" and log.records]


def _offer(session: Session, log: FailureLog) -> Offer:
    counts: dict[str, int] = {}
    sound = people = characters = rows = 0
    for record, body in _records(session, log, LABELS, most=LOOKED_AT):
        row = row_of(log, record, body)
        sound += record.final_label == "neither"
        if row is None:
            continue
        rows += 1
        people += record.human_label is not None
        counts[record.final_label] = counts.get(record.final_label, 0) + 1
        characters += len(str(row["input"])) + len(row["reference"])
    whole = log.records <= LOOKED_AT
    return Offer(log, counts, people, sound, characters / rows if rows else 0, whole)


def training_rows(session: Session, case_id: str, chosen: FromLogs) -> Iterator[bytes]:
    """The rows to train on as JSON Lines. Raises NotFound for a log that is not the case's."""
    for log_id in chosen.logs:
        log = get_log(session, case_id, log_id)
        for record, body in _records(session, log, chosen.labels, by_people=chosen.by_people):
            row = row_of(log, record, body)
            if row is not None:
                yield to_json(row) + b"\n"


def regression_rows(session: Session, case_id: str, chosen: FromLogs) -> Iterator[bytes]:
    """Sound records as items that must go on passing: their reference, or what was answered."""
    left = MOST_REGRESSION
    for log_id in chosen.logs if chosen.regression else ():
        log = get_log(session, case_id, log_id)
        for record, body in _records(session, log, ("neither",), most=left):
            row = row_of(log, record, body, sound=True)
            if row is not None:
                left -= 1
                yield to_json(row) + b"\n"


def row_of(
    log: FailureLog, record: LogRecord, body: Json, *, sound: bool = False
) -> dict[str, Any] | None:
    """A record as a row of training data; None where nobody said what is right."""
    target = target_of(body) or (str(body["output"]) if sound else "")
    if not target.strip():
        return None
    row: dict[str, Any] = {
        "id": f"{log.id}-{record.number}",
        "input": body["input"],
        "output": body["output"],
        "reference": target,
    }
    if body.get("context"):
        row["context"] = body["context"]
    if group := group_of(body):
        row["group"] = group
    return row


def target_of(body: Json) -> str:
    """What should have come out: a correction, else the reference; '' where neither is there."""
    metadata = body.get("metadata") or {}
    said = [metadata.get(name) for name in CORRECTIONS]
    texts = [text for text in (*said, body.get("reference")) if isinstance(text, str)]
    return next((text for text in texts if text.strip()), "")


def group_of(body: Json) -> str:
    """Which records it belongs together with; '' where nothing says so."""
    metadata = body.get("metadata") or {}
    found = (metadata.get(name) for name in GROUPS)
    return next((str(value)[:200] for value in found if isinstance(value, str | int)), "")


def bodies(session: Session, case_id: str, logs: Sequence[str], most: int) -> Iterator[Json]:
    """The first failure records of these logs, as CONTRACT has them."""
    for log_id in logs:
        log = get_log(session, case_id, log_id)
        for _, body in _records(session, log, LABELS, most=most):
            yield body


def _records(
    session: Session,
    log: FailureLog,
    labels: Sequence[str],
    *,
    by_people: bool = False,
    most: int | None = None,
) -> Iterator[tuple[LogRecord, Json]]:
    """Records of some classes in their order, repeats left out, read some at a time."""
    query: Select[Any] = (
        select(LogRecord, LogText.body)
        .join(LogText, LogText.id == LogRecord.id)
        .where(
            LogRecord.log_id == log.id,
            LogRecord.repeat_of.is_(None),
            LogRecord.final_label.in_(labels),
        )
        .order_by(LogRecord.number)
    )
    if by_people:
        query = query.where(LogRecord.human_label.is_not(None))
    if most is not None:
        query = query.limit(max(most, 0))
    found = session.execute(query.execution_options(yield_per=READ))
    yield from found
