"""Look at the data of a training job before it costs GPU time."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click

from app.cli.options import json_option
from app.cli.problems import BadInput
from trainer.contract import PreflightReport

PROGRAM = (sys.executable, "-P", "-m", "trainer.preflight")
BAD_INPUT = 2


@click.command("preflight")
@click.argument("spec", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@click.pass_context
def command(context: click.Context, /, spec: Path, as_json: bool) -> None:
    """Check the data of the job that SPEC (YAML or JSON) describes; nothing is trained.

    Tells all problems at once, with row numbers and remedies. Errors stand in the way of the job
    and end the command with 1; warnings want reading.
    """
    report = _report(spec)
    click.echo(report.model_dump_json() if as_json else _text(report))
    if report.blocked:
        context.exit(1)


def _text(report: PreflightReport) -> str:
    from app.cli.preflight_text import preflight_text

    return preflight_text(report)


def _report(spec: Path) -> PreflightReport:
    """What the process says that may load tokenizers; raises BadInput for a spec that is none."""
    click.echo("Reading the data…", err=True)
    done = subprocess.run([*PROGRAM, str(spec)], capture_output=True, text=True, check=False)
    if done.returncode == BAD_INPUT and done.stdout.startswith('{"problems"'):
        raise BadInput(*json.loads(done.stdout)["problems"])
    if done.returncode != 0:
        raise RuntimeError(f"the preflight ended with {done.returncode}: {done.stderr[-2000:]}")
    return PreflightReport.model_validate_json(done.stdout)
