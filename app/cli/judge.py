"""Options and wiring for a judge on the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.problems import BadInput
from app.cli.progress import Progress

if TYPE_CHECKING:
    from advisor_rules.rulebook import Rulebook
    from app.log_run import LogRun
    from app.second_opinion import SecondOpinion

KEY = "FORMFACT_JUDGE_KEY"
"""The key comes by the environment alone: others on a machine can read a command line."""


def judge_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say whether and which language model is asked."""
    made = (
        click.option("--judge", is_flag=True, help="Ask a language model about uncertain records."),
        click.option(
            "--judge-url",
            envvar="FORMFACT_JUDGE_URL",
            show_envvar=True,
            default="",
            metavar="URL",
            help="Its OpenAI-compatible address, such as http://localhost:11434/v1.",
        ),
        click.option(
            "--judge-model",
            envvar="FORMFACT_JUDGE_MODEL",
            show_envvar=True,
            default="",
            metavar="NAME",
            help="Its name.",
        ),
        click.option(
            "--labels",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help='What people say, JSON Lines {"id", "label"}: from 30 on its opinions count.',
        ),
    )
    for option in reversed(made):
        command = option(command)
    return command


@contextmanager
def judged(run: LogRun, book: Rulebook, given: dict[str, Any]) -> Iterator[None]:
    """Have a judge review the run, where one is asked for. Raises BadInput, Invalid, Conflict."""
    if not given["judge"]:
        if given["labels"]:
            raise BadInput("--labels says what a judge's word is worth: give --judge as well")
        yield
        return
    from app.judging import endpoint_of
    from app.second_opinion import SecondOpinion, read_labels

    endpoint = endpoint_of(given["judge_url"], given["judge_model"], os.environ.get(KEY, ""))
    labels = read_labels(given["labels"]) if given["labels"] else {}
    from evidence.judge.client import Judge

    with Judge(endpoint) as judge:
        found = SecondOpinion(judge, book, labels)
        run.reviewer = found
        if labels:
            _learn(found, run)
        yield
        if found.gave_up:
            click.echo(f"The language model was not asked any further. {found.gave_up}", err=True)


def _learn(found: SecondOpinion, run: LogRun) -> None:
    progress = Progress("labelled records asked about")
    nowhere = found.learn(run.rows(), progress.at)
    progress.end(found.calibration.n if found.calibration else 0)
    if nowhere:
        click.echo(f"{nowhere:,} of the labels name no record of the log", err=True)
