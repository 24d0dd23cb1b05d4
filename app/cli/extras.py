"""Parts that are installed on demand."""

from __future__ import annotations

from importlib.util import find_spec

from app.cli.problems import BadInput
from app.probe_choices import NEEDED as RETRIEVAL

TRAINING = ("torch", "transformers", "peft", "trl", "datasets", "accelerate")
SERVER = ("sqlalchemy", "alembic", "fastapi", "uvicorn")


def need_server(command: str) -> None:
    """Raise BadInput where the server's libraries are not installed."""
    missing = [name for name in SERVER if not _installed(name)]
    if missing:
        raise BadInput(
            f"{command} needs {', '.join(missing)}, which the server extra brings: "
            'pip install "formfact[server]"'
        )


def need_retrieval(command: str) -> None:
    """Raise BadInput where the libraries that measure retrievers are not installed."""
    missing = [name for name in RETRIEVAL if not _installed(name)]
    if missing:
        raise BadInput(
            f"{command} needs {', '.join(missing)}, which the retrieval extra brings: "
            'pip install "formfact[retrieval]"'
        )


def need_training(command: str) -> None:
    """Raise BadInput where the libraries that train models are not installed."""
    missing = [name for name in TRAINING if not _installed(name)]
    if missing:
        raise BadInput(
            f"{command} needs {', '.join(missing)}, which the train extra brings: "
            'pip install "formfact[train]"'
        )


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False
