"""How long a long log takes, and how much memory, where the run is stopped and resumed midway.

The log is made of the labelled records, again and again; each round changes the ids and adds a word
to the requests, so that no record repeats another. ``formfact diagnose --out`` reads it in a
process of its own, which is interrupted at about half of the lines and then goes on.

    python -m benchmarks.million --records 50000 --json
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

from benchmarks.common import data_folder, missing
from evidence.records import FailureRecord

FORMFACT = (sys.executable, "-c", "from app.cli import main; main()")
RECORDS = 1_000_000
EVERY = 0.25
"""Seconds between two looks at the processes' memory and at the file that is written."""
SAMPLE = 1_000_000
"""Bytes at the start of the file from which is told how long its lines are."""


@dataclass
class Watched:
    """What was seen of one run: its exit status, its seconds, and the peak memory in bytes."""

    status: int = 0
    seconds: float = 0.0
    peak: int = 0


def rows_of(files: Sequence[Path]) -> list[dict[str, Any]]:
    """The labelled records without their labels, as rows of a log."""
    read = [json.loads(line) for path in files for line in path.open(encoding="utf-8")]
    return [{name: row[name] for name in FailureRecord.model_fields if name in row} for row in read]


def varied(rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows without end, no two of them with the same content."""
    for number in count():
        for row in rows:
            given = row["input"]
            if isinstance(given, str):
                changed: Any = f"{given} (case {number})"
            else:
                changed = [*given, {"role": "user", "content": f"(case {number})"}]
            yield {**row, "id": f"{row['id']}-{number}", "input": changed}


def write_log(path: Path, rows: Sequence[dict[str, Any]], records: int) -> None:
    """A log of that many records."""
    with path.open("w", encoding="utf-8") as file:
        for row in islice(varied(rows), records):
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def watch(command: Sequence[str], draft: Path, stop_after: int = 0) -> Watched:
    """Run a command to its end; interrupt it once the draft has ``stop_after`` lines, if not 0."""
    seen, started = Watched(), time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    stopped = not stop_after
    while process.poll() is None:
        time.sleep(EVERY)
        seen.peak = max(seen.peak, memory_of(process.pid))
        if not stopped and lines_in(draft) >= stop_after:
            process.send_signal(signal.SIGINT)
            stopped = True
    seen.status, seen.seconds = process.returncode, time.perf_counter() - started
    return seen


def memory_of(pid: int) -> int:
    """Bytes that a process and all that it started hold in memory; what they share counts once."""
    total = 0
    for number in (pid, *children_of(pid)):
        try:
            text = Path(f"/proc/{number}/smaps_rollup").read_text(encoding="ascii")
        except OSError:  # it has ended since
            continue
        total += sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
    return total * 1024


def children_of(pid: int) -> Iterator[int]:
    """All processes that a process started, and those that they started."""
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found = [int(number) for number in tasks.read_text(encoding="ascii").split()]
        except OSError:
            continue
        for number in found:
            yield number
            yield from children_of(number)


def lines_in(path: Path) -> float:
    """About how many lines a file has that is being written."""
    if not path.exists():
        return 0
    with path.open("rb") as file:
        start = file.read(SAMPLE)
    return path.stat().st_size * start.count(b"\n") / (len(start) or 1)


def measure(rows: Sequence[dict[str, Any]], records: int, folder: Path) -> dict[str, Any]:
    """One stopped and resumed run over a log in the folder."""
    log, out = folder / "log.jsonl", folder / "labelled.jsonl"
    write_log(log, rows, records)
    command = (*FORMFACT, "diagnose", str(log), "--out", str(out))
    draft = out.with_name(f"{out.name}.part")
    first = watch(command, draft, stop_after=records // 2)
    stopped = first.status != 0 and draft.exists()
    runs = [first, watch((*command, "--resume"), draft)] if stopped else [first]
    with out.open("rb") as file:
        written = sum(1 for _ in file)
    seconds = sum(run.seconds for run in runs)
    return {
        "records": records,
        "seconds": round(seconds, 1),
        "records_per_second": round(records / seconds, 1),
        "peak_mb": round(max(run.peak for run in runs) / 1e6, 1),
        "stopped_and_resumed": stopped and runs[-1].status == 0 and written == records,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the last line of the output is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS, help="records of the log")
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    given = parser.parse_args(arguments)
    failures = data_folder(given.data) / "failures"
    files = sorted(failures.glob("*.jsonl"))
    if not files:
        return missing(failures)
    with tempfile.TemporaryDirectory() as folder:
        result = measure(rows_of(files), given.records, Path(folder))
    if not given.json:
        print(
            f"{result['records']:,} records in {result['seconds']:,.0f} s, "
            f"{result['records_per_second']:,.0f} a second, peak {result['peak_mb']:,.0f} MB"
        )
    print(json.dumps(result))
    return 0 if result["stopped_and_resumed"] else 1


if __name__ == "__main__":
    sys.exit(main())
