"""The folder of a training run that somebody started by hand: made once, gone on with after."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from app.cli.problems import BadInput
from app.training.folders import INPUT, PARTS, placed
from trainer.contract import RunFolder, TrainSpec, write_whole

LARGEST = 2**20
"""Bytes of a spec."""


def read_spec(path: Path) -> TrainSpec:
    """The spec in a file of YAML or JSON; raises BadInput with a line for each problem."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise BadInput(f"{path}: longer than 1 MiB, so no spec")
    try:
        return TrainSpec.model_validate(yaml.safe_load(content))
    except (yaml.YAMLError, RecursionError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: {' '.join(str(error).split())[:300]}") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc'])) or 'spec'}: {one['msg']}"
                 for one in error.errors()]  # fmt: skip
        raise BadInput(*(f"{path}: {line}" for line in lines)) from error


def run_folder(spec_file: Path, out: Path | None) -> RunFolder:
    """The folder of the run that a spec describes: filled if it is new, else as it was left.

    Raises:
        BadInput: where files are missing, or the folder holds the run of something else.
    """
    spec = read_spec(spec_file)
    folder = RunFolder((out or spec_file.with_suffix(".run")).resolve())
    files = _files(spec, spec_file.parent)
    asked = _digest(spec, files)
    kept = folder.root / "asked.json"
    if kept.exists():
        if json.loads(kept.read_text(encoding="utf-8")) != asked:
            raise BadInput(
                f"{folder.root}: holds the run of another spec or of other data. Name another "
                "folder with --out, or remove this one"
            )
        return folder
    if folder.root.exists() and any(folder.root.iterdir()):
        raise BadInput(f"{folder.root}: is there, and is no run. Name another folder with --out")
    (folder.root / INPUT).mkdir(parents=True, exist_ok=True)
    for part, path in files.items():
        shutil.copyfile(path, folder.root / INPUT / f"{part}.jsonl")
    write_whole(folder.spec, _settled(placed(spec, files), spec_file).model_dump_json(indent=1))
    write_whole(kept, json.dumps(asked))
    return folder


def _files(spec: TrainSpec, root: Path) -> dict[str, Path]:
    named = {part: getattr(spec.data, part) for part in PARTS if getattr(spec.data, part)}
    files = {part: root / name for part, name in named.items()}
    missing = [f"data.{part}: there is no file {path}" for part, path in files.items()
               if not path.is_file()]  # fmt: skip
    if missing:
        raise BadInput(*missing)
    return files


def _settled(spec: TrainSpec, spec_file: Path) -> TrainSpec:
    """A model in a folder is named relative to the spec, as its data is."""
    beside = spec_file.parent / spec.model
    if (beside / "config.json").is_file():
        return spec.model_copy(update={"model": str(beside.resolve())})
    return spec


def _digest(spec: TrainSpec, files: dict[str, Path]) -> dict[str, Any]:
    """What tells one run from another: the spec, and the content of its files."""
    found: dict[str, Any] = {"spec": spec.model_dump(mode="json", exclude_defaults=True)}
    for part, path in files.items():
        with path.open("rb") as file:
            found[part] = hashlib.file_digest(file, "sha256").hexdigest()
    return found
