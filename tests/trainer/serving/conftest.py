"""The tiny model and its adapters, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.serving.tiny import LABELS, make_adapter, make_head, make_model


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``base``, its adapters ``one``, ``two`` and ``dora``, and ``head``."""
    folder = tmp_path_factory.mktemp("models")
    base = make_model(folder / "base")
    make_adapter(base, folder / "one", 1)
    make_adapter(base, folder / "two", 2)
    make_adapter(base, folder / "dora", 3, use_dora=True)
    make_head(base, folder / "head", LABELS)
    return folder
