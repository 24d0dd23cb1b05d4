"""When a record's output was made, where its metadata says so."""

from __future__ import annotations

from datetime import UTC, datetime

from evidence.records import FailureRecord

NAMES = ("timestamp", "time", "created_at", "created", "datetime", "date")
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
"""A number outside these years is no moment (or one in a unit that nobody uses for logs)."""
MILLISECONDS = 100_000_000_000
"""Numbers from here on are milliseconds since 1970; as seconds they would be the year 5138."""


def moment_of(record: FailureRecord) -> datetime | None:
    """The moment in a record's metadata, in UTC; None where there is none that can be read.

    Texts are read as ISO 8601 (UTC where they name no zone), numbers as seconds or milliseconds
    since 1970.
    """
    for name in NAMES:
        if name in record.metadata:
            found = _read(record.metadata[name])
            if found and EARLIEST <= found < LATEST:
                return found
    return None


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
