"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from advisor_rules.rulebook import Rulebook

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _as_date(_: click.Context, __: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


as_of_option: Decorator = click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_as_date,
    help="Use the rules and thresholds in force at this date [default: the rulebook's newest].",
)
rules_option: Decorator = click.option(
    "--rules",
    "folders",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="A folder of your own rules that extends the rulebook; may be given again.",
)
json_option: Decorator = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON for machines."
)


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say in which form a report is given, and where it goes."""
    made = (
        json_option,
        click.option("--markdown", is_flag=True, help="Give the report as Markdown."),
        click.option("--html", is_flag=True, help="Give it as one HTML file that needs no net."),
        click.option(
            "--out",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write to this file instead; .json, .md and .html say the form.",
        ),
    )
    for option in reversed(made):
        command = option(command)
    return command


def rulebook_of(folders: tuple[Path, ...]) -> Rulebook:
    """The built-in rulebook with these folders on top; raises InvalidFile."""
    from advisor_rules import default_rulebook, load_rulebook

    return load_rulebook(*folders) if folders else default_rulebook()
