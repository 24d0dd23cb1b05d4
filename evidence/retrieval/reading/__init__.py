"""Readers of documents, one module a kind of file, found by folder.

A module has a docstring, ``KIND``, ``ENDINGS`` (lower case, with the dot) and
``read(path, source, limits)``, which yields documents and problems and never raises on bad content.
``source`` is the relative path that documents and problems name. Helper modules start with ``_``.
"""

from __future__ import annotations

import inspect
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

from evidence.retrieval.reading._base import Limits, Reader

__all__ = ["Limits", "Reader", "reader_of", "readers"]


@lru_cache(maxsize=1)
def readers() -> tuple[Reader, ...]:
    """Every reader, by name."""
    found = iter_modules([str(Path(__file__).parent)])
    return tuple(_reader(name) for _, name, _ in found if not name.startswith("_"))


def _reader(name: str) -> Reader:
    module = import_module(f"{__name__}.{name}")
    about = (inspect.getdoc(module) or "").partition("\n")[0]
    return Reader(module.KIND, tuple(module.ENDINGS), module.read, about)


@lru_cache(maxsize=1)
def _by_ending() -> dict[str, Reader]:
    return {ending: reader for reader in readers() for ending in reader.endings}


def reader_of(name: str) -> Reader:
    """The reader for a file of this name; what no ending tells is taken for plain text."""
    known = _by_ending()
    return known.get(Path(name).suffix.lower()) or known[".txt"]
