"""The program: commands found by folder, imported when called, and every error on one line."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from app.cli.problems import lines_of

PACKAGE = "app.cli.commands"
FOLDER = Path(__file__).parent / "commands"
DONE, FAILED, BAD_INPUT, BROKEN = 0, 1, 2, 70


class CommandFolder(click.Group):
    """A group whose commands are the modules of ``FOLDER``."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of all commands; nothing is imported."""
        return sorted(command_files())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return its ``command``."""
        path = command_files().get(cmd_name)
        if path is None:
            return None
        module = import_module(f"{PACKAGE}.{path.stem}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from their modules' docstrings."""
        rows = [(name, summary(path)) for name, path in sorted(command_files().items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def command_files() -> dict[str, Path]:
    """Every command's name and module file; ``import_.py`` is ``import``, a word of Python's."""
    files = FOLDER.glob("[a-z]*.py")
    return {path.stem.rstrip("_").replace("_", "-"): path for path in files}


def summary(path: Path) -> str:
    """The first line of a module's docstring, read without importing the module."""
    text = ast.get_docstring(ast.parse(path.read_bytes())) or ""
    return text.partition("\n")[0]


def _show_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"formfact {version('formfact')}")
        ctx.exit()


@click.group(
    cls=CommandFolder,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit 0: done. 1: a check failed. 2: bad input, said on standard error.",
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_show_version,
    help="Show the version and exit.",
)
def formfact() -> None:
    """What to do next with an LLM application that fails, and why.

    Finetuning is for form, retrieval is for facts.
    """


def run(arguments: Sequence[str]) -> int:
    """Run the program and return its exit status; no exception leaves it."""
    try:
        result: Any = formfact.main(list(arguments), prog_name="formfact", standalone_mode=False)
    except BrokenPipeError:
        # The reader of the output has gone; Python must not fail again when it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (click.Abort, KeyboardInterrupt):
        return 130
    except Exception as error:  # the edge: whatever went wrong becomes words and a status
        return _report(error)
    return result if isinstance(result, int) else DONE


def _report(error: Exception) -> int:
    lines = lines_of(error)
    if lines is None:
        import traceback

        traceback.print_exception(error)
        click.echo("formfact: this is a fault of the program, not of your input", err=True)
        return BROKEN
    for line in lines:
        click.echo(line, err=True)
    return BAD_INPUT
