"""What matters on a CUDA machine, in one call: ``python -m benchmarks.gpu``, in under 8 minutes.

A job of each method from data to export, killed with signal 9 and resumed, beside a twin that is
left alone; peak memory as predicted and as measured, over 16 configurations with random weights;
tokens a second against plain TRL. Needs no network. The result goes to ``benchmarks/results/`` with
date and hardware, part by part, so that what was measured stays if the machine is taken away.
``--smoke`` tries all of it out on any machine with tiny models, and measures nothing.

Where the machine lacks packages and has no network, bring their wheels and let PYTHONPATH name
where they are put: ``pip download --no-deps --only-binary=:all: --python-version 3.12
-c constraints.txt -d build/wheels trl datasets ...`` here, and there ``pip install --no-index
--no-deps --target /tmp/site build/wheels/*.whl``.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import gpu_jobs, gpu_memory
from benchmarks.ratios import interval
from benchmarks.training_material import mixed_rows, random_model, write_rows
from benchmarks.training_once import KINDS, Setting, train_once

Json = dict[str, Any]
RESULTS = Path(__file__).parent / "results"
SPEED_MODEL = "llama 1.2B"
SPEED_ROWS, SPEED_LONGEST, SPEED_BATCH, REPEATS = 512, 1024, 32, 3
COMPARED = (
    "ours",
    "trl_defaults",
    "trl_padding_free",
    "trl_packing_bfd",
    "ours_lean",
    "trl_lean",
    "trl_lean_padding_free",
    "trl_lean_packing_bfd",
    "ours_joined",
    "ours_lean_joined",
)
PARTS = ("jobs", "memory", "speed")


class Result:
    """The result so far, written whole after every part of it."""

    def __init__(self, path: Path) -> None:
        self.path, self.data = path, dict[str, Any]()
        self.begun, self._lock = time.perf_counter(), threading.Lock()

    def put(self, name: str, value: Any) -> None:
        """Keep a part, and write everything."""
        with self._lock:
            self.data[name] = value
            self.data["seconds"] = round(time.perf_counter() - self.begun, 1)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            draft = self.path.with_suffix(".draft")
            draft.write_text(json.dumps(self.data, indent=2) + "\n", encoding="utf-8")
            draft.replace(self.path)

    def tell(self, text: str) -> None:
        """Print progress with the seconds since the start."""
        print(f"{time.perf_counter() - self.begun:6.1f} s  {text}", flush=True)


def machine() -> Json:
    """The hardware and what runs on it."""
    import platform

    import torch

    from trainer.stages import versions

    found: Json = {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "python": platform.python_version(),
        "versions": versions(),
        "cuda": torch.version.cuda,
    }
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(0)
        torch.zeros(1, device="cuda")
        free, whole = torch.cuda.mem_get_info()
        found |= {
            "device": properties.name,
            "memory_bytes": properties.total_memory,
            "context_bytes": whole - free - torch.cuda.memory_reserved(),
        }
    return found


def memory(folder: Path, result: Result, smoke: bool) -> None:
    """Predicted against measured peak memory."""
    rows: list[Json] = []
    for row in gpu_memory.measured(folder, smoke):
        rows.append(row)
        result.tell(f"memory: {row['case']}: {row.get('ratio', row.get('failed'))}")
        result.put("memory", {"summary": gpu_memory.summary(rows), "cases": rows})


def job_models(folder: Path, smoke: bool) -> dict[str, Path]:
    """Method -> the model with random weights that its job starts from."""
    models = gpu_memory.TINY if smoke else gpu_memory.MODELS
    names = ("llama", "bert") if smoke else ("llama 135M", "bert 110M")
    return {
        method: random_model(folder / f"job-{method}", models[name], "float32")
        for method, name in zip(gpu_jobs.PARAMS, names, strict=True)
    }


def jobs(folder: Path, models: dict[str, Path], result: Result, rows: int) -> None:
    """A job of each method."""
    result.put("jobs", gpu_jobs.run_jobs(folder, models, result.tell, rows))


def speed(folder: Path, result: Result, smoke: bool) -> None:
    """Tokens a second of every way of training, in turn, several times."""
    config = gpu_memory.TINY["llama"] if smoke else gpu_memory.MODELS[SPEED_MODEL]
    work = folder / "speed"
    random_model(work / "model", config, "bfloat16")
    longest = 96 if smoke else SPEED_LONGEST
    write_rows(work / "rows.jsonl", mixed_rows(16 if smoke else SPEED_ROWS, longest))
    setting = Setting(SPEED_BATCH if not smoke else 4, longest)
    kinds = COMPARED[:2] if smoke else COMPARED
    found: dict[str, list[Json]] = {kind: [] for kind in kinds}
    train_once(kinds[0], work, setting)  # the first one would pay for everybody's kernels
    for turn in range(1 if smoke else REPEATS):
        for kind in kinds if turn % 2 == 0 else reversed(kinds):
            found[kind].append(_once(kind, work, setting))
            result.tell(f"speed: {kind}: {found[kind][-1]}")
            result.put("speed", found | {"ratios": ratios(found)})


def _once(kind: str, work: Path, setting: Setting) -> Json:
    try:
        once = train_once(kind, work, setting)
    except Exception as error:  # one way that fails must not cost the others
        return {"failed": f"{type(error).__name__}: {error}"[:500]}
    return {
        "tokens_per_second": round(once.rate, 1),
        "peak_bytes": once.peak_bytes,
        "steps": once.steps,
        "tokens": once.tokens,
        "last_loss": once.last_loss,
    }


def ratios(found: dict[str, list[Json]]) -> Json:
    """Ours against TRL's defaults and its best, turn by turn, with and without recomputing."""
    keeping = [name for name in KINDS if name.startswith("trl_lean")]
    recomputing = [name for name in KINDS if name.startswith("trl_") and name not in keeping]
    return {
        "ours_to_trl_defaults": _ratio(found, ["ours"], ["trl_defaults"]),
        "ours_to_trl_best": _ratio(found, ["ours"], recomputing),
        "ours_keeping_to_trl_best_keeping": _ratio(found, ["ours_lean"], keeping),
        "joined_to_grouped": _ratio(found, ["ours_joined"], ["ours"]),
    }


