"""How fast the advisor advises and explains, and how long the proof of the rulebook takes.

Real questionnaires, filled in by chance to every degree, and (where they are at hand) the facts of
published cases. Each case is advised, explained and, as the page does, both; the three are timed in
turn on the same facts. Intervals are 95% bootstrap intervals over cases.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from advisor_rules import FactValue, advise, default_rulebook
from advisor_rules.engine import Compiled, compile_rulebook
from advisor_rules.explain import explain
from advisor_rules.model import Value
from advisor_rules.verify import verify
from advisor_rules.worlds import abstract_values
from benchmarks.common import MISSING, cases_file, missing, read_cases
from benchmarks.published_cases import case_facts, text_of
from evidence.description import read_description

SEED = 20261120
QUESTIONNAIRES = 300
RESAMPLES = 1_000
STARTS = 5
START = "from advisor_rules import advise; advise({'evaluation_exists': False})"
Facts = Mapping[str, Value]
Times = Sequence[Sequence[float]]
"""Milliseconds of every call, case by case."""
Json = dict[str, Any]


def questionnaires(compiled: Compiled, count: int) -> list[Facts]:
    """Questionnaires of which a random share is answered, from nothing to everything."""
    dice = random.Random(SEED)  # noqa: S311 - cases to measure on, not secrets
    answers = {
        name: values
        for name, values in abstract_values(compiled).items()
        if compiled.book.facts[name].ask
    }
    shares = [index / (count - 1) for index in range(count)]
    return [
        {name: dice.choice(values) for name, values in answers.items() if dice.random() < share}
        for share in shares
    ]


def published(path: Path) -> list[dict[str, FactValue]]:
    """The facts of published cases, with what their own words suggest."""
    return [case_facts(case, read_description(text_of(case))) for case in read_cases(path)]


def timed(work: Callable[[], object]) -> float:
    """Milliseconds that the work takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1e3


def measure(compiled: Compiled, cases: Sequence[Mapping[str, Any]], rounds: int) -> Json:
    """What advising, explaining and both take, over every call for every case."""
    calls = [[once(compiled, facts) for _ in range(rounds)] for facts in cases]
    plain, explained, both = (
        [[call[kind] for call in case] for case in calls] for kind in range(3)
    )
    return {
        "cases": len(cases),
        "calls_a_case": rounds,
        "advise_ms": figures(plain),
        "explain_ms": figures(explained),
        "advise_and_explain_ms": figures(both),
        "advice_per_second": with_interval(plain, lambda times: 1e3 / statistics.mean(times)),
    }


def once(compiled: Compiled, facts: Mapping[str, Any]) -> tuple[float, float, float]:
    """Milliseconds to advise, to explain, and to do both as the page does."""
    values = {
        name: stated.value if isinstance(stated, FactValue) else stated
        for name, stated in facts.items()
    }
    return (
        timed(lambda: advise(facts, explained=False)),
        timed(lambda: explain(compiled, values)),
        timed(lambda: advise(facts)),
    )


def figures(cases: Times) -> Json:
    """Median and 95th percentile, each with its interval, and the slowest call."""
    return {
        "median": with_interval(cases, statistics.median),
        "p95": with_interval(cases, lambda times: sorted(times)[int(0.95 * len(times))]),
        "max": round(max(map(max, cases)), 4),
    }


def with_interval(cases: Times, figure: Callable[[Sequence[float]], float]) -> Json:
    """A figure of all calls, with its 95% bootstrap interval over cases."""
    dice = random.Random(SEED)  # noqa: S311 - resampling, not secrets
    found = sorted(
        figure([*chain.from_iterable(dice.choices(cases, k=len(cases)))]) for _ in range(RESAMPLES)
    )
    low, high = found[int(0.025 * RESAMPLES)], found[int(0.975 * RESAMPLES)]
    value = figure([*chain.from_iterable(cases)])
    return {"value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}


def start_seconds() -> Json:
    """Seconds of a fresh Python from nothing to its first advice, without Python's own start."""

    def took(code: str) -> float:
        command = [sys.executable, "-c", code]
        return timed(lambda: subprocess.run(command, check=True)) / 1e3

    return with_interval([[took(START) - took("pass")] for _ in range(STARTS)], statistics.median)


def run(cases_file: Path, rounds: int) -> Json:
    """Everything that can be measured here; ``published_cases`` is null where they are absent."""
    book = default_rulebook()
    compiled = compile_rulebook(book, book.latest())
    report = verify(book)
    there = cases_file.exists() or None
    return {
        "rules": len(book.rules),
        "facts": len(book.facts),
        "questionnaires": measure(compiled, questionnaires(compiled, QUESTIONNAIRES), rounds),
        "published_cases": there and measure(compiled, published(cases_file), rounds),
        "first_advice_seconds": start_seconds(),
        "proof": {
            "seconds": round(report.seconds, 2),
            "passed": report.passed,
            "days": [day.isoformat() for day in report.days],
        },
        "rulebook": {"version": book.version, "hash": book.hash},
        "machine": {"python": platform.python_version(), "cores": os.cpu_count()},
    }


def main() -> int:
    """Command line: ``python -m benchmarks.rules [--cases FILE] [--json]``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=Path, help="JSON Lines of published cases")
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--rounds", type=int, default=5, help="times that each case is advised")
    parser.add_argument("--json", action="store_true", help="print one JSON object, nothing else")
    arguments = parser.parse_args()
    path = cases_file(arguments.cases, arguments.data)
    result = run(path, arguments.rounds)
    if not arguments.json:
        print(in_words(result))
    print(json.dumps(result))
    if result["published_cases"] is None:
        missing(path)
        return MISSING if arguments.cases or arguments.data else 0
    return 0


def in_words(result: Json) -> str:
    """The headline figures, one a line."""
    lines = [f"{result['rules']} rules, {result['facts']} facts"]
    for kind in ("questionnaires", "published_cases"):
        for name, found in (result[kind] or {}).items():
            if name.endswith("_ms"):
                median, p95 = found["median"]["value"], found["p95"]["value"]
                lines.append(f"{kind}: {name} median {median:.2f}, p95 {p95:.2f}")
    lines.append(f"first advice after {result['first_advice_seconds']['value']:.2f} s")
    proof = result["proof"]
    words = "proven" if proof["passed"] else "NOT proven"
    return "\n".join([*lines, f"{words} in {proof['seconds']:.1f} s on {len(proof['days'])} days"])


if __name__ == "__main__":
    sys.exit(main())
