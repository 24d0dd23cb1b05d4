"""Where results go: standard output, or a file that is written whole."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.problems import BadInput

if TYPE_CHECKING:
    from app.report import Form

SUFFIXES: dict[str, Form] = {".json": "json", ".md": "markdown", ".html": "html"}
PLAIN = ("", ".txt")


def chosen_form(flags: dict[Form, bool], out: Path | None) -> Form | None:
    """The form that a flag names, else the one of the file's suffix, else None."""
    named = [form for form, wanted in flags.items() if wanted]
    if len(named) > 1:
        raise BadInput(f"--{' and --'.join(named)} exclude each other: choose one")
    if named:
        return named[0]
    if out is None or out.suffix.lower() in PLAIN:
        return None
    if out.suffix.lower() not in SUFFIXES:
        raise BadInput(f"{out}: no report has this ending; use {', '.join(SUFFIXES)} or .txt")
    return SUFFIXES[out.suffix.lower()]


def deliver(text: str, out: Path | None) -> None:
    """Print the text, or write it to a file whole or not at all."""
    if out is None:
        click.echo(text.rstrip("\n"))
        return
    from app.files import write_atomically

    write_atomically(out, text.rstrip("\n") + "\n")
    click.echo(f"Written to {out}", err=True)
