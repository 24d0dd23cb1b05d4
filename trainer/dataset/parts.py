"""The files of a job: read as they were given, and prepared as they are trained on."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.contract import RunFolder, TrainSpec, write_whole
from trainer.dataset.rows import Loaded, Row, load
from trainer.dataset.split import TRAIN, split

PARTS = (TRAIN, "validation", "test", "regression", "safety")
LEARNT = (TRAIN, "validation", "test")
"""Parts whose rows need an answer; the others may only ask."""
SHOWN = 20


class BadData(ValueError):
    """Data that cannot be trained on; the problems in words, the first ones of them."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(problems))


def given(spec: TrainSpec, root: Path) -> dict[str, Loaded]:
    """Every file that the spec names, read whole; paths are relative to ``root``.

    Raises BadData for files that are not there.
    """
    names = {part: getattr(spec.data, part) for part in PARTS if getattr(spec.data, part)}
    missing = [
        f"{part}: there is no file {name}"
        for part, name in names.items()
        if not (root / name).is_file()
    ]
    if missing:
        raise BadData(missing)
    return {
        part: load(root / name, needs_answer=part in LEARNT, system=spec.task.system)
        for part, name in names.items()
    }


def divided(spec: TrainSpec, loaded: Mapping[str, Loaded]) -> dict[str, tuple[Row, ...]]:
    """The rows of every part: where validation or test was not given, it is split off train."""
    shares = {"validation": spec.data.validation_share, "test": spec.data.test_share}
    if sum(shares[part] for part in shares if part not in loaded) >= 1:
        raise BadData(["validation_share and test_share leave nothing to train on"])
    cut = {part: share for part, share in shares.items() if part not in loaded}
    parts = split(loaded[TRAIN].rows, cut, spec.seed)
    return parts | {part: item.rows for part, item in loaded.items() if part != TRAIN}


def prepare(spec: TrainSpec, folder: RunFolder) -> dict[str, Any]:
    """Write ``data/PART.jsonl`` for every part that has rows, normalised and split.

    Returns ``hash`` (SHA-256 over the files, by name) and ``rows`` (part -> how many). Given the
    same files it writes the same. Raises BadData with all bad rows, the first of them in words.
    """
    loaded = given(_kept(spec, folder), folder.root)
    bad = [f"row {row.number} of {part}: {row.why}" for part, item in loaded.items()
           for row in item.bad]  # fmt: skip
    if bad:
        count = sum(item.bad_count for item in loaded.values())
        more = [f"and {count - SHOWN:,} more"] if count > SHOWN else []
        raise BadData(bad[:SHOWN] + more)
    parts = divided(spec, loaded)
    if not parts[TRAIN]:
        raise BadData(["train: the file has no rows"])
    return _written(parts, folder)


def _written(parts: Mapping[str, tuple[Row, ...]], folder: RunFolder) -> dict[str, Any]:
    digest = hashlib.sha256()
    rows = {}
    for part in PARTS:
        path = folder.data / f"{part}.jsonl"
        if not parts.get(part):
            path.unlink(missing_ok=True)
            continue
        text = "".join(f"{row.as_json()}\n" for row in parts[part])
        write_whole(path, text)
        digest.update(f"{path.name}\0{len(text.encode())}\0".encode() + text.encode())
        rows[part] = len(parts[part])
    return {"hash": digest.hexdigest(), "rows": rows}


def _kept(spec: TrainSpec, folder: RunFolder) -> TrainSpec:
    """The spec with files that would be overwritten read from a copy, made once."""
    moved = {}
    for part in PARTS:
        name = getattr(spec.data, part)
        if not name or (folder.root / name).resolve().parent != folder.data.resolve():
            continue
        copy = folder.root / "given" / f"{part}.jsonl"
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            draft = copy.with_suffix(".draft")
            shutil.copyfile(folder.root / name, draft)
            draft.replace(copy)
        moved[part] = str(copy.relative_to(folder.root))
    return spec.model_copy(update={"data": spec.data.model_copy(update=moved)})
