"""A diagnosed record as it is stored: in the list, in the search, and whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_json

from app.log_records import SURENESS, WORD
from evidence.diagnose import Diagnosed
from evidence.lines import line_of
from evidence.reading import Row
from evidence.reading.duplicates import content_digest
from evidence.records import FailureRecord
from evidence.view import RecordView
from evidence.when import moment_of

SEARCHED = 8_000
"""Characters of input, of output and of the note that a search looks in."""
LONGEST_ID = 1_000


@dataclass(frozen=True, slots=True)
class Stored:
    """What is kept of one record, by column: in ``log_records``, and in ``log_texts``."""

    found: dict[str, Any]
    text: dict[str, Any]


def stored(row: Row, item: Diagnosed, log_id: str) -> Stored:
    """A record with what was found on it; its number is still to come."""
    record, line = row.record, line_of(item)
    found = {
        "log_id": log_id,
        "line": row.line,
        "record_id": storable(record.id[:LONGEST_ID]),
        "label": item.label,
        "subtype": item.subtype,
        "confidence": item.confidence,
        "sureness": 0 if item.label == "uncertain" else SURENESS[item.confidence],
        "final_label": item.label,
        "final_subtype": item.subtype,
        "digest": content_digest(record).hex(),
        "happened_at": moment_of(record),
        "repeat_of": None,
        "repeats": 0,
    }
    text = {
        "log_id": log_id,
        "searched": searched_in(record),
        "body": body_of(record),
        "signals": plain_json(line["signals"], []),
        "rules": line["rules"],
    }
    return Stored(found, text)


def searched_in(record: FailureRecord) -> str:
    """The words of input, output and note, as a search knows them."""
    texts = (RecordView(record).input_text, record.output, record.reviewer_note or "")
    return " ".join(WORD.findall(" ".join(text[:SEARCHED] for text in texts).casefold()))


def body_of(record: FailureRecord) -> dict[str, Any]:
    """The record as JSON has it; metadata that JSON cannot hold are left out."""
    bare = record.model_copy(update={"metadata": {}})
    try:
        whole = record.model_dump()
    except (ValueError, RecursionError):  # nested deeper than can be written down
        whole = bare.model_dump()
    body: dict[str, Any] = plain_json(whole, None) or plain_json(bare.model_dump(), {})
    return body


def plain_json(data: Any, otherwise: Any) -> Any:
    """The data as a JSON column takes it; something else where JSON cannot hold it."""
    try:
        to_json(data)
    except (ValueError, RecursionError):
        return _mended(data, otherwise)
    return data


def _mended(data: Any, otherwise: Any) -> Any:
    """The data without half characters, which no encoding of text has."""
    try:
        text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError):
        return otherwise
    return json.loads(text.encode("utf-8", "replace"))


def storable(text: str) -> str:
    """The text without what a text column cannot hold: NUL, and half characters."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()
