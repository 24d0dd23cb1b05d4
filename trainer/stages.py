"""The stages of a run, and what each leaves behind: a stage that is done is not repeated."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from trainer.context import Run
from trainer.contract import STAGES, PreflightReport, RunReport, Stage, write_whole
from trainer.events import read_events
from trainer.failures import RunFailure

Result = dict[str, Any]
LIBRARIES = ("torch", "transformers", "trl", "peft", "accelerate", "datasets", "tokenizers")
REHEARSED = 2
"""Steps of the dry run."""


def work_through(run: Run, until: Stage = STAGES[-1]) -> RunReport | None:
    """Do what is left of the stages up to one; after the last, report on all of them."""
    results: dict[Stage, Result] = {}
    for place, stage in enumerate(STAGES[: STAGES.index(until) + 1]):
        run.heed()
        kept = _done(run, stage)
        results[stage] = _do(run, stage, place) if kept is None else kept
    return _report(run, results) if until == STAGES[-1] else None


def _do(run: Run, stage: Stage, place: int) -> Result:
    run.tell("stage", f"stage:{stage}", {"stage": stage, "done": place, "total": len(STAGES)})
    started = time.perf_counter()
    result = WORK[stage](run)
    kept = {"stage": stage, "seconds": round(time.perf_counter() - started, 3), "result": result}
    write_whole(_mark(run, stage), json.dumps(kept))
    done = {"stage": stage, "done": place + 1, "total": len(STAGES)}
    run.tell("stage", f"stage:{stage}:done", done | {"seconds": kept["seconds"]})
    return result


def _done(run: Run, stage: Stage) -> Result | None:
    path = _mark(run, stage)
    if not path.exists():
        return None
    result: Result = json.loads(path.read_text(encoding="utf-8"))["result"]
    return result


def _mark(run: Run, stage: Stage) -> Path:
    return run.folder.stages / f"{stage}.json"


def _prepare(run: Run) -> Result:
    """Refuse data with errors, then split it; the hash of it is among what is returned."""
    from trainer.dataset import BadData, prepare
    from trainer.preflight import check

    path = run.folder.preflight
    if path.exists():
        report = PreflightReport.model_validate_json(path.read_text(encoding="utf-8"))
    else:
        report = check(run.spec, run.folder)
        write_whole(path, report.model_dump_json())
    if report.blocked:
        errors = [item for item in report.findings if item.severity == "error"]
        told = "; ".join(f"{item.title}: {item.remedy}" for item in errors[:5])
        raise RunFailure("bad_data", f"The data has errors that stand in the way. {told}")
    try:
        return prepare(run.spec, run.folder)
    except BadData as error:
        raise RunFailure("bad_data", f"The data cannot be used. {error}") from error


def _dry_run(run: Run) -> Result:
    """Measure memory and time of steps that are forgotten, beside what was predicted."""
    from trainer.methods._base import method_of

    found: Result = method_of(run.spec.method).rehearse(run, REHEARSED)
    predicted = _predicted(run, found.get("longest"), found.get("labels"))
    run.tell("memory", "memory", {"predicted_bytes": predicted, **found})
    return {"predicted_bytes": predicted, **found}


def _predicted(run: Run, longest: int | None, labels: int | None) -> int | None:
    """Bytes that the estimate foretells for these rows; None where it does not know the base."""
    from trainer.memory import Device, estimate_for

    here = run.device
    device = Device(kind=here.kind, memory=here.memory_bytes, bfloat16=here.dtype == "bfloat16")
    try:
        found = estimate_for(run.spec, device=device, longest=longest, labels=labels)
    except ValueError:
        return None
    return int(found.total_bytes)


def _train(run: Run) -> Result:
    from trainer.methods._base import method_of

    result: Result = method_of(run.spec.method).fit(run)
    return result


def _evaluate(run: Run) -> Result:
    from trainer.evaluate import evaluate

    return _plain(evaluate(run))


def _export(run: Run) -> Result:
    from trainer.export import export

    return _plain(export(run))


def _parity(run: Run) -> Result:
    from trainer.parity import parity

    return _plain(parity(run))


WORK: dict[Stage, Callable[[Run], Result]] = {
    "prepare": _prepare,
    "dry_run": _dry_run,
    "train": _train,
    "evaluate": _evaluate,
    "export": _export,
    "parity": _parity,
}


def _plain(result: Any) -> Result:
    if isinstance(result, BaseModel):
        return result.model_dump(mode="json")
    return dict(result or {})


def _report(run: Run, results: dict[Stage, Result]) -> RunReport:
    trained, dry, exported = dict(results["train"]), results["dry_run"], results["export"]
    parity = results["parity"] or None
    report = RunReport(
        outcome="succeeded" if parity is None or parity["agrees"] else "succeeded_with_warnings",
        method=run.spec.method,
        model=run.spec.model,
        data_hash=str(results["prepare"].get("hash", "")),
        weights_hash=str(trained.pop("weights_hash", "")),
        device=run.device.as_dict(),
        versions=versions(),
        memory={
            "predicted_bytes": dry.get("predicted_bytes"),
            "dry_run_bytes": dry.get("measured_bytes"),
            "peak_bytes": trained.pop("peak_bytes", None),
        },
        training=trained | {"dry_run_seconds_per_step": dry.get("seconds_per_step")},
        verdict=results["evaluate"] or None,  # type: ignore[arg-type]
        parity=parity,  # type: ignore[arg-type]
        files=exported.get("files", {}),
        serve=exported.get("serve", {}),
        warnings=_warnings(run),
    )
    write_whole(run.folder.report, report.model_dump_json(indent=2))
    return report


def versions() -> dict[str, str]:
    """Versions of what trains, as far as it is installed."""
    from importlib.metadata import PackageNotFoundError, version

    found = {}
    for name in LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _warnings(run: Run) -> tuple[str, ...]:
    told = [item for item in read_events(run.folder.events) if item.kind == "warning"]
    by_key = {item.key: str(item.data.get("text", "")) for item in reversed(told)}
    return tuple(reversed(by_key.values()))