def _ratio(found: dict[str, list[Json]], ours: Sequence[str], theirs: Sequence[str]) -> Json | None:
    """The ratio of the best of some ways to the best of others, with its interval over turns."""
    turns = min((len(found[name]) for name in (*ours, *theirs) if name in found), default=0)
    pairs = [(_best(found, ours, turn), _best(found, theirs, turn)) for turn in range(turns)]
    told = [one / other for one, other in pairs if one and other]
    return interval(told) if told else None


def _best(found: dict[str, list[Json]], names: Sequence[str], turn: int) -> float:
    rates = [found[name][turn].get("tokens_per_second", 0.0) for name in names if name in found]
    return float(max(rates, default=0.0))


def run(parts: Sequence[str], out: Path, smoke: bool) -> Result:
    """The parts that are asked for; jobs and memory side by side, then speed alone."""
    stamp = datetime.now(UTC).strftime("%Y-%m-%d")
    result = Result(out / f"gpu-{'smoke-' if smoke else ''}{stamp}.json")
    result.put("machine", machine())
    result.tell(json.dumps(result.data["machine"]))
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        folder, aside = Path(name), None
        if "jobs" in parts:
            models = job_models(folder, smoke)  # before memory is measured in this process
            given = (folder, models, result, 60 if smoke else 240)
            aside = threading.Thread(target=jobs, args=given)
            aside.start()
        if "memory" in parts:
            memory(folder, result, smoke)
        if aside is not None:
            aside.join()
        if "speed" in parts:
            speed(folder, result, smoke)
    return result


def main() -> int:
    """Measure, print progress, and write the result; the last line is it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parts", default=",".join(PARTS), help="jobs, memory, speed")
    parser.add_argument("--out", type=Path, default=RESULTS)
    parser.add_argument("--smoke", action="store_true", help="tiny models, on any machine")
    given = parser.parse_args()
    result = run(given.parts.split(","), given.out, given.smoke)
    print(json.dumps(result.data))
    done = all(job["finished"] for job in result.data.get("jobs", ()))
    ran = result.data.get("memory", {}).get("summary", {"cases": 0, "ran": 0})
    return 0 if done and ran["ran"] == ran["cases"] else 1


if __name__ == "__main__":
    sys.exit(main())
