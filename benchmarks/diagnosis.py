"""How well and how fast failure logs are diagnosed, on labelled outputs of real models.

``kind``: information, behavior or both over the records labelled so; uncertain and neither are
wrong. ``failing``: failing or not over all records; uncertain is wrong on either side. A trivial
classifier, which sees only lengths and which fields are present, stands next to ours.

    python -m benchmarks.diagnosis --json
    python -m benchmarks.diagnosis --records FILE... --hide reviewer_note,reference --json
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.common import data_folder, missing
from benchmarks.scores import balanced_accuracy, failing_scores, kind_scores
from benchmarks.trivial import trivial_answers
from evidence.diagnose import Diagnosed
from evidence.pipeline import Setup, cores, diagnose_all, profiled
from evidence.reading import Row
from evidence.records import FailureRecord
from evidence.stats import wilson

KINDS = ("information", "behavior", "both")
FACTS_WRONG, FORM_WRONG = ("information", "both"), ("behavior", "both")
TIMED = 30_000
"""Records that the speed is measured on; the labelled ones again and again."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A record with its true label; ``group`` ties the records of one prompt together."""

    record: FailureRecord
    source: str
    label: str
    subtype: str
    group: str


def read_labelled(path: Path, hide: Sequence[str] = ()) -> Iterator[Labelled]:
    """The labelled records of a file, without their label and without the hidden fields."""
    fields = set(FailureRecord.model_fields) - set(hide)
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        record = FailureRecord.model_validate({key: row[key] for key in fields if key in row})
        group = str(row.get("metadata", {}).get("group", row["id"]))
        source = row.get("source", path.stem)
        yield Labelled(record, source, row["label"], row.get("subtype", ""), f"{source}/{group}")


def diagnosed(items: Sequence[Labelled]) -> list[Diagnosed]:
    """Every record diagnosed as one log for each source."""
    answers: dict[int, Diagnosed] = {}
    for source in dict.fromkeys(item.source for item in items):
        rows = [(i, item.record) for i, item in enumerate(items) if item.source == source]
        profile, reads = profiled(Row(i, record) for i, record in rows)
        for found in diagnose_all(reads, Setup(log=profile)):
            if isinstance(found, tuple):
                answers[found[0].line] = found[1]
    return [answers[i] for i in range(len(items))]


def scores(items: Sequence[Labelled], said: Sequence[str]) -> dict[str, Any]:
    """Both scores of what was said of these records."""
    pairs = [(item.label, answer) for item, answer in zip(items, said, strict=True)]
    failing = [pair for pair in pairs if pair[0] in KINDS]
    return {"kind": kind_scores(failing, KINDS), "failing": failing_scores(pairs, KINDS)}


def axes(items: Sequence[Labelled], said: Sequence[str]) -> dict[str, float | None]:
    """Balanced accuracy of wrong facts, and of wrong form, each on its own."""
    found = {}
    for name, side in (("facts", FACTS_WRONG), ("form", FORM_WRONG)):
        pairs = [
            (item.label in side, answer in side)
            for item, answer in zip(items, said, strict=True)
            if item.label != "uncertain"
        ]
        score = balanced_accuracy(pairs)
        found[name] = None if score is None else round(score, 4)
    return found


def by_source(items: Sequence[Labelled], answers: Sequence[Diagnosed]) -> dict[str, Any]:
    """The scores of each source, ours beside the trivial ones."""
    result = {}
    trivial = {name: trivial_answers(items, name) for name in ("by_group", "by_source")}
    for source in dict.fromkeys(item.source for item in items):
        at = [i for i, item in enumerate(items) if item.source == source]
        own, said = [items[i] for i in at], [answers[i].label for i in at]
        result[source] = {
            **scores(own, said),
            "axes": axes(own, said),
            "strong": strong(own, [answers[i] for i in at]),
            "trivial": {
                name: scores(own, [given[i] for i in at]) for name, given in trivial.items()
            },
        }
    return result


