"""Recommend the next step for a file of facts."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import as_of_option, report_options, rulebook_of, rules_option
from app.cli.output import chosen_form, deliver

if TYPE_CHECKING:
    from advisor_rules.rulebook import Rulebook
    from app.report import Form


@click.command("recommend")
@click.argument("facts", type=click.Path())
@report_options
@rules_option
@as_of_option
def command(
    facts: str,
    as_json: bool,
    markdown: bool,
    html: bool,
    out: Path | None,
    folders: tuple[Path, ...],
    as_of: date | None,
) -> None:
    """Recommend the next step for the facts in FACTS.

    FACTS is a YAML or JSON file that maps fact ids to values, at the top or under `facts:`; `-`
    reads standard input. A fact that is left out is unknown. `formfact rules show` lists all facts.
    """
    form = chosen_form({"json": as_json, "markdown": markdown, "html": html}, out)
    book = rulebook_of(folders)
    advice = _advise(facts, book, as_of)
    deliver(rendered(advice, book, form), out)


def rendered(advice: dict[str, Any], book: Rulebook, form: Form | None) -> str:
    """Advice in the form asked for; plain text for None."""
    if form is None:
        from app.cli.screen import advice_text
        from app.reading import read_advice

        return advice_text(read_advice(advice, book))
    from app.report import render

    return render(advice, book, form=form)


def _advise(path: str, book: Rulebook, as_of: date | None) -> dict[str, Any]:
    from advisor_rules import advise
    from advisor_rules.serialize import advice_to_dict
    from app.cli.facts_file import read_facts_file

    stated = read_facts_file(path)
    result = stated.checked(lambda facts: advise(facts, as_of=as_of, rulebook=book))
    return advice_to_dict(result, book)
