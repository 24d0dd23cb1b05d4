"""Finds the shape of a model: a folder or file with its configuration, or a well-known name."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from trainer.memory.families import read_shape
from trainer.memory.shapes import ModelShape, UnknownShape

LARGEST_FILE = 4 * 2**20
"""Bytes of a configuration file that are read."""


def find_shape(name: str) -> ModelShape:
    """The shape of a model by the path of its folder or ``config.json``, or by its name.

    Raises:
        UnknownShape: there is neither such a path nor such a name, or it cannot be read.
    """
    path = Path(name).expanduser()
    if path.is_dir():
        path = path / "config.json"
    if path.is_file():
        return read_shape(_read(path))
    if found := architectures().get(name.lower()):
        return read_shape(found)
    raise UnknownShape(
        f"there is no model {name[:200]}: give the folder of a model, its config.json, or a name "
        "such as " + ", ".join(EXAMPLES)
    )


EXAMPLES = ("qwen2.5-0.5b", "smollm2-360m", "llama-3.1-8b", "bert-base")


@cache
def architectures() -> dict[str, dict[str, Any]]:
    """Configurations of well-known models, by every name in lower case."""
    text = (files("trainer.memory") / "architectures.yaml").read_text(encoding="utf-8")
    rows: dict[str, dict[str, Any]] = yaml.safe_load(text)
    return {
        alias.lower(): config
        for name, config in rows.items()
        for alias in (name, *config.get("also", ()))
    }


def _read(path: Path) -> dict[str, Any]:
    """A configuration; raises UnknownShape where the file holds none."""
    if path.stat().st_size > LARGEST_FILE:
        raise UnknownShape(f"{path}: too large for the configuration of a model")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise UnknownShape(f"{path}: not JSON ({error})") from error
    if not isinstance(found, dict):
        raise UnknownShape(f"{path}: has to be a JSON object")
    return found
