"""Checkpoints that count only when they are whole, and of which the newest two are kept.

A checkpoint is written file by file; the last file, ``complete.json``, holds the hash of every
other one. A process killed at any moment so leaves either a whole checkpoint or one that is
cleared away at the next start.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from trainer.contract import write_whole

KEPT = 2
"""Of how many a run keeps the files: should the newest be damaged, the one before it is there."""
MARK = "complete.json"


def complete(folder: Path, more: dict[str, Any] | None = None) -> None:
    """Declare a checkpoint whole; ``more`` is kept with it."""
    files = {path.relative_to(folder).as_posix(): digest(path) for path in _files(folder)}
    for name in files:
        _to_disk(folder / name)
    write_whole(folder / MARK, json.dumps({"files": files, **(more or {})}))
    _to_disk(folder)


def newest(root: Path) -> Path | None:
    """The newest checkpoint whose files are all there as they were written."""
    return next((path for path in reversed(_all(root)) if is_whole(path)), None)


def told(folder: Path) -> dict[str, Any]:
    """What was kept with a whole checkpoint."""
    found: dict[str, Any] = json.loads((folder / MARK).read_text(encoding="utf-8"))
    return found


def is_whole(folder: Path) -> bool:
    """Whether every file of a checkpoint is there, byte for byte."""
    try:
        files: dict[str, str] = told(folder)["files"]
        return all(digest(folder / name) == value for name, value in files.items())
    except (OSError, ValueError, KeyError):
        return False


def step_of(folder: Path) -> int:
    """The step after which a checkpoint was written."""
    return int(folder.name.rpartition("-")[2])


def prune(root: Path) -> None:
    """Remove all but the newest whole checkpoints."""
    marked = [path for path in _all(root) if (path / MARK).exists()]
    for path in marked[:-KEPT]:
        _remove(path)


def clear_unfinished(root: Path) -> None:
    """Remove what a killed process left unfinished."""
    for path in _all(root):
        if not (path / MARK).exists():
            _remove(path)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _all(root: Path) -> list[Path]:
    found = [path for path in root.glob("checkpoint-*") if path.name[11:].isdigit()]
    return sorted(found, key=step_of)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != MARK)


def _remove(folder: Path) -> None:
    # first the mark: what is killed half way through must not count as whole
    (folder / MARK).unlink(missing_ok=True)
    shutil.rmtree(folder)


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
