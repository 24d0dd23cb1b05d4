"""The files of a job put together: rows from logs and files that were sent, part by part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import chain

from sqlalchemy.orm import Session

from app.errors import Invalid, Wrong
from app.settings import Settings
from app.training.drafts import Draft, joined, keep
from app.training.estimating import Rows
from app.training.folders import Given
from app.training.from_logs import FromLogs, Offer, regression_rows, training_rows

NOTHING = "choose a log whose records say what is right, or a file"
READ_ALL = 32 << 20
"""Bytes of a file in which rows are counted; what is beyond is taken to be like them."""


def files_for(
    session: Session,
    settings: Settings,
    case_id: str,
    chosen: FromLogs,
    sent: Mapping[str, Draft],
) -> dict[str, Given]:
    """Part of the data -> its file. Raises NotFound, StorageFull, or Invalid without any rows."""
    made: dict[str, Given] = {part: draft.path for part, draft in sent.items()}
    from_logs = {
        "train": training_rows(session, case_id, chosen),
        "regression": regression_rows(session, case_id, chosen),
    }
    for part, rows in from_logs.items():
        if (found := _together(settings, part, rows, sent.get(part))) is not None:
            made[part] = found.path
    if "train" not in made:
        raise Invalid([Wrong("train", NOTHING)])
    return made


def _together(
    settings: Settings, part: str, rows: Iterator[bytes], sent: Draft | None
) -> Draft | None:
    """Rows from logs, then those of the file; None where there are no rows from logs."""
    first = next(rows, None)
    if first is None:
        return None
    pieces = chain([first], rows, joined([sent] if sent else []))
    return keep(settings, part, pieces)


def rows_known(found: tuple[Offer, ...], chosen: FromLogs, sent: Draft | None) -> Rows:
    """How many rows there would be to train on, and how long they are, as far as it is known."""
    counted, characters = 0.0, 0.0
    for item in found:
        if item.log.id in chosen.logs:
            many = sum(count for label, count in item.by_label.items() if label in chosen.labels)
            counted += many
            characters += many * item.characters
    if sent is not None:
        lines = _lines(sent)
        counted += lines
        characters += sent.bytes
    return Rows(int(counted), characters / counted if counted else 0.0)


def _lines(sent: Draft) -> float:
    with sent.path.open("rb") as file:
        read = file.read(READ_ALL)
    lines = sum(1 for line in read.splitlines() if line.strip())
    return lines * sent.bytes / max(len(read), 1)
