"""What every training method offers, and how the methods are found: by folder."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import trainer.methods
from trainer.params import Params, TrainingParams, epochs_for, setting

if TYPE_CHECKING:
    from trainer.context import Run


@runtime_checkable
class Method(Protocol):
    """A module of this package. Light to import: what is heavy loads inside its functions."""

    NAME: str
    TITLE: str
    Params: type[Params]

    def fit(self, run: Run) -> dict[str, Any]:
        """Train, from the last checkpoint if there is one, and leave the result in ``adapter``.

        Returns what `RunReport.training` holds, and ``weights_hash``.
        """
        ...

    def rehearse(self, run: Run, steps: int) -> dict[str, Any]:
        """Train so many steps on the longest rows and forget them.

        Returns ``measured_bytes``, ``seconds_per_step``, and what memory depends on: ``longest``,
        the tokens of the longest row, and the number of ``labels`` where there are any.
        """
        ...


__all__ = [
    "Method",
    "Params",
    "TrainingParams",
    "epochs_for",
    "method_of",
    "methods",
    "setting",
]


@cache
def methods() -> dict[str, Any]:
    """Every method by its name, in order of names. The values are modules: see `Method`."""
    found = {}
    for item in pkgutil.iter_modules(trainer.methods.__path__):
        if not item.name.startswith("_"):
            module = importlib.import_module(f"trainer.methods.{item.name}")
            found[module.NAME] = module
    return dict(sorted(found.items()))


def method_of(name: str) -> Any:
    """The module of a method; raises RunFailure where there is none of that name."""
    from trainer.failures import RunFailure

    found = methods().get(name)
    if found is None:
        known = ", ".join(methods())
        raise RunFailure("bad_spec", f"There is no method {name[:80]}: there is {known}.")
    return found
