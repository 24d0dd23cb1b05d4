"""Looks at the data of a job before anything is trained: ``python -m trainer.preflight``.

Given the folder of a job it writes ``preflight.json`` there. Given a spec (YAML or JSON) it prints
the report as JSON; the paths of its data are relative to it. A spec that cannot be read ends the
process with 2 and ``{"problems": [...]}``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trainer.attended import Orders, alone
from trainer.contract import FINISHED, Finding, PreflightReport, RunFolder, TrainSpec, write_whole
from trainer.dataset.parts import BadData, given
from trainer.failures import RunFailure

BAD_INPUT = 2
LARGEST_SPEC = 2**20
"""Bytes."""


def main() -> None:
    """Check the job that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m trainer.preflight", description=__doc__)
    parser.add_argument("job", type=Path, help="The folder of a job, or a spec.")
    path: Path = parser.parse_args().job
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    if path.is_dir():
        _check_folder(RunFolder(path.resolve()))
        os._exit(FINISHED)  # the thread that attends the input must not hold up the end
    try:
        spec = read_spec(path)
    except ValueError as error:
        print(json.dumps({"problems": str(error).splitlines()}))
        sys.exit(BAD_INPUT)
    print(check(spec, path.resolve().parent).model_dump_json())


def _check_folder(folder: RunFolder) -> None:
    Orders().attend(sys.stdin.buffer)
    with alone(folder.lock):
        try:
            report = check(read_spec(folder.spec), folder)
        except ValueError as error:
            report = _blocked("spec", "The spec cannot be used", str(error), "Launch the job anew.")
        write_whole(folder.preflight, report.model_dump_json())


def check(spec: TrainSpec, folder: RunFolder | Path) -> PreflightReport:
    """All that there is to say of a job's data; whatever is wrong with the job is in the report."""
    from trainer.dataset.checking import report

    root = folder if isinstance(folder, Path) else folder.root
    try:
        files = given(spec, root)
    except BadData as error:
        return _blocked("files", "Files that are not there", str(error), "Name files that exist.")
    longest, problems = _longest(spec)
    tokenizer, more = _tokenizer(spec)
    limit = getattr(tokenizer, "model_max_length", None)
    if longest and limit:
        longest = min(longest, limit)
    unmeasured = () if tokenizer else ("tokens: the base model's tokenizer could not be loaded",)
    made = report(spec, files, tokenizer, longest, unmeasured)
    return made.model_copy(update={"findings": (*problems, *more, *made.findings)})


def _longest(spec: TrainSpec) -> tuple[int | None, list[Finding]]:
    """Tokens beyond which the method cuts rows, and what is wrong with its settings."""
    from trainer.methods._base import methods

    method = methods().get(spec.method)
    if method is None:
        known = ", ".join(methods())
        return None, [_error("method", "No such method", f"There is no method {spec.method[:60]}.",
                             f"Name one of {known}.")]  # fmt: skip
    try:
        return getattr(method.Params.model_validate(spec.params), "max_length", None), []
    except ValidationError as error:
        return None, [_error("params", "Settings that the method does not take",
                             "; ".join(_lines(error)), "Set them right.")]  # fmt: skip


def _tokenizer(spec: TrainSpec) -> tuple[Any, list[Finding]]:
    """The tokenizer of the base model, or None and why there is none."""
    try:
        from trainer.models import load_tokenizer

        return load_tokenizer(spec), []
    except RunFailure as failure:
        remedy = "Name a base model of the list, or a folder that holds one."
        return None, [_error("model", "The base model cannot be loaded", failure.words, remedy)]
    except ImportError as error:
        remedy = 'Install what training needs: pip install "formfact[train]".'
        lacking = f"{error.name} is missing."
        return None, [_error("model", "Something is not installed", lacking, remedy)]


def read_spec(path: Path) -> TrainSpec:
    """The spec in a file of YAML or JSON; raises ValueError with a line for each problem."""
    import yaml

    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_SPEC + 1)
        if len(content) > LARGEST_SPEC:
            raise ValueError(f"{path}: longer than {LARGEST_SPEC // 2**20} MiB, so no spec")
        return TrainSpec.model_validate(yaml.safe_load(content))
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(f"{path}: {' '.join(str(error).split())[:200]}") from error
    except ValidationError as error:
        raise ValueError("\n".join(f"{path}: {line}" for line in _lines(error))) from error


def _lines(error: ValidationError) -> list[str]:
    return [f"{'.'.join(map(str, one['loc'])) or 'spec'}: {one['msg']}" for one in error.errors()]


def _error(check: str, title: str, detail: str, remedy: str) -> Finding:
    return Finding(check=check, severity="error", title=title, detail=detail, remedy=remedy)


def _blocked(check: str, title: str, detail: str, remedy: str) -> PreflightReport:
    return PreflightReport(
        findings=(_error(check, title, detail, remedy),), unmeasured=("everything else",)
    )


if __name__ == "__main__":
    main()
