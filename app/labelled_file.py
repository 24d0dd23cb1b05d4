"""The file that ``formfact diagnose --out`` writes: a line a record, whole or not at all.

While a run lasts, lines go into a draft beside it, with a note of what run that was. A run that was
stopped can go on from there; the finished file appears at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from app.errors import Invalid, Wrong
from evidence.diagnose import Diagnosed
from evidence.lines import diagnosed_of, text_of


@dataclass
class LabelledFile:
    """A draft that becomes ``out`` when it is finished. Use it as a context."""

    out: Path
    run: dict[str, Any]
    """What has to be the same for a stopped run to go on: log, rulebook, mapping."""
    resume: bool = False
    before: int = field(default=0, init=False)
    """Lines that an earlier run wrote."""
    _file: IO[bytes] | None = field(default=None, init=False)

    @property
    def draft(self) -> Path:
        """Where lines stand until the file is whole."""
        return self.out.with_name(f"{self.out.name}.part")

    @property
    def note(self) -> Path:
        """What run the draft belongs to."""
        return self.out.with_name(f"{self.out.name}.part.json")

    def __enter__(self) -> Self:
        """Open the draft, where asked after the last whole line of an earlier run."""
        if self.resume:
            self.before = self._whole_lines()
        else:
            self.note.write_text(json.dumps(self.run), encoding="utf-8")
        self._file = self.draft.open("ab" if self.resume else "wb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the draft; only ``finish`` makes it the file. An empty one goes."""
        if self._file:
            self._file.close()
        if kind and self.draft.exists() and not self.draft.stat().st_size:
            self.discard()

    def add(self, item: Diagnosed) -> None:
        """Write a record's line."""
        assert self._file  # noqa: S101 - used as a context
        self._file.write(text_of(item) + b"\n")

    def discard(self) -> None:
        """Drop the draft: there is nothing worth going on with."""
        if self._file:
            self._file.close()
        self.draft.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)

    def finish(self) -> None:
        """Put the whole file in its place and drop the draft."""
        self.__exit__(None, None, None)
        self.draft.replace(self.out)
        self.note.unlink(missing_ok=True)

    def earlier(self) -> Iterator[Diagnosed]:
        """The records that an earlier run wrote, in order."""
        with self.draft.open(encoding="utf-8") as file:
            for _, line in zip(range(self.before), file, strict=False):
                yield diagnosed_of(json.loads(line))

    def _whole_lines(self) -> int:
        """Cut off a last line that is not whole, and count the others. Raises Invalid."""
        if not self.draft.exists() or not self.note.exists():
            raise Invalid([Wrong(str(self.out), "there is no stopped run to resume")])
        if json.loads(self.note.read_text(encoding="utf-8")) != self.run:
            message = "the stopped run read another log, rulebook or mapping: start again"
            raise Invalid([Wrong(str(self.draft), message)])
        whole = size = 0
        with self.draft.open("r+b") as file:
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole, size = whole + 1, size + len(line)
            file.truncate(size)
        return whole
