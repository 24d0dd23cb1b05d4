"""What a run tells: events appended to a file, whole lines only, one for each key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trainer.contract import Event, EventKind


class Journal:
    """Appends events to ``events.jsonl``, each flushed before `tell` returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        end_broken_line(path)
        self.path = path
        self.told = {event.key for event in read_events(path)}
        self._file = path.open("a", encoding="utf-8")

    def tell(
        self, kind: EventKind, key: str, data: dict[str, Any], step: int | None = None
    ) -> None:
        """Append an event, unless one with its key is there: a resumed run repeats steps."""
        if key in self.told:
            return
        event = Event(key=key, kind=kind, at=datetime.now(UTC), step=step, data=data)
        self._file.write(event.model_dump_json() + "\n")
        self._file.flush()
        self.told.add(key)

    def close(self) -> None:
        """Leave the file."""
        self._file.close()


def read_events(path: Path) -> Iterator[Event]:
    """The events that were written whole, oldest first."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.endswith("\n"):
                try:
                    yield Event.model_validate_json(line)
                except ValidationError:
                    continue


def end_broken_line(path: Path) -> None:
    """End a last line that a killed process left unfinished: it is skipped, as it is no event."""
    if not path.exists() or not path.stat().st_size:
        return
    with path.open("rb+") as file:
        file.seek(-1, os.SEEK_END)
        if file.read(1) != b"\n":
            file.write(b"\n")
