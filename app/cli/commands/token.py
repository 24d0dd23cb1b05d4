"""Make, list and revoke tokens for the OpenAI-compatible API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from app.cli.extras import need_server
from app.cli.options import json_option

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.storage import ApiToken


@click.group("token")
def command() -> None:
    """Make, list and revoke tokens for the OpenAI-compatible API under /v1.

    Where no token was ever made, a server that only this machine reaches asks for none. From the
    first one on, every request needs one.
    """


@command.command("new")
@click.argument("name")
@json_option
def new(name: str, as_json: bool) -> None:
    """Make a token for somebody, and print it this once: it is kept nowhere."""
    from app.openai.tokens import new_token

    with _writing() as session:
        token, secret = new_token(session, name)
        told = {**_shown(token), "token": secret}
    click.echo(json.dumps(told) if as_json else secret)
    click.echo(f"Token {told['id']} for {told['name']}: it is shown this once.", err=True)


@command.command("list")
@json_option
def list_all(as_json: bool) -> None:
    """Show every token by its last letters."""
    from app.openai.tokens import list_tokens

    with _writing() as session:
        found = [_shown(token) for token in list_tokens(session)]
    if as_json:
        click.echo(json.dumps(found))
        return
    for item in found:
        state = f"revoked {item['revoked_at'][:10]}" if item["revoked_at"] else "in force"
        made = item["created_at"][:10]
        click.echo(f"{item['id']}  ...{item['hint']}  {made}  {state}  {item['name']}")


@command.command("revoke")
@click.argument("token_id")
def revoke(token_id: str) -> None:
    """Let a token be good for nothing from now on."""
    from app.openai.tokens import revoke_token

    with _writing() as session:
        name = revoke_token(session, token_id).name
    click.echo(f"Revoked: {name}", err=True)


@contextmanager
def _writing() -> Iterator[Session]:
    need_server("formfact token")
    from app.settings import Settings
    from app.storage import Database

    database = Database(Settings.from_environment().url)
    try:
        database.upgrade()
        with database.writing() as session:
            yield session
    finally:
        database.close()


def _shown(token: ApiToken) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "hint": token.hint,
        "created_at": token.created_at.isoformat(),
        "revoked_at": token.revoked_at.isoformat() if token.revoked_at else None,
    }