def strong(items: Sequence[Labelled], answers: Sequence[Diagnosed]) -> dict[str, Any]:
    """Calibration: of what is called strong, how much is right."""
    sure = [
        item.label == answer.label
        for item, answer in zip(items, answers, strict=True)
        if answer.confidence == "strong"
    ]
    right = wilson(sum(sure), len(sure))
    return right.data() if right else {"count": 0, "n": 0}


def confusion(items: Sequence[Labelled], said: Iterable[str]) -> dict[str, dict[str, int]]:
    """True label -> what was said -> how often."""
    table: dict[str, Counter[str]] = {}
    for item, answer in zip(items, said, strict=True):
        table.setdefault(item.label, Counter())[answer] += 1
    return {label: dict(counts) for label, counts in table.items()}


def speed(items: Sequence[Labelled], workers: int) -> dict[str, float]:
    """Records a second once the processes are up, and the peak memory of all of them in MB."""
    rows = (Row(i, item.record) for i, item in enumerate(islice(cycle(items), TIMED)))
    results = diagnose_all(rows, Setup(), workers=workers)
    next(results)
    started = time.perf_counter()
    rest = sum(1 for _ in results)
    seconds = time.perf_counter() - started
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    peak = own + (child * workers if workers > 1 else 0)
    return {"records_per_second": round(rest / seconds, 1), "peak_mb": round(peak / 1024, 1)}


def measure(items: Sequence[Labelled], workers: int) -> dict[str, Any]:
    """Everything, as one JSON object."""
    answers = diagnosed(items)
    said = [answer.label for answer in answers]
    return {
        "records": len(items),
        **scores(items, said),
        "strong": strong(items, answers),
        "by_source": by_source(items, answers),
        "confusion": confusion(items, said),
        **speed(items, workers),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run from the command line; the last line of the output is one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=Path, nargs="+", help="labelled records (JSON Lines)")
    parser.add_argument("--data", type=Path, help="folder of the benchmark data")
    parser.add_argument("--hide", default="", help="fields that are not shown, separated by commas")
    parser.add_argument("--workers", type=int, default=cores())
    parser.add_argument("--json", action="store_true", help="print the JSON object alone")
    given = parser.parse_args(arguments)
    folder = data_folder(given.data) / "failures"
    files = given.records or sorted(folder.glob("*.jsonl"))
    absent = [path for path in files if not path.is_file()]
    if absent or not files:
        return missing(absent[0] if absent else folder)
    hide = [name.strip() for name in given.hide.split(",") if name.strip()]
    items = [item for path in files for item in read_labelled(path, hide)]
    result = measure(items, given.workers)
    if not given.json:
        tell(result, print)
    print(json.dumps(result))
    return 0


def tell(result: dict[str, Any], say: Callable[[str], None]) -> None:
    """The main figures as a small table."""
    say(f"{'source':24}{'kind F1':>9}{'failing':>9}{'strong':>16}{'trivial F1':>12}{'failing':>9}")
    for source, found in {**result["by_source"], "all": result}.items():
        sure = found["strong"]
        plain = found.get("trivial", {}).get("by_source", {"kind": {}, "failing": {}})
        cells = [
            _cell(found["kind"]["macro_f1"]),
            _cell(found["failing"]["balanced_accuracy"]),
            f"{sure['count']}/{sure['n']}".rjust(16),
            _cell(plain["kind"].get("macro_f1")).rjust(12),
            _cell(plain["failing"].get("balanced_accuracy")),
        ]
        say(f"{source:24}{''.join(cells)}")
    say(f"{result['records_per_second']:,.0f} records a second, peak {result['peak_mb']:,.0f} MB")


def _cell(value: float | None) -> str:
    return f"{value:9.3f}" if value is not None else f"{'-':>9}"


if __name__ == "__main__":
    sys.exit(main())
