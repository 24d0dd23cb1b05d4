"""The folder of a job: where it lies, what goes in, what can be read off it.

Several machines may share the data folder: everything of a job lies in ``jobs/ID`` below it.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import Invalid, StorageFull, Wrong
from app.settings import Settings
from trainer.contract import RunFolder, TrainSpec, write_whole

Given: TypeAlias = Path | bytes
"""A file of the data: one on this machine's disk, or its content."""
Shape = TypeVar("Shape", bound=BaseModel)

ID = re.compile(r"[a-z0-9]{1,32}")
PARTS = ("train", "validation", "test", "regression", "safety")
INPUT = "input"
"""Where the files that the job was launched with lie; what is made of them goes to ``data``."""
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
STAGE_WEIGHT = 1_000_000_000
"""A finished stage counts more than any number of steps."""
TAIL = 4_000
"""Characters of the log that are shown with a failure."""
MOST_REPORT_BYTES = 64 << 20


def folder_of(settings: Settings, job_id: str) -> RunFolder:
    """The folder of a job."""
    return RunFolder(settings.folder / "jobs" / job_id)


# --- what goes in -----------------------------------------------------------------------------


def placed(spec: TrainSpec, files: Mapping[str, Given]) -> TrainSpec:
    """The spec with its data where it will lie in the folder: no path from outside is kept.

    Raises Invalid where a part is named without a file, or there is none to train on.
    """
    named = {part for part in PARTS if getattr(spec.data, part)} | {"train"}
    wrong = [Wrong(f"files.{part}", "is missing") for part in sorted(named - set(files))]
    wrong += [
        Wrong(f"files.{part}", f"there is no such part; the parts are {', '.join(PARTS)}")
        for part in sorted(set(files) - set(PARTS))
    ]
    if wrong:
        raise Invalid(wrong)
    places = {part: f"{INPUT}/{part}.jsonl" if part in files else "" for part in PARTS}
    return spec.model_copy(update={"data": spec.data.model_copy(update=places)})


def fill(settings: Settings, run: RunFolder, spec: TrainSpec, files: Mapping[str, Given]) -> None:
    """Make the folder of a job with its spec and its files. Raises StorageFull, or OSError."""
    try:
        (run.root / INPUT).mkdir(parents=True)
        for part, given in files.items():
            _put(settings, given, run.root / INPUT / f"{part}.jsonl")
        write_whole(run.spec, spec.model_dump_json(indent=1))
    except OSError as error:
        shutil.rmtree(run.root, ignore_errors=True)
        if error.errno in FULL:
            raise StorageFull("The disk is full: no job was made.") from error
        raise


def _put(settings: Settings, given: Given, place: Path) -> None:
    if isinstance(given, bytes):
        place.write_bytes(given)
        return
    # what lies in the data folder was uploaded and never changes: a second name costs nothing
    if given.absolute().is_relative_to(settings.folder):
        with suppress(OSError):
            place.hardlink_to(given)
            return
    shutil.copyfile(given, place)


def digest_of(spec: TrainSpec, files: Mapping[str, Given], *more: str) -> str:
    """A digest (SHA-256) of what a job is created from."""
    said: dict[str, Any] = {
        part: hashlib.sha256(given).hexdigest()
        if isinstance(given, bytes)
        else [str(given), given.stat().st_size]
        for part, given in sorted(files.items())
    }
    # defaults are left out: a later version that has more of them takes the same for the same
    whole = [spec.model_dump(mode="json", exclude_defaults=True), said, *more]
    return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).hexdigest()


# --- what can be read off ---------------------------------------------------------------------


def reached(run: RunFolder) -> int:
    """How far a run is, as a number that grows: finished stages, then the newest checkpoint."""
    stages = sum(1 for _ in run.stages.glob("*.json"))
    steps = [_step(path.parent) for path in run.checkpoints.glob("*/complete.json")]
    return stages * STAGE_WEIGHT + max(steps, default=0)


def _step(checkpoint: Path) -> int:
    number = checkpoint.name.rpartition("-")[2]
    return int(number) if number.isascii() and number.isdecimal() else 0


def read_as(shape: type[Shape], path: Path) -> Shape | None:
    """A result that the process left, or None where there is none that can be read."""
    try:
        if path.stat().st_size > MOST_REPORT_BYTES:
            return None
        return shape.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None


def tail_of(run: RunFolder) -> str:
    """The end of the log, in whole lines."""
    try:
        with run.log.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return text.partition("\n")[2] if size > TAIL and "\n" in text else text


def is_locked(path: Path) -> bool:
    """Whether some process holds the lock on a file; the kernel lets go when it ends."""
    with _opened(path) as handle:
        if handle is None:
            return False
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False


@contextmanager
def _opened(path: Path) -> Iterator[int | None]:
    try:
        handle = os.open(path, os.O_RDWR)
    except OSError:
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


def remove(settings: Settings, job_id: str) -> None:
    """Take the folder of a job away with all that is in it."""
    shutil.rmtree(folder_of(settings, job_id).root, ignore_errors=True)
