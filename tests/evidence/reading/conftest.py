from __future__ import annotations

from pathlib import Path
from typing import Protocol

import pytest


class Saved(Protocol):
    """Writes a file of some lines, or of bytes as they are, and returns its path."""

    def __call__(self, name: str, *lines: str | bytes) -> Path: ...


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    def save(name: str, *lines: str | bytes) -> Path:
        path = tmp_path / name
        raw = [line if isinstance(line, bytes) else line.encode() for line in lines]
        path.write_bytes(b"\n".join(raw))
        return path

    return save
