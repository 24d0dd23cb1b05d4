"""What formfact predicts of memory, beside every published figure that the knowledge file lists.

Exact ones are arithmetic; measured ones come with the tolerance that their source deserves; some
are bounds or rules of thumb without one, and are shown but not judged.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import data_folder, missing
from benchmarks.memory_setups import SETUPS

Json = dict[str, Any]
NUMBER = re.compile(r"\d+(?:\.\d+)?")
BLOCK = re.compile(r"^```csv\n(id,setup,expected.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Oracle:
    """A published figure: one number or several, with how near a prediction has to come."""

    id: str
    setup: str
    expected: tuple[float, ...]
    unit: str
    tolerance: str
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """A prediction beside its figure. ``within`` is None where nothing says how near is near."""

    oracle: Oracle
    predicted: tuple[float, ...]
    within: bool | None
    error: float
    """The largest relative error of its numbers, with its sign."""
    note: str


def oracles_file(data: Path | None) -> Path:
    """The knowledge file: ``knowledge/rulebook_sources.md`` beside the data folder."""
    return data_folder(data).parent / "knowledge" / "rulebook_sources.md"


def read_oracles(text: str) -> list[Oracle]:
    """The table of oracles in the knowledge file.

    Raises:
        ValueError: it has none.
    """
    block = BLOCK.search(text)
    if block is None:
        raise ValueError("the knowledge file has no table of oracles")
    rows = csv.DictReader(block.group(1).splitlines())
    return [
        Oracle(
            row["id"],
            row["setup"],
            tuple(float(number) for number in NUMBER.findall(row["expected"])),
            row["unit"],
            row["tolerance"],
            row["source"],
        )
        for row in rows
    ]


def judge(oracle: Oracle) -> Judged:
    """The prediction for an oracle, and whether it is near enough."""
    setup = SETUPS[oracle.id]
    predicted = tuple(float(value) for value in setup.predict())
    pairs = list(zip(predicted, oracle.expected, strict=True))
    errors = [value / expected - 1 for value, expected in pairs]
    checks = [near(value, expected, oracle.tolerance) for value, expected in pairs]
    within = None if None in checks else all(checks)
    return Judged(oracle, predicted, within, max(errors, key=abs), setup.note)


def near(value: float, expected: float, tolerance: str) -> bool | None:
    """Whether a value agrees with what is expected; None where nothing says how near it must be."""
    if tolerance.startswith("exact"):
        return math.isclose(value, expected, rel_tol=1e-9)
    if tolerance == "minimum":
        return value >= expected
    if tolerance == "upper bound":
        return value < expected
    number = NUMBER.fullmatch(tolerance.rstrip("%"))
    if number is None:
        return None
    bound = float(number.group())
    return abs(value - expected) <= (bound / 100 * expected if "%" in tolerance else bound)


def measure(text: str) -> Json:
    """All oracles of the knowledge file."""
    found = [judge(oracle) for oracle in read_oracles(text) if oracle.id in SETUPS]
    told = [one for one in found if one.within is not None]
    measured = [one for one in told if one.oracle.tolerance.endswith("%")]
    return {
        "oracles": len(found),
        "judged": len(told),
        "within_tolerance": sum(bool(one.within) for one in told),
        "exact": _share(one for one in told if one.oracle.tolerance.startswith("exact")),
        "measured": _share(measured),
        "worst": _row(max(measured or told, key=lambda one: abs(one.error))),
        "outside": [_row(one) for one in told if not one.within],
        "not_judged": [_row(one) for one in found if one.within is None],
        "absent": [one.id for one in read_oracles(text) if one.id not in SETUPS],
        "rows": [_row(one) for one in found],
    }


def _share(judged: Iterable[Judged]) -> Json:
    rows = list(judged)
    return {"n": len(rows), "within_tolerance": sum(bool(one.within) for one in rows)}


def _row(one: Judged) -> Json:
    return {
        **asdict(one.oracle),
        "predicted": [float(f"{value:.10g}") for value in one.predicted],
        "error": round(one.error, 4),
        "within": one.within,
        "note": one.note,
    }


def _table(rows: Sequence[Json]) -> None:
    for row in rows:
        word = {True: "within", False: "OUTSIDE", None: "shown"}[row["within"]]
        values = " / ".join(f"{value:.5g}" for value in row["predicted"])
        wanted = " / ".join(f"{value:g}" for value in row["expected"])
        print(f"{row['id']} {word:8} {values} for {wanted} {row['unit']} ({row['error']:+.1%})")


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare and print; the last line is the JSON object where ``--json`` asks for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    path = oracles_file(given.data)
    if not path.exists():
        return missing(path)
    found = measure(path.read_text(encoding="utf-8"))
    if not given.json:
        _table(found["rows"])
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
