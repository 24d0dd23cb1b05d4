"""Prove the rulebook, show an entry, write its pages."""

from __future__ import annotations

import difflib
import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from app.cli.options import as_of_option, json_option, rulebook_of, rules_option
from app.cli.problems import BadInput

if TYPE_CHECKING:
    from advisor_rules.rulebook import Rulebook
    from advisor_rules.verify import Report

KINDS = (
    "rules",
    "record_rules",
    "facts",
    "signals",
    "subtypes",
    "steps",
    "options",
    "sources",
    "thresholds",
    "conflicts",
)
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group("rules")
def command() -> None:
    """Prove the rulebook, show one entry, write its pages, or begin a rule."""


@command.command("check")
@click.argument("folders", nargs=-1, type=FOLDER, metavar="[DIR]...")
@as_of_option
@json_option
@click.pass_context
def check(
    context: click.Context, folders: tuple[Path, ...], as_of: date | None, as_json: bool
) -> None:
    """Prove the rulebook, with the rules in each DIR on top; exit 1 where a check fails."""
    from advisor_rules.verify import verify

    book = rulebook_of(folders)
    click.echo(f"Proving {len(book.every_rule)} rules ...", err=True)
    report = verify(book, as_of)
    click.echo(_report_json(report, book) if as_json else _report_text(report))
    if not report.passed:
        context.exit(1)


def _report_text(report: Report) -> str:
    lines = []
    for item in report.checks:
        lines.append(f"{'passed' if item.passed else 'FAILED'}  {item.name}: {item.detail}")
        lines += [f"          {problem}" for problem in item.problems]
    failed = sum(not item.passed for item in report.checks)
    word = f"{failed} of {len(report.checks)} checks failed" if failed else "Everything holds"
    return "\n".join([*lines, f"{word} ({report.seconds:.1f} s)"])


def _report_json(report: Report, book: Rulebook) -> str:
    checks = [
        {
            "name": item.name,
            "passed": item.passed,
            "detail": item.detail,
            "problems": list(item.problems),
        }
        for item in report.checks
    ]
    head = {"rulebook": {"version": book.version, "hash": book.hash}, "seconds": report.seconds}
    return json.dumps({**head, "checks": checks}, indent=2, ensure_ascii=False)


@command.command("show")
@click.argument("name", metavar="[ID]", required=False)
@rules_option
@as_of_option
@json_option
def show(name: str | None, folders: tuple[Path, ...], as_of: date | None, as_json: bool) -> None:
    """Show one rule, fact, step, source, threshold or conflict; without ID, list them all."""
    book = rulebook_of(folders)
    if name is None:
        click.echo(_list(book, as_json))
        return
    kind = kind_of(book, name)
    if as_json:
        click.echo(json.dumps(entry_dict(book, kind, name), indent=2, ensure_ascii=False))
        return
    from app.cli.entries import entry_text

    click.echo(entry_text(book, kind, name, as_of or book.latest()))


def kind_of(book: Rulebook, name: str) -> str:
    """The kind of the entry with this id; raises BadInput where nothing has it."""
    for kind in KINDS:
        if name in getattr(book, kind):
            return kind
    known = [entry for kind in KINDS for entry in getattr(book, kind)]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {close[0]}?" if close else "`formfact rules show` lists all ids"
    raise BadInput(f"{name[:80]}: nothing in the rulebook has this id ({hint})")


def entry_dict(book: Rulebook, kind: str, name: str) -> dict[str, Any]:
    """An entry as it is written, with its kind."""
    entry = getattr(book, kind)[name]
    entry = entry.option if kind == "options" else entry
    written: dict[str, Any] = entry.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return {"kind": kind.removesuffix("s"), **written}


def _list(book: Rulebook, as_json: bool) -> str:
    if as_json:
        return json.dumps({kind: list(getattr(book, kind)) for kind in KINDS}, indent=2)
    lines = []
    for kind in KINDS:
        entries = getattr(book, kind)
        lines += [
            f"{kind} ({len(entries)})",
            *(f"  {_line(kind, entries[name])}" for name in entries),
        ]
    return "\n".join(lines)


def _line(kind: str, entry: Any) -> str:
    entry = entry.option if kind == "options" else entry
    return f"{entry.id}: {getattr(entry, 'title', '') or entry.question}"


@command.command("docs")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True)
@rules_option
@as_of_option
def docs(out: Path, folders: tuple[Path, ...], as_of: date | None) -> None:
    """Write a page for every entry of the rulebook, as Markdown for Sphinx, into a folder."""
    from app.rule_pages import NotOurs, write_pages

    try:
        count = write_pages(rulebook_of(folders), out, as_of)
    except NotOurs as error:
        raise BadInput(str(error)) from error
    click.echo(f"{count} files written to {out}", err=True)


@command.command("schema")
@click.argument(
    "kind",
    type=click.Choice(["rules", "facts", "steps", "thresholds", "sources", "conflicts"]),
    default="rules",
)
def schema(kind: str) -> None:
    """Print the JSON Schema of a rule file (or of another KIND of file), for editors."""
    from pydantic import TypeAdapter

    from advisor_rules.load import KINDS as MODELS

    model: Any = MODELS[kind]
    made = TypeAdapter(model | list[model]).json_schema(by_alias=True)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": f"formfact {kind}"}
    click.echo(json.dumps({**head, **made}, indent=2, ensure_ascii=False))


@command.command("new")
@click.argument("name", metavar="ID")
@click.option("--out", type=FOLDER, default=Path(), help="Folder of your own rules.")
def new(name: str, out: Path) -> None:
    """Begin a rule: write a small one that passes the checks, to be changed, into rules/ID.yaml."""
    import re

    from app.cli.entries import NEW_RULE
    from app.files import write_atomically

    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise BadInput(f"{name[:80]}: an id is small letters, digits and underscores")
    path = out / "rules" / f"{name}.yaml"
    if path.exists():
        raise BadInput(f"{path}: exists already; choose another id")
    path.parent.mkdir(exist_ok=True)
    write_atomically(path, NEW_RULE.format(id=name))
    click.echo(path)
