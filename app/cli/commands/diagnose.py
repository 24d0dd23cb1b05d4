"""Say what a failure log holds: information, behaviour, or something else."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.judge import judge_options, judged
from app.cli.options import json_option, rulebook_of, rules_option
from app.cli.problems import BadInput

if TYPE_CHECKING:
    from advisor_rules.rulebook import Rulebook
    from app.log_run import LogRun


@click.command("diagnose")
@click.argument("log", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write one line of JSON for each record to this file.",
)
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="Take a column for a field of the record; may be given again.",
)
@click.option(
    "--fail-if",
    "gates",
    multiple=True,
    metavar="CONDITION",
    help="Exit 1 where this holds, such as 'behavior.low > 0.2'; may be given again.",
)
@click.option("--with", "slow", multiple=True, metavar="DETECTOR", help="Run a slow detector too.")
@click.option("--workers", type=click.IntRange(1, 256), help="Processes [default: one a core].")
@click.option("--resume", is_flag=True, help="Go on where a stopped run with --out left off.")
@judge_options
@rules_option
@json_option
@click.pass_context
def command(context: click.Context, /, log: Path, out: Path | None, **given: Any) -> None:
    """Diagnose the failure records in LOG (JSON Lines, JSON, CSV or Parquet).

    Says for each record whether its facts or its form are wrong, and for the whole log how much is
    of which kind, with 95% intervals. A row that cannot be read is reported; the rest is kept.
    """
    from app.log_run import start

    book = rulebook_of(given["folders"])
    conditions = _gates(given["gates"], book)
    if given["resume"] and out is None:
        raise BadInput("--resume goes on with the file of --out: name it")
    mapping, slow = _mapping(given["pairs"]), _detectors(given["slow"])
    run = start(log, given["folders"], mapping, slow, given["workers"])
    with judged(run, book, given):
        summary = _finished(run, book, out, given["resume"])
    click.echo(json.dumps(summary) if given["as_json"] else _text(summary))
    if _failed(conditions, summary):
        context.exit(1)


def _gates(texts: tuple[str, ...], book: Rulebook) -> list[Any]:
    """The conditions; raises BadInput naming each that cannot be read or names no figure."""
    from evidence.gate import BadGate, check_gate, read_gate
    from evidence.summary import Tally

    found, problems = [], []
    nothing_yet = Tally().summary(book) if texts else {}
    for text in texts:
        try:
            found.append(read_gate(text))
            check_gate(found[-1], nothing_yet)
        except BadGate as error:
            problems.append(f"--fail-if: {error}")
    if problems:
        raise BadInput(*problems)
    return found


def _mapping(pairs: tuple[str, ...]) -> dict[str, str] | None:
    bad = [pair for pair in pairs if not all(pair.rpartition("="))]
    if bad:
        raise BadInput(*(f"--map {pair}: write COLUMN=FIELD" for pair in bad))
    return {column: field for column, _, field in (pair.rpartition("=") for pair in pairs)} or None


def _detectors(names: tuple[str, ...]) -> tuple[str, ...]:
    """Names of slow detectors; raises BadInput for one that is unknown or lacks its extra."""
    from evidence.signals import detectors

    slow = {item.name: item for item in detectors() if item.slow}
    problems = []
    for name in names:
        if name not in slow:
            problems.append(f"--with {name}: there is {', '.join(slow) or 'no slow detector'}")
        elif not slow[name].available:
            problems.append(f"--with {name}: needs {slow[name].needs}, which is not installed")
    if problems:
        raise BadInput(*problems)
    return names


def _finished(run: LogRun, book: Rulebook, out: Path | None, resume: bool) -> dict[str, Any]:
    """Diagnose the whole log, with progress, and write its lines where they are wanted."""
    started = time.perf_counter()
    if out is None:
        for _ in _shown(run, run.items()):
            pass
        _need_records(run)
    else:
        _write(run, book, out, resume)
    seconds = round(time.perf_counter() - started, 3)
    return {**run.summary(book), "seconds": seconds}


def _write(run: LogRun, book: Rulebook, out: Path, resume: bool) -> None:
    from app.labelled_file import LabelledFile

    file = LabelledFile(out, run.description(book), resume)
    try:
        with file:
            for number, item in enumerate(_shown(run, run.items(file.earlier()))):
                if number >= file.before:
                    file.add(item)
            if not run.tally.records:
                file.discard()
            _need_records(run)
            file.finish()
    except KeyboardInterrupt:
        click.echo(f"Stopped after {run.done:,} rows; --resume goes on from there", err=True)
        raise


def _need_records(run: LogRun) -> None:
    """Raise BadInput where no row of the log is a failure record, with the first reasons."""
    if run.tally.records:
        return
    reasons = [f"{run.log}:{row.line}: {row.why}" for row in run.skipped[:3]]
    raise BadInput(
        f"{run.log}: no row is a failure record; name columns with --map, or use formfact import "
        "for another tool's results",
        *reasons,
    )


def _shown(run: LogRun, items: Iterator[Any]) -> Iterator[Any]:
    """The items, with a line of progress on standard error now and then."""
    from app.cli.progress import Progress

    progress = Progress("rows")
    for item in items:
        progress.at(run.done)
        yield item
    progress.end(run.done)


def _text(summary: dict[str, Any]) -> str:
    from app.cli.log_text import log_text

    return log_text(summary)


def _failed(gates: list[Any], summary: dict[str, Any]) -> bool:
    """Whether a condition holds; says which, with the figure."""
    from evidence.gate import check_gate

    outcomes = [check_gate(gate, summary) for gate in gates]
    for outcome in outcomes:
        if outcome.holds:
            value = "not measured" if outcome.value is None else f"{outcome.value:.4g}"
            click.echo(f"failed: {outcome.gate.text} ({value})", err=True)
    return any(outcome.holds for outcome in outcomes)
