from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from app.problems import problem_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_full_disk_is_said_as_such(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'small.db'}")
    with engine.connect() as connection:
        connection.execute(text("pragma max_page_count = 2"))
        connection.execute(text("create table notes (words text)"))
        with pytest.raises(OperationalError) as caught:
            connection.execute(text("insert into notes values (:words)"), {"words": "x" * 100_000})
    engine.dispose()
    problem = problem_of(caught.value)
    assert (problem.status, problem.kind) == (507, "storage")
    assert problem.detail == "The disk is full; nothing of this request was kept."


def test_a_database_that_cannot_be_opened_may_be_tried_again(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'no' / 'such' / 'folder.db'}")
    with pytest.raises(OperationalError) as caught:
        engine.connect()
    problem = problem_of(caught.value)
    assert (problem.status, problem.kind) == (503, "storage")
    assert problem.headers == {"retry-after": "5"}


def test_a_wrong_statement_is_a_fault_of_ours(tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'empty.db'}")
    with engine.connect() as connection, pytest.raises(OperationalError) as caught:
        connection.execute(text("select * from nothing"))
    engine.dispose()
    assert problem_of(caught.value).status == 500


def test_what_nobody_foresaw_tells_nothing_of_the_inside() -> None:
    problem = problem_of(RuntimeError("secret path /srv"))
    assert problem.status == 500
    assert "secret" not in problem.detail
