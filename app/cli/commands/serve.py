"""Serve the pages and the REST endpoint."""

from __future__ import annotations

import dataclasses
import os
import socket
from ipaddress import ip_address
from typing import TYPE_CHECKING

import click

from app.cli.extras import need_server
from app.cli.problems import BadInput

if TYPE_CHECKING:
    from app.settings import Settings


@click.command("serve")
@click.option("--host", help="Address to listen on [default: FORMFACT_HOST or 127.0.0.1].")
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    help="Port to listen on; 0 takes a free one [default: FORMFACT_PORT or 8000].",
)
def command(host: str | None, port: int | None) -> None:
    """Serve the pages and the REST endpoint until interrupted.

    Settings come from FORMFACT_* variables; the options go before them.
    """
    need_server("formfact serve")
    from app.settings import Settings

    settings = Settings.from_environment()
    settings = dataclasses.replace(
        settings,
        host=settings.host if host is None else host,
        port=settings.port if port is None else port,
    )
    refuse_open_host(settings)
    _run(settings)


def refuse_open_host(settings: Settings) -> None:
    """Raise BadInput for an address that other machines reach, unless the settings allow it."""
    if not is_loopback(settings.host) and not settings.allow_remote:
        raise BadInput(
            f"host {settings.host}: other machines could reach this server, which asks nobody who "
            "they are; put a proxy with a login in front and set FORMFACT_ALLOW_REMOTE=true"
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


def bound_socket(host: str, port: int) -> socket.socket:
    """A listening socket; raises BadInput where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host.strip("[]"), port), family=family, backlog=2048)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise BadInput(f"port {port} on {host}: {why}; choose another with --port") from error


def _run(settings: Settings) -> None:
    import uvicorn

    from app.training.embedded import embedded_worker
    from app.web import create_app

    with bound_socket(settings.host, settings.port) as listening:
        app = create_app(settings)
        app.state.services.database.answers()  # uvicorn would print a traceback where it does not
        address, port = listening.getsockname()[:2]
        shown = f"[{address}]" if ":" in address else address
        click.echo(f"formfact serves on http://{shown}:{port} until Ctrl+C", err=True)
        # streams of events never end by themselves: whoever reads one connects again
        config = uvicorn.Config(
            app, access_log=False, server_header=False, timeout_graceful_shutdown=3
        )
        with embedded_worker(settings):
            uvicorn.Server(config).run(sockets=[listening])
