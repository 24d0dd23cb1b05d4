"""Training as this project does it, beside plain TRL on the same model, rows and steps.

Every training is a process of its own on one core of the CPU; the ways take turns, and the order
turns round, so that what else the machine does falls on all alike. Rows have mixed lengths, cut at
``--longest`` tokens; counted are tokens of rows, never padding. Last it is measured how the server
answers while a job trains on another core: the job is stopped and continued in turn.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.ratios import interval
from benchmarks.training_material import mixed_rows, random_model, write_rows

ROOT = Path(__file__).resolve().parents[1]
Json = dict[str, Any]
MODEL: Json = {
    "model_type": "llama",
    "hidden_size": 256,
    "intermediate_size": 704,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 4,
    "vocab_size": 8192,
    "max_position_embeddings": 4096,
}
"""A Llama of 7 million parameters: where a GPU is not, models are small."""
WAYS = ("ours", "trl_defaults", "trl_lean_packing_fp32", "trl_lean_padding_free_fp32")
"""Ours, TRL's defaults, and its best settings on a CPU: nothing recomputed, 32 bit, no padding."""
BATCH = 8
SHORT = 96
"""Rows of the training that the server is measured beside; it is stopped when that is done."""


def train(kind: str, folder: Path, longest: int) -> Json:
    """One training in a process of its own on one core."""
    done = subprocess.run(
        _command(kind, folder, longest), cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{kind} failed: {done.stderr[-2000:]}")
    found: Json = json.loads(done.stdout.splitlines()[-1])
    return found


def _command(kind: str, folder: Path, longest: int) -> list[str]:
    setting = {"batch": BATCH, "length": longest, "device": "cpu", "threads": 1}
    command = [sys.executable, "-m", "benchmarks.training_once", kind, str(folder)]
    return [*command, "--json", json.dumps(setting)]


def compare(folder: Path, longest: int, repeats: int, ways: Sequence[str]) -> Json:
    """Every way in turn, ``repeats`` times; figures, and ratios of ours to each other way."""
    found: dict[str, list[Json]] = {way: [] for way in ways}
    for turn in range(repeats):
        for way in ways if turn % 2 == 0 else reversed(ways):
            found[way].append(train(way, folder, longest))
            rate = found[way][-1]["tokens_per_second"]
            print(f"turn {turn + 1}: {way}: {rate:,.0f} tokens/s", file=sys.stderr)
    return {
        "ways": {way: _figures(rows) for way, rows in found.items()},
        "speed_ratio": {
            f"ours_to_{way}": _ratio(found["ours"], found[way], "tokens_per_second")
            for way in ways[1:]
        },
        "memory_ratio": {
            f"ours_to_{way}": _ratio(found["ours"], found[way], "peak_bytes") for way in ways[1:]
        },
    }


def _figures(rows: Sequence[Json]) -> Json:
    return {
        "tokens_per_second": round(statistics.median(row["tokens_per_second"] for row in rows), 1),
        "peak_mb": round(statistics.median(row["peak_bytes"] for row in rows) / 1e6, 1),
        "steps": rows[0]["steps"],
        "tokens": rows[0]["tokens"],
    }


def _ratio(ours: Sequence[Json], theirs: Sequence[Json], figure: str) -> Json:
    pairs = zip(ours, theirs, strict=True)
    return interval([one[figure] / other[figure] for one, other in pairs])


# --- the server beside a job ------------------------------------------------------------------


def beside(folder: Path, longest: int, rounds: int, seconds: float) -> Json:
    """Latencies of the recommend endpoint with a job on another core, and with it stopped."""
    import uvloop

    from benchmarks.web import figures, server

    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return {"skipped": "one core only"}
    os.sched_setaffinity(0, cores[:1])
    try:
        with server() as running, _job(folder, longest, cores[-1]) as process:
            loads = uvloop.run(_rounds(running.port, process, rounds, seconds))
    finally:
        os.sched_setaffinity(0, cores)
    pairs = [(with_job.quantile(0.99), alone.quantile(0.99)) for with_job, alone in loads]
    return {
        "with_job": figures([one for one, _ in loads]),
        "alone": figures([other for _, other in loads]),
        "p99_ratio": interval([one / other for one, other in pairs]),
    }


async def _rounds(
    port: int, process: subprocess.Popen[bytes], rounds: int, seconds: float
) -> list[Any]:
    """Load in turn: with the job at work, and with it stopped."""
    from app import urls
    from benchmarks.load import request_bytes, run_load
    from benchmarks.web import questions

    sent = [request_bytes(port, urls.RECOMMEND, body) for body in questions()["repeated"]]
    for request in sent:
        await run_load(port, [request], 1, 0.0)
    loads = []
    for _ in range(rounds):
        process.send_signal(signal.SIGCONT)
        with_job = await run_load(port, sent, 4, seconds)
        if process.poll() is not None:
            raise RuntimeError("the job ended before the server was measured")
        process.send_signal(signal.SIGSTOP)
        loads.append((with_job, await run_load(port, sent, 4, seconds)))
    return loads


@contextmanager
def _job(folder: Path, longest: int, core: int) -> Iterator[subprocess.Popen[bytes]]:
    """A training at work on one core, from its first step on."""
    command = ["taskset", "-c", str(core), *_command("ours", folder, longest)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        events = folder / "work-ours" / "events.jsonl"
        while process.poll() is None and not (events.exists() and "metric" in events.read_text()):
            time.sleep(0.2)
        yield process
    finally:
        process.kill()
        process.wait()


def run(repeats: int, rows: int, longest: int, ways: Sequence[str]) -> Json:
    """All figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        random_model(folder / "model", MODEL, "float32")
        write_rows(folder / "rows.jsonl", mixed_rows(rows, longest))
        found = compare(folder, longest, repeats, ways)
        write_rows(folder / "rows.jsonl", mixed_rows(20 * SHORT, longest))
        web = beside(folder, longest, 4, 3.0)
    best = max(found["ways"][way]["tokens_per_second"] for way in ways[2:] or ways[1:])
    return {
        "tokens_per_second": found["ways"]["ours"]["tokens_per_second"],
        "ratio_to_trl_best": round(found["ways"]["ours"]["tokens_per_second"] / best, 3),
        **found,
        "recommend_while_training": web,
        "rows": rows,
        "longest": longest,
        "repeats": repeats,
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the last line is the JSON object where ``--json`` asks for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--rows", type=int, default=160)
    parser.add_argument("--longest", type=int, default=768)
    parser.add_argument("--ways", default=",".join(WAYS), help="the first is ours")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found = run(given.repeats, given.rows, given.longest, given.ways.split(","))
    print(json.dumps(found) if given.json else json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
