"""How long programs take to start: help, the first advice, and a file of facts.

Whole processes, timed from outside, in turn, so that a drifting machine meets all of them alike.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FORMFACT = (sys.executable, "-c", "from app.cli import main; main()")
FIRST_ADVICE = "from advisor_rules import advise; advise({'evaluation_exists': False})"
FACTS = "evaluation_exists: true\nfacts_wrong: true\nretrieval_in_use: none\n"


def seconds_of(command: tuple[str, ...]) -> float:
    """Wall seconds of one process. Raises CalledProcessError where it fails."""
    started = time.perf_counter()
    subprocess.run(command, capture_output=True, check=True)
    return time.perf_counter() - started


def measure(runs: int, facts: Path) -> dict[str, dict[str, float]]:
    """Median, least and most wall seconds of each program over ``runs`` rounds."""
    commands = {
        "help": (*FORMFACT, "--help"),
        "first_advice": (sys.executable, "-c", FIRST_ADVICE),
        "recommend": (*FORMFACT, "recommend", str(facts), "--json"),
    }
    taken: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            taken[name].append(seconds_of(command))
    return {
        name: {"median": statistics.median(times), "min": min(times), "max": max(times)}
        for name, times in taken.items()
    }


def main() -> int:
    """Command line: ``python -m benchmarks.start [--runs N] [--json]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10)
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        facts = Path(folder) / "facts.yaml"
        facts.write_text(FACTS, encoding="utf-8")
        result = measure(arguments.runs, facts)
    if not arguments.json:
        for name, times in result.items():
            print(f"{name}: median {times['median']:.2f} s of {arguments.runs} runs")
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
