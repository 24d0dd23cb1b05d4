"""Turn another tool's results into failure records."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from app.cli.problems import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    from evidence.reading import Read
    from evidence.records import Skipped

SHOWN = 100
"""Results left out that are told one by one."""

BAR = 1_000
"""Records between two looks at the clock."""


class ToolName(click.ParamType[str]):
    """The name of a tool whose results are read; looked up when it is needed."""

    name = "tool"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The name as the folder of importers has it."""
        from evidence.importing import tools

        name = value.lower().replace("_", "-")
        if name not in tools():
            self.fail(f"{value!r} is not among the tools: {', '.join(tools())}", param, ctx)
        return name


def _list_tools(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from evidence.importing import tools

        for name, about in tools().items():
            click.echo(f"{name:<14} {about}")
        ctx.exit()


@click.command("import")
@click.argument("tool", type=ToolName())
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file instead of standard output.",
)
@click.option("--failing-only", is_flag=True, help="Leave out what the tool says has passed.")
@click.option(
    "--list",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_list_tools,
    help="List the tools and what is read of each.",
)
def command(tool: str, file: Path, out: Path | None, failing_only: bool) -> None:
    """Turn the results in FILE, exported by TOOL, into failure records (JSON Lines).

    Results that passed are kept, with "passed" in their metadata, since they show what is right.
    What makes no record is told on standard error, with its place and why.
    """
    from evidence.importing import import_results

    items = import_results(tool, file, failing_only=failing_only)
    if out is None:
        _print(items, tool, file)
        return
    from app.files import whole_file

    with whole_file(out) as target:
        _write(items, target, tool, file)
    click.echo(f"Written to {out}", err=True)


def _print(items: Iterator[Read], tool: str, file: Path) -> None:
    """Print the records once all are made, so that nothing is half printed."""
    import tempfile

    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="\n") as waiting:
        _write(items, waiting, tool, file)
        waiting.seek(0)
        for line in waiting:
            click.echo(line, nl=False)


def _write(items: Iterator[Read], target: IO[str], tool: str, file: Path) -> None:
    from app.cli.progress import Progress
    from evidence.records import Skipped

    progress = Progress("records")
    written = left_out = 0
    for item in items:
        if isinstance(item, Skipped):
            left_out += 1
            _tell(item, left_out)
            continue
        target.write(item.record.model_dump_json() + "\n")
        written += 1
        if written % BAR == 0:
            progress.at(written)
    if left_out and not written:
        raise BadInput(f"{file}: holds no result of {tool} that makes a failure record")
    click.echo(f"{written:,} records, {left_out:,} results left out", err=True)


def _tell(item: Skipped, number: int) -> None:
    if number <= SHOWN:
        click.echo(f"  result {item.line}: {item.why}", err=True)
    elif number == SHOWN + 1:
        click.echo("  and more", err=True)
