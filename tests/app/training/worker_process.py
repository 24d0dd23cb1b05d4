"""A worker as a process of its own, with the small trainer."""

from __future__ import annotations

import sys
from pathlib import Path

from app.settings import Settings
from app.training.child import Programs
from app.training.worker import work

TRAINER = str(Path(__file__).parent / "small_trainer.py")
SMALL = Programs(
    run=(sys.executable, TRAINER, "run"),
    check=(sys.executable, TRAINER, "check"),
    device=(sys.executable, "-c", 'print(\'{"name": "cpu", "kind": "cpu"}\')'),
)

if __name__ == "__main__":
    work(Settings.from_environment(), programs=SMALL, tied="tied" in sys.argv)
