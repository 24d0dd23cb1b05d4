"""Take training jobs from the queue and run them."""

from __future__ import annotations

import dataclasses
import socket
from typing import TYPE_CHECKING

import click

from app.cli.extras import need_server, need_training
from app.cli.program import DONE, FAILED

if TYPE_CHECKING:
    from app.settings import Settings


@click.command("worker")
@click.option(
    "--slots",
    type=click.IntRange(1, 64),
    help="Jobs at once, one for each device [default: FORMFACT_TRAIN_SLOTS or 1].",
)
@click.option(
    "--check",
    is_flag=True,
    help="Start none: exit 0 where a worker of this machine is alive, else 1.",
)
def command(slots: int | None, check: bool) -> int:
    """Take training jobs from the queue and run them, until interrupted.

    Several workers, on several machines, may share one queue: they need the same database and the
    same data folder. Told to stop (Ctrl+C or SIGTERM), a worker has its jobs leave a checkpoint and
    gives them back; told twice, it does not wait for that.
    """
    need_server("formfact worker")
    from app.settings import Settings

    settings = Settings.from_environment()
    if check:
        return _check(settings)
    need_training("formfact worker")
    from app.training.worker import work

    if slots is not None:
        settings = dataclasses.replace(settings, train_slots=slots)
    click.echo(f"formfact takes training jobs, {settings.train_slots} at once", err=True)
    work(settings)
    return DONE


def _check(settings: Settings) -> int:
    """Say whether a worker of this machine is alive; the exit status says it too."""
    from app.storage import Database
    from app.training.presence import list_workers

    database, host = Database(settings.url), socket.gethostname()
    try:
        with database.reading() as session:
            found = [item for item in list_workers(session) if item.worker.host == host]
    finally:
        database.close()
    alive = [item for item in found if item.alive]
    jobs = sum(len(item.jobs) for item in alive)
    click.echo(f"workers alive on {host}: {len(alive)}, jobs that they run: {jobs}")
    return DONE if alive else FAILED
