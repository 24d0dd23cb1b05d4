"""Files of training data that were sent or put together, before a job is made of them.

Each lies under the hash of its content, so the same content is the same file: a form that is sent
again, or corrected, need not carry its files twice. Drafts that nobody used are cleared away.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkstemp
from typing import BinaryIO

from app.errors import Invalid, StorageFull, Wrong
from app.settings import Settings
from app.uploads import FULL, NO_ROOM

MOST_BYTES = 512 * 1024 * 1024
"""Of one file of training data."""
LIFE_SECONDS = 24 * 3600.0
PIECE = 1 << 20
NAME = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Draft:
    """A file of training data: the hash of its content (SHA-256), where it lies, its bytes."""

    hash: str
    path: Path
    bytes: int

    @property
    def lines(self) -> int:
        """How many lines that are not blank it has."""
        with self.path.open("rb") as file:
            return sum(1 for line in file if line.strip())


def keep(settings: Settings, where: str, pieces: Iterable[bytes]) -> Draft:
    """Keep content as a draft, piece by piece.

    Raises Invalid, naming ``where``, if it is too long or empty, and StorageFull.
    """
    folder = _folder(settings)
    clear_old(folder)
    handle, name = mkstemp(dir=folder, prefix=".new-")
    place = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            digest, size = _write(file, where, pieces)
        if not size:
            raise Invalid([Wrong(where, "is empty")])
        place.replace(folder / digest)
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(NO_ROOM) from error
        raise
    finally:
        place.unlink(missing_ok=True)
    return Draft(digest, folder / digest, size)


def _write(file: BinaryIO, where: str, pieces: Iterable[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for piece in pieces:
        size += len(piece)
        if size > MOST_BYTES:
            words = f"may have at most {MOST_BYTES // 2**20} MB"
            raise Invalid([Wrong(where, words)])
        digest.update(piece)
        file.write(piece)
    return digest.hexdigest(), size


def find(settings: Settings, name: str) -> Draft | None:
    """The draft with this hash, or None where there is none (any more)."""
    if not NAME.fullmatch(name):
        return None
    path = _folder(settings) / name
    try:
        os.utime(path)  # somebody is still at work with it
        return Draft(name, path, path.stat().st_size)
    except FileNotFoundError:
        return None


def joined(drafts: Iterable[Draft]) -> Iterator[bytes]:
    """The content of several drafts one after the other, each ending its last line."""
    for draft in drafts:
        last = b"\n"
        with draft.path.open("rb") as file:
            while piece := file.read(PIECE):
                last = piece
                yield piece
        if not last.endswith(b"\n"):
            yield b"\n"


def clear_old(folder: Path) -> None:
    """Take away what nobody has touched for a day."""
    before = time.time() - LIFE_SECONDS
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < before:
                path.unlink()


def _folder(settings: Settings) -> Path:
    folder = settings.folder / "drafts"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
