"""Train a model on your conversations, measure what it gained, and hand it over."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.extras import need_training
from app.cli.options import json_option
from app.cli.problems import BadInput
from trainer.contract import FINISHED, PAUSED, Failure, RunFolder, RunReport

YOURS = ("bad_data", "bad_spec", "missing_model", "missing_package")
"""Failures that whoever wrote the spec can mend: they count as bad input."""


@click.command("train")
@click.argument("spec", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the run [default: beside SPEC, under its name with .run].",
)
@click.option("--case", "case_id", help="The case that it is for: asked first, told afterwards.")
@click.option(
    "--override-reason",
    "reason",
    default="",
    help="Why to train although the advice for the case speaks against it.",
)
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    spec: Path,
    out: Path | None,
    case_id: str | None,
    reason: str,
    as_json: bool,
) -> None:
    """Run the training job that SPEC (YAML or JSON) describes, here and now.

    Ctrl+C pauses after the step at hand; the same command goes on from there, as after any other
    interruption. Ends with 1 where the run failed or was paused.

    With --case the advice for it is asked first, and the verdict is written to it as measured
    facts.
    """
    need_training("formfact train")
    if case_id:
        from app.cli.train_case import ask_gate

        ask_gate(case_id, reason)
    from app.cli.run_folder import run_folder
    from app.training.folders import read_as

    folder = run_folder(spec, out)
    status = _run(folder)
    if status == PAUSED:
        click.echo("Paused. The same command goes on from here.", err=True)
        context.exit(1)
    report = read_as(RunReport, folder.report) if status == FINISHED else None
    if report is None:
        _fail(folder, read_as(Failure, folder.failure), status)
        context.exit(1)
    click.echo(report.model_dump_json() if as_json else _text(report, folder))
    if case_id:
        from app.cli.train_case import tell_case

        click.echo(tell_case(case_id, report, f"Training run {spec.name!r}"), err=as_json)


def _run(folder: RunFolder) -> int:
    from app.cli.train_text import Teller
    from app.training.watching import watched

    return watched(folder, Teller().tell)


def _text(report: RunReport, folder: RunFolder) -> str:
    from app.cli.train_text import report_text

    return report_text(report, folder)


def _fail(folder: RunFolder, failure: Failure | None, status: int) -> None:
    """Say why; raises BadInput where the spec or its data is to be mended."""
    if failure is None:
        words = f"The run broke off ({status}). The same command goes on from its last checkpoint."
        click.echo(f"{words} Log: {folder.log}", err=True)
    elif failure.code in YOURS:
        raise BadInput(failure.words)
    else:
        click.echo(f"{failure.words} Log: {folder.log}", err=True)
