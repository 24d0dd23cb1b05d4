"""What the benchmarks share: where the data is, and how they say that it is missing."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

MISSING = 3
"""Exit status where the data to measure on is absent."""


def data_folder(given: Path | None = None) -> Path:
    """The benchmark data: as given, else FORMFACT_BENCHMARK_DATA, else ../shared/data."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return given or Path(os.environ.get("FORMFACT_BENCHMARK_DATA", beside))


def cases_file(cases: Path | None, data: Path | None) -> Path:
    """The published cases (JSON Lines): as given, else in ``knowledge`` beside the data folder."""
    return cases or data_folder(data).parent / "knowledge" / "published_cases.jsonl"


def read_cases(path: Path) -> list[dict[str, Any]]:
    """Every published case in a file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def missing(path: Path) -> int:
    """Say that the data is absent, and the exit status that says it to programs."""
    print(f"no benchmark data at {path}: set FORMFACT_BENCHMARK_DATA or --data", file=sys.stderr)
    return MISSING
