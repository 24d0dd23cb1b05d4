"""Files that are sent in parts: where a part begins, and what is told of what has arrived."""

from __future__ import annotations

import re

from app.errors import Invalid, Wrong
from app.storage import DocumentFile, FailureLog

RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")


def first_of(part: str, file: FailureLog | DocumentFile) -> int:
    """Where a part begins. Raises Invalid where its range cannot be."""
    found = RANGE.fullmatch(part.strip())
    if found is None:
        raise Invalid([Wrong("Content-Range", "must be like bytes 0-999/5000")])
    first, last, size = (int(number) for number in found.groups())
    if not first <= last < size or file.bytes not in (None, size):
        said = f", which was announced with {file.bytes:,} bytes" if file.bytes is not None else ""
        raise Invalid([Wrong("Content-Range", f"must lie within the file{said}")])
    return first


def arrived_headers(file: FailureLog | DocumentFile) -> dict[str, str]:
    """How much of a file has arrived, and how much there is to be."""
    length = {"upload-length": str(file.bytes)} if file.bytes is not None else {}
    return {"upload-offset": str(file.received), **length}
