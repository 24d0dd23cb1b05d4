"""Base models that jobs may start from: a bundled list, a team's own, and the tiny model.

Light to import. The variable FORMFACT_MODELS names a team's own list, a YAML file of the same
shape, whose entries come first and win over bundled ones of the same id.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pydantic
import yaml

BUNDLED = Path(__file__).with_name("models.yaml")
TINY = Path(__file__).with_name("tiny")


class BaseModel(pydantic.BaseModel):
    """A model to start from. Where its folder exists, nothing is fetched."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    id: str = pydantic.Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)
    title: str
    path: str = ""
    """A folder of safetensors, looked for before the hub."""
    hub: str = ""
    """Its name on the model hub."""
    revision: str = ""
    licence: str = ""
    parameters: int = pydantic.Field(default=0, ge=0)
    note: str = ""

    @property
    def local(self) -> bool:
        """Whether it lies on this machine in the folder that it names."""
        return bool(self.path) and (Path(self.path).expanduser() / "config.json").is_file()


class BadCatalogue(ValueError):
    """A list of base models that cannot be used; says where and why."""


def catalogue(own: Path | None = None) -> dict[str, BaseModel]:
    """Base models by id: a team's own first, then the tiny one if built, then the bundled.

    Raises:
        BadCatalogue: where a list is not what it has to be.
    """
    named = own or (Path(found) if (found := os.environ.get("FORMFACT_MODELS")) else None)
    lists = [*(_read(named) if named else []), *_tiny(), *_read(BUNDLED)]
    return _first_wins(lists)


def _first_wins(models: list[BaseModel]) -> dict[str, BaseModel]:
    found: dict[str, BaseModel] = {}
    for item in models:
        found.setdefault(item.id, item)
    return found


def _read(path: Path) -> list[BaseModel]:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        return pydantic.TypeAdapter(list[BaseModel]).validate_python(data)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, pydantic.ValidationError) as error:
        raise BadCatalogue(f"{path}: {error}") from error


def tiny_model_folder() -> Path:
    """Where the tiny model lies once it is built: below the user's cache, by its recipe."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    recipe = hashlib.sha256()
    for path in sorted([*TINY.glob("*.py"), *TINY.glob("*.yaml")]):
        recipe.update(path.read_bytes())
    return cache / "formfact" / f"tiny-model-{recipe.hexdigest()[:12]}"


def _tiny() -> list[BaseModel]:
    entry = BaseModel(
        id="tiny",
        title="Tiny model of this project",
        path=str(tiny_model_folder()),
        licence="Apache-2.0",
        note="Made by `make tiny-model` in minutes: to try jobs out, not to answer anybody.",
    )
    return [entry] if entry.local else []
