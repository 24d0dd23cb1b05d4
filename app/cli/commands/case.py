"""Keep cases: applications, what is known of them, advice.

The same database as the server's: FORMFACT_DATABASE_URL, or formfact.db in FORMFACT_DATA_DIR.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.desk import desk
from app.cli.extras import need_server
from app.cli.options import as_of_option, json_option, report_options, rules_option

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.orm import Session

    from advisor_rules.rulebook import Rulebook
    from app.storage import AdviceRecord, Case

Json = dict[str, Any]
facts_option = click.option(
    "--facts", "file", type=click.Path(), help="A YAML or JSON file of facts; - is stdin."
)


@click.group("case")
def command() -> None:
    """Keep cases: applications, what is known of them, and the advice given.

    In the server's own database: FORMFACT_DATABASE_URL, or formfact.db in FORMFACT_DATA_DIR.
    """
    need_server("formfact case")


def stated_facts(
    book: Rulebook, pairs: tuple[str, ...], file: str | None, origin: str, evidence: str
) -> Json:
    """Facts from a file and from ``fact=value`` pairs, which win; checked, with lines if a file."""
    from advisor_rules.facts import check_facts
    from app.cli.facts_file import parse_assignments, read_facts_file

    facts: Json = {}
    if file:
        stated = read_facts_file(file)
        stated.checked(lambda given: check_facts(book.facts, given))
        facts |= stated.facts
    for name, value in parse_assignments(pairs).items():
        told = {"value": value, "origin": origin, "evidence": evidence}
        facts[name] = None if value is None else told
    return facts


@command.command("new")
@click.argument("name")
@click.option("--description", default="", help="What the application does.")
@facts_option
@rules_option
@json_option
def new(
    name: str, description: str, file: str | None, folders: tuple[Path, ...], as_json: bool
) -> None:
    """Make a case called NAME and print its id."""
    from app.cases import create_case
    from app.intake import record_facts

    with desk(folders) as (session, book):
        facts = stated_facts(book, (), file, "answered", "")
        case = create_case(session, name, description)
        if facts:
            record_facts(session, book, case.id, facts)
        shown = case_dict(case)
    click.echo(_json(shown) if as_json else shown["id"])


@command.command("list")
@click.option("--search", default="", help="Words that name or description must hold.")
@click.option("--archived", is_flag=True, help="Show the archived cases instead.")
@json_option
def list_(search: str, archived: bool, as_json: bool) -> None:
    """List the cases, last changed first."""
    with desk() as (session, _):
        shown = [case_dict(case) for case in _all(session, search, archived)]
    if as_json:
        click.echo(_json({"cases": shown}))
    elif not shown:
        click.echo("No cases. `formfact case new NAME` makes one.", err=True)
    for item in [] if as_json else shown:
        click.echo(f"{item['id']}  {item['updated_at'][:10]}  {item['name']}")


def _all(session: Session, search: str, archived: bool) -> Iterator[Case]:
    from app.cases import list_cases
    from app.paging import MOST

    offset: int | None = 0
    while offset is not None:
        page = list_cases(session, search=search, archived=archived, limit=MOST, offset=offset)
        yield from page.items
        offset = page.next_offset


@command.command("show")
@click.argument("case_id", metavar="ID")
@rules_option
@as_of_option
@json_option
def show(case_id: str, folders: tuple[Path, ...], as_of: date | None, as_json: bool) -> None:
    """Show a case, its facts and the advice for them."""
    with desk(folders) as (session, book):
        case, record = advised(session, book, case_id, as_of)
        if as_json:
            click.echo(_json({"case": case_dict(case), **record.advice}))
        else:
            click.echo(_case_text(case, record, book))


@command.command("set")
@click.argument("case_id", metavar="ID")
@click.argument("pairs", nargs=-1, metavar="FACT=VALUE...")
@facts_option
@click.option(
    "--withdraw", multiple=True, metavar="FACT", help="Take back what was said of a fact."
)
@click.option(
    "--origin",
    type=click.Choice(["answered", "measured", "assumed"]),
    default="answered",
    show_default=True,
    help="Where the values come from.",
)
@click.option("--evidence", default="", help="How the values were obtained.")
@rules_option
@json_option
def set_(  # noqa: PLR0913, PLR0917  # one parameter for each option
    case_id: str,
    pairs: tuple[str, ...],
    file: str | None,
    withdraw: tuple[str, ...],
    origin: str,
    evidence: str,
    folders: tuple[Path, ...],
    as_json: bool,
) -> None:
    """Record facts of a case; `fact=null` says that nobody knows."""
    from app.intake import record_facts

    with desk(folders) as (session, book):
        facts = stated_facts(book, pairs, file, origin, evidence)
        changes = record_facts(session, book, case_id, facts, withdraw=withdraw)
        case, record = advised(session, book, case_id, None)
        shown = {"case": case_dict(case), "changed": [item.fact for item in changes]}
        verdict = _verdict(record, book)
    if as_json:
        click.echo(_json({**shown, "step": record.step}))
    else:
        click.echo(f"Changed: {', '.join(shown['changed']) or 'nothing'}", err=True)
        click.echo(verdict)


@command.command("export")
@click.argument("case_id", metavar="ID")
@report_options
@rules_option
@as_of_option
def export(
    case_id: str,
    as_json: bool,
    markdown: bool,
    html: bool,
    out: Path | None,
    folders: tuple[Path, ...],
    as_of: date | None,
) -> None:
    """Write a case's facts and advice as JSON (which `recommend` reads), Markdown or HTML."""
    from app.cli.output import chosen_form, deliver
    from app.report import CaseSummary, render

    form = chosen_form({"json": as_json, "markdown": markdown, "html": html}, out) or "json"
    with desk(folders) as (session, book):
        case, record = advised(session, book, case_id, as_of)
        summary = CaseSummary(name=case.name, id=case.id, description=case.description)
        text = render(record.advice, book, form=form, case=summary)
    deliver(text, out)


@command.command("archive")
@click.argument("case_id", metavar="ID")
@click.option("--restore", is_flag=True, help="Bring an archived case back instead.")
def archive(case_id: str, restore: bool) -> None:
    """Put a case away; it can still be shown and restored."""
    from app.cases import archive_case, restore_case

    with desk() as (session, _):
        case = (restore_case if restore else archive_case)(session, case_id)
        name = case.name
    click.echo(f"{'Restored' if restore else 'Archived'}: {name}", err=True)


def advised(
    session: Session, book: Rulebook, case_id: str, as_of: date | None
) -> tuple[Case, AdviceRecord]:
    """A case and the advice for what holds of it."""
    from app.advising import advise_case
    from app.cases import get_case

    record = advise_case(session, book, case_id, as_of)
    return get_case(session, case_id), record


def case_dict(case: Case) -> Json:
    """A case as plain data."""
    return {
        "id": case.id,
        "name": case.name,
        "description": case.description,
        "created_at": case.created_at.isoformat(),
        "updated_at": case.updated_at.isoformat(),
        "archived": case.archived_at is not None,
    }


def _case_text(case: Case, record: AdviceRecord, book: Rulebook) -> str:
    from app.cli.screen import advice_text, facts_text
    from app.reading import read_advice

    reading = read_advice(record.advice, book)
    head = f"{case.name} ({case.id}){', archived' if case.archived_at else ''}"
    return "\n\n".join([head, advice_text(reading), facts_text(reading)])


def _verdict(record: AdviceRecord, book: Rulebook) -> str:
    from app.words import verdict

    return verdict(record.advice, book)


def _json(data: Json) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False)
