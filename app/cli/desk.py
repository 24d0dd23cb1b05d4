"""Where commands that keep cases work: the server's database, and the rulebook that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from advisor_rules.rulebook import Rulebook


@contextmanager
def desk(folders: tuple[Path, ...] = ()) -> Iterator[tuple[Session, Rulebook]]:
    """A writing session on the server's database, and the rulebook that the server uses."""
    from advisor_rules import load_rulebook
    from app.settings import Settings
    from app.storage import Database

    settings = Settings.from_environment()
    book = load_rulebook(*settings.rules_dir, *folders)
    database = Database(settings.url)
    try:
        database.upgrade()
        with database.writing() as session:
            yield session, book
    finally:
        database.close()
