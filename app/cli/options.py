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


def rulebook_of(folders: tuple[Path, ...]) -> Rulebook:
    """The built-in rulebook with these folders on top; raises InvalidFile."""
    from advisor_rules import default_rulebook, load_rulebook

    return load_rulebook(*folders) if folders else default_rulebook()
