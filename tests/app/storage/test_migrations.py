from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from app.cases import create_case, get_case
from app.storage import Base, Database
from app.storage.migrate import MIGRATIONS, current, downgrade, upgrade

FOUND = ScriptDirectory(str(MIGRATIONS))


SEARCH = "log_search"
"""What finds words is made by each database in its own way; the models do not know it."""


def tables(database: Database) -> set[str]:
    names = set(inspect(database.engine).get_table_names()) - {"alembic_version"}
    return {name for name in names if not name.startswith(SEARCH)}


def is_modelled(thing: Any, name: str | None, *_: object) -> bool:
    return not (name or "").startswith(SEARCH)


def test_migrations_make_the_tables_of_the_models(empty_database: Database) -> None:
    upgrade(empty_database.engine)
    assert tables(empty_database) == set(Base.metadata.tables)
    with empty_database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "include_object": is_modelled}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_migrations_can_be_undone_and_applied_again_one_by_one(empty_database: Database) -> None:
    revisions = [script.revision for script in FOUND.walk_revisions()][::-1]
    assert revisions
    for revision in revisions:
        upgrade(empty_database.engine, revision)
        with empty_database.engine.connect() as connection:
            assert current(connection) == revision
    for _ in revisions:
        downgrade(empty_database.engine, "-1")
    assert tables(empty_database) == set()
    upgrade(empty_database.engine)
    assert tables(empty_database) == set(Base.metadata.tables)


def test_upgrading_again_keeps_what_is_there(database: Database) -> None:
    with database.writing() as session:
        case_id = create_case(session, "bot").id
    database.upgrade()
    with database.reading() as session:
        assert get_case(session, case_id).name == "bot"


def test_there_is_one_line_of_migrations() -> None:
    assert len(FOUND.get_heads()) == 1


def test_servers_that_start_together_migrate_once(empty_database: Database) -> None:
    failures: list[Exception] = []
    start = threading.Barrier(4)

    def begin() -> None:
        start.wait()
        try:
            empty_database.upgrade()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert tables(empty_database) == set(Base.metadata.tables)


def test_migrations_travel_with_the_package() -> None:
    assert MIGRATIONS.is_dir()
    assert MIGRATIONS.is_relative_to(Path(__file__).parents[3] / "app")
