"""Supervised finetuning of the tiny model on strict formats: how often the form is right.

    python -m benchmarks.formats --json [--data DIR] [--sets restaurant8k_json,nlupp_json]

Base and tuned model answer the same held-out rows greedily; an answer is of the right form if it
is JSON that complies with the set's schema, judged as the set's own scorers do. The object has, for
each set, the share before and after with the paired difference and its interval.
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
from benchmarks.runs import rows_of, start, task_of, without
from trainer.catalogue import catalogue
from trainer.contract import Comparison, Data, Evaluation, TrainSpec

SETS = ("restaurant8k_json", "nlupp_json")
LONGEST = 128
"""Tokens of an answer at most; the longest references have about 110."""


def main(given: list[str] | None = None) -> int:
    """Measure, and print one object on the last line."""
    options = _options(given)
    root = data_folder(options.data) / "finetune"
    names = options.sets.split(",")
    absent = next((root / name for name in names if not (root / name).is_dir()), None)
    if absent is not None:
        return missing(absent)
    if "tiny" not in catalogue() and options.model == "tiny":
        print("there is no tiny model yet: make tiny-model", file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as scratch:
        kept = Path(options.out or scratch)
        found = {name: measure(root / name, options, kept / name) for name in names}
    print(json.dumps({"sets": found}, indent=None if options.json else 2))
    return 0


def measure(folder: Path, options: argparse.Namespace, root: Path) -> dict[str, Any]:
    """Train and compare on one set."""
    from trainer.evaluate import evaluate
    from trainer.methods.sft import fit

    began = time.perf_counter()
    test = rows_of(folder, "test", options.test, short=options.short)
    spec = TrainSpec(
        model=options.model,
        data=Data(train="data/train.jsonl"),
        task=task_of(folder),
        params={
            "learning_rate": options.rate,
            "epochs": options.epochs,
            "batch_size": options.batch,
            "adapter": options.adapter,
            "rank": options.rank,
            "alpha": 2 * options.rank,
            "samples": 0,
        },
        evaluation=Evaluation(max_new_tokens=LONGEST, batch_size=32, most_items=len(test)),
        threads=options.threads,
    )
    parts = without(rows_of(folder, "train", options.train, short=options.short))
    parts["validation"] = parts["validation"][:100]
    run = start(root, spec, {**parts, "test": test})
    training = fit(run)
    verdict = evaluate(run)
    return {
        "rows": {name: len(rows) for name, rows in parts.items()} | {"test": len(test)},
        **{item.measure: _shown(item) for item in verdict.comparisons},
        "verdict": verdict.outcome,
        "because": verdict.because,
        "training_minutes": round(training["seconds"] / 60, 2),
        "minutes": round((time.perf_counter() - began) / 60, 2),
        "tokens_per_second": training["tokens_per_second"],
        "trained_parameters": training["trained_parameters"],
        "parameters": training["parameters"],
        "params": spec.params,
        "device": run.device.as_dict(),
    }


def _shown(item: Comparison) -> dict[str, Any]:
    return {
        "base": round(item.base, 4),
        "tuned": round(item.tuned, 4),
        "difference_95": [round(one, 4) for one in (item.difference, item.low, item.high)],
        "p": item.p,
        "n": item.n,
    }


def _options(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path)
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--model", default="tiny", help="catalogue id, folder or hub name")
    parser.add_argument("--out", type=Path, help="keep the runs' folders here")
    parser.add_argument("--train", type=int, default=700, help="rows to train on at most")
    parser.add_argument("--test", type=int, default=300, help="held-out rows at most")
    parser.add_argument("--epochs", type=float, default=2.0)
    parser.add_argument("--rate", type=float, default=5e-3)
    parser.add_argument("--batch", type=int, default=16, help="rows a step")
    parser.add_argument(
        "--short", action="store_true", help="leave lists of labels out of the instructions"
    )
    parser.add_argument("--adapter", choices=("lora", "full"), default="lora")
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--threads", type=int, default=0, help="0: every core")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(given)


if __name__ == "__main__":
    sys.exit(main())
