"""What a run leaves for people to take away: adapter, merged weights, model card, log, events."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from app.settings import Settings
from app.storage import TrainJob
from app.training.folders import folder_of

MODIFIED = (1980, 1, 1, 0, 0, 0)
"""The same files make the same archive, whenever it is made."""
PIECE = 1 << 20


def outputs_of(settings: Settings, job: TrainJob) -> dict[str, Path]:
    """Name -> file or folder of everything that is there, all of it inside the job's folder."""
    run = folder_of(settings, job.id)
    said = (job.report or {}).get("files", {}).get("card", "")
    card = run.root / said if isinstance(said, str) and said else run.adapter / "README.md"
    places = {
        "adapter": run.adapter,
        "merged": run.merged,
        "card": card,
        "log": run.log,
        "events": run.events,
    }
    return {name: path for name, path in places.items() if _inside(path, run.root)}


def _inside(path: Path, root: Path) -> bool:
    """Whether a path is there, and leads nowhere else by .. or by a link."""
    return path.exists() and path.resolve().is_relative_to(root.resolve())


def zipped(folder: Path) -> Iterator[bytes]:
    """A folder as a ZIP archive, in pieces, uncompressed: weights do not get smaller.

    Links are left out: nothing from outside the folder travels along.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and _inside(path, folder):
                yield from _add(archive, sink, path, path.relative_to(folder).as_posix())
    yield sink.taken()


def _add(archive: zipfile.ZipFile, sink: _Sink, path: Path, name: str) -> Iterator[bytes]:
    entry = zipfile.ZipInfo(name, MODIFIED)
    entry.file_size = path.stat().st_size
    with archive.open(entry, "w") as target, path.open("rb") as source:
        while piece := source.read(PIECE):
            target.write(piece)
            yield sink.taken()


class _Sink(io.RawIOBase):
    """A file that is only ever written on, and handed over in pieces."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, piece: bytes) -> int:  # type: ignore[override]
        self._pieces.append(bytes(piece))
        return len(piece)

    def taken(self) -> bytes:
        """What was written since the last time."""
        whole = b"".join(self._pieces)
        self._pieces.clear()
        return whole
