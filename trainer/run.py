"""The process of one job: ``python -m trainer.run FOLDER``.

Works through the stages in the folder; a stage that is done is not repeated. Two words on standard
input, ``pause`` and ``cancel``, are obeyed within one step; when the input closes, whoever
launched the job is gone, and the process ends at once. What is printed goes to ``log.txt``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from pathlib import Path

from pydantic import ValidationError

from trainer.attended import Orders, alone
from trainer.context import Run
from trainer.contract import (
    CANCELLED,
    FAILED,
    FINISHED,
    PAUSED,
    STAGES,
    RunFolder,
    Stage,
    TrainSpec,
    write_whole,
)
from trainer.device import DeviceChoice, choose_device, settle, spin_briefly
from trainer.events import Journal
from trainer.failures import RunFailure, Stopped
from trainer.log_tail import log_tail
from trainer.reasons import failure_of


def main() -> None:
    """Run the job in the folder that the command line names."""
    given = argparse.ArgumentParser(prog="python -m trainer.run", description="Work on a job.")
    given.add_argument("folder", type=Path)
    given.add_argument("--until", choices=STAGES, default=STAGES[-1], help="The last stage to do.")
    asked = given.parse_args()
    if not asked.folder.is_dir():
        given.error(f"{asked.folder} is not a folder")
    folder = RunFolder(asked.folder.resolve())
    orders = Orders()
    orders.attend(sys.stdin.buffer)
    with alone(folder.lock):
        _print_into(folder.log)
        status = work(folder, orders, asked.until)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # threads of libraries must not hold up the end


def work(folder: RunFolder, orders: Orders, until: Stage = STAGES[-1]) -> int:
    """Do the job; how the process is to end. What went wrong is written down in words."""
    folder.failure.unlink(missing_ok=True)
    if folder.report.exists():
        return FINISHED
    try:
        _worked(folder, orders, until)
    except Stopped as stopped:
        return PAUSED if stopped.how == "pause" else CANCELLED
    except BaseException as error:  # whatever it is, the job must say so
        traceback.print_exc()
        sys.stderr.flush()
        write_whole(
            folder.failure, failure_of(error, log_tail(folder.log)).model_dump_json(indent=2)
        )
        return FAILED
    return FINISHED


def _worked(folder: RunFolder, orders: Orders, until: Stage) -> None:
    _quiet()
    spec = read_spec(folder.spec)
    device = kept_device(spec, folder)
    settle(device)
    journal = Journal(folder.events)
    run = Run(spec, folder, device, journal, orders.told)
    run.tell("message", "device", {"text": f"Device: {device.name} ({device.kind})"})
    from trainer.stages import work_through

    try:
        work_through(run, until)
    finally:
        journal.close()


def read_spec(path: Path) -> TrainSpec:
    """What the job is; raises RunFailure, ``bad_spec``, for anything else."""
    try:
        return TrainSpec.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RunFailure("bad_spec", f"{path.name} cannot be read: {error}") from error
    except ValidationError as error:
        lines = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise RunFailure("bad_spec", "; ".join(lines)) from error


def kept_device(spec: TrainSpec, folder: RunFolder) -> DeviceChoice:
    """The device, with the threads of the run's first start: sums depend on their number."""
    path = folder.root / "device.json"
    threads = None
    if path.exists():
        threads = int(json.loads(path.read_text(encoding="utf-8"))["threads"])
    device = choose_device(spec, threads)
    if threads is None:
        write_whole(path, json.dumps(device.as_dict()))
    return device


def _quiet() -> None:
    """Settings of libraries that have to be there before they are imported."""
    spin_briefly()
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "0")  # one device is one job's slot


def _print_into(log: Path) -> None:
    """Have this process and its libraries print at the end of the log."""
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)


if __name__ == "__main__":
    main()
