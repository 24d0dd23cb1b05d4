"""How fast the server answers ``POST /api/v1/recommend``, beside a constant of the same server.

A real server (uvicorn with uvloop and httptools) runs in a process of its own. Rounds alternate
between the constant and the questions, so that what else the machine does falls on both alike.
The constant reads and checks the same bodies and answers a few bytes.

Four kinds of question are measured, because answers are kept: ``repeated`` asks some hundred
different questions again and again (each answer is kept, the headline), ``reworded`` asks the same
in ever new bytes, ``new_facts`` asks about facts that were never asked about before, and
``new_facts_unexplained`` asks so without flips and next questions.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from advisor_rules import default_rulebook
from advisor_rules.conditions import allowed_values
from advisor_rules.model import Fact, Value
from app import urls
from benchmarks.load import Load, request_bytes, run_load
from benchmarks.ratios import interval
from benchmarks.web_server import CONSTANT_PATH, TORCH_PATH

ROOT = Path(__file__).resolve().parents[1]
SEED = 20261120
QUESTIONS = 256
FACTS_IN_QUESTION = 15
NEW_QUESTIONS = 20_000
SECONDS_TO_START = 30.0
COUNTED = "requests_per_day"
"""A number fact with room for any count: what makes a question new."""
Json = dict[str, Any]


@dataclass(frozen=True)
class Server:
    """A running server: its process, its port, and the seconds until it was ready."""

    process: subprocess.Popen[bytes]
    port: int
    ready: float

    def get(self, path: str) -> bytes:
        """The body of an answer."""
        with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
            body: bytes = answer.read()
        return body

    def memory(self) -> float | None:
        """Resident memory in MB (10^6 bytes); None where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        if not status.exists():
            return None
        line = next(row for row in status.read_text().splitlines() if row.startswith("VmRSS"))
        return round(int(line.split()[1]) * 1024 / 1e6, 1)


@contextmanager
def server() -> Iterator[Server]:
    """A fresh server on a free port, with an empty database."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.web_server", str(port), folder]
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=ROOT)
        try:
            yield Server(process, port, _ready(process, port) - begun)
        finally:
            process.terminate()
            process.wait(SECONDS_TO_START)


def _ready(process: subprocess.Popen[bytes], port: int) -> float:
    deadline = time.perf_counter() + SECONDS_TO_START
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            with urlopen(f"http://127.0.0.1:{port}{urls.HEALTH_READY}", timeout=5):
                return time.perf_counter()
        except (URLError, ConnectionError):
            time.sleep(0.005)
    raise RuntimeError("the server did not become ready")


# --- questions --------------------------------------------------------------------------------


def questions() -> dict[str, list[bytes]]:
    """The bodies of each kind of question."""
    dice = random.Random(SEED)  # noqa: S311 - sampling, not secrets
    repeated = [some_facts(dice) for _ in range(QUESTIONS)]
    numbers = count(1)
    fresh = [
        {**dice.choice(repeated), COUNTED: next(numbers) * 7 + 3} for _ in range(NEW_QUESTIONS)
    ]
    spaces = [" " * number for number in range(1, NEW_QUESTIONS // QUESTIONS + 1)]
    return {
        "repeated": [body(facts) for facts in repeated],
        "reworded": [body(facts) + gap for gap in map(str.encode, spaces) for facts in repeated],
        "new_facts": [body(facts) for facts in fresh],
        "new_facts_unexplained": [body(facts, explained=False) for facts in fresh],
    }


def some_facts(dice: random.Random) -> dict[str, Value]:
    """Facts as a team might state them: a random part of them, each with a random value."""
    facts = [fact for fact in default_rulebook().facts.values() if not fact.derived]
    return {fact.id: some_value(fact, dice) for fact in dice.sample(facts, FACTS_IN_QUESTION)}


def some_value(fact: Fact, dice: random.Random) -> Value:
    """A value that the fact may have."""
    if allowed := allowed_values(fact):
        return dice.choice(allowed)
    low = fact.minimum or 0.0
    high = min(fact.maximum if fact.maximum is not None else 1e6, 1e6)
    number = dice.uniform(low, high)
    return int(number) if fact.type == "int" else round(number, 3)


def body(facts: dict[str, Value], **more: object) -> bytes:
    """A question as JSON."""
    return json.dumps({"facts": facts, **more}).encode()


# --- measuring --------------------------------------------------------------------------------


async def measure(running: Server, connections: int, rounds: int, seconds: float) -> Json:
    """The figures of one server."""
    bodies = questions()

    def requests(kind: str, path: str = urls.RECOMMEND) -> list[bytes]:
        return [request_bytes(running.port, path, item) for item in bodies[kind]]

    async def load(sent: Sequence[bytes], length: float = seconds) -> Load:
        return await run_load(running.port, sent, connections, length)

    repeated, constant = requests("repeated"), requests("repeated", CONSTANT_PATH)
    await _warm_up(running.port, repeated)
    pairs = [(await load(constant), await load(repeated)) for _ in range(rounds)]
    others = {
        kind: await load(requests(kind))
        for kind in ("reworded", "new_facts_unexplained", "new_facts")
    }
    return {
        "repeated": figures([asked for _, asked in pairs], kept=1.0),
        "constant": figures([plain for plain, _ in pairs]),
        "ratio": interval([asked.rate / plain.rate for plain, asked in pairs]),
        "reworded": figures([others["reworded"]], kept=1.0),
        "new_facts": figures([others["new_facts"]], kept=0.0),
        "new_facts_unexplained": figures([others["new_facts_unexplained"]], kept=0.0),
    }


async def _warm_up(port: int, sent: Sequence[bytes]) -> None:
    """Ask every question once, so that its answer is kept."""
    for request in sent:
        await run_load(port, [request], 1, 0.0)


def figures(loads: Sequence[Load], kept: float | None = None) -> Json:
    """Rate and latencies of several rounds together; ``kept`` is the share of kept answers."""
    whole = Load(
        sum(load.seconds for load in loads),
        [latency for load in loads for latency in load.latencies],
    )
    found: Json = {
        "requests": len(whole.latencies),
        "requests_per_second": round(whole.rate, 1),
        "p50_ms": round(whole.quantile(0.5), 2),
        "p99_ms": round(whole.quantile(0.99), 2),
    }
    return found if kept is None else found | {"kept_answers": kept}


def starts(times: int) -> list[float]:
    """Seconds from starting the process until the server is ready, each time anew."""
    found = []
    for _ in range(times):
        with server() as running:
            found.append(round(running.ready, 3))
    return found


def run(connections: int, rounds: int, seconds: float) -> Json:
    """All figures."""
    import uvloop

    ready = starts(5)
    with server() as running:
        memory = running.memory()
        found = uvloop.run(measure(running, connections, rounds, seconds))
        after, torch = running.memory(), json.loads(running.get(TORCH_PATH))
    head = found["repeated"]
    return {
        "requests_per_second": head["requests_per_second"],
        "p50_ms": head["p50_ms"],
        "p99_ms": head["p99_ms"],
        "ratio_to_constant": found.pop("ratio"),
        **found,
        "connections": connections,
        "distinct_questions": QUESTIONS,
        "ready_seconds": {"median": statistics.median(ready), "all": ready},
        "memory_mb": {"ready": memory, "after": after},
        "torch_loaded": torch,
        "machine": {"cpus": os.cpu_count(), "python": platform.python_version()},
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the last line is the JSON object where ``--json`` asks for it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=2.0, help="length of a round")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    found = run(given.connections, given.rounds, given.seconds)
    print(json.dumps(found) if given.json else json.dumps(found, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
