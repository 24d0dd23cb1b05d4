"""When a record's output was made, where its metadata says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from evidence.records import FailureRecord

NAMES = ("timestamp", "time", "created_at", "created", "datetime", "date")
"""Names of what holds it, the surest first; case, spaces and punctuation make no difference."""
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A number outside these years is no moment (or one in a unit that nobody uses for logs)."""
MOST_NAMES, LONGEST_NAME = 200, 40
"""Names in the metadata, and characters of one, that are looked at."""
MILLISECONDS = 100_000_000_000
"""Numbers from here on are milliseconds since 1970; as seconds they would be the year 5138."""


def moment_of(record: FailureRecord) -> datetime | None:
    """The moment in a record's metadata, in UTC; None where there is none that can be read.

    Texts are read as ISO 8601 (UTC where they name no zone), numbers as seconds or milliseconds
    since 1970.
    """
    for value in _told(record.metadata):
        found = _read(value)
        if found and EARLIEST <= found < LATEST:
            return found
    return None


def _told(metadata: Mapping[str, Any]) -> Iterator[Any]:
    """What stands under the names, those written as they are listed first."""
    if not metadata:
        return
    yield from (metadata[name] for name in NAMES if name in metadata)
    plain = {_plain(name): value for name, value in islice(metadata.items(), MOST_NAMES)}
    yield from (plain[_plain(name)] for name in NAMES if _plain(name) in plain)


@lru_cache(maxsize=4_096)
def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name[:LONGEST_NAME])).lower()


def _read(value: object) -> datetime | None:
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            seconds = value / 1000 if abs(value) >= MILLISECONDS else value
            return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None
