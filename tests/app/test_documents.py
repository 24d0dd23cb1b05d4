"""Files of documents: under their ids alone, with what shows at once, gone when removed."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.clearing import clear_document
from app.documents import (
    Totals,
    create_document,
    file_of_document,
    get_document,
    list_documents,
    problems_of,
    ready_documents,
    remove_document,
    totals,
)
from app.errors import Invalid, NotFound
from app.settings import Settings
from app.storage import Database, DocumentFile
from tests.app.probing import add_document, case_with, manual, manuals, probed_here

MANY = 2_000_000_000


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[Database]:
    """SQLite alone: nothing here depends on the database."""
    database = Database(f"sqlite:///{tmp_path / 'formfact.db'}")
    yield database
    database.close()


def test_a_file_is_kept_for_its_owner_alone_under_ids(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, {})
    found = add_document(database, settings, case_id, "../../etc/passwd.MD", manual(1))
    path = file_of_document(settings, found)
    assert path == settings.folder / "documents" / case_id / f"{found.id}.md"
    assert path.read_bytes() == manual(1)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert (found.name, found.state, found.problem) == ("passwd.MD", "ready", "")


@given(name=st.text(max_size=300))
def test_no_name_leads_out_of_the_folder(name: str) -> None:
    settings = Settings()
    document = DocumentFile(id="d1", case_id="c1", name=name[-200:])
    path = file_of_document(settings, document)
    assert path.parent == settings.folder / "documents" / "c1"
    assert path.name.startswith("d1")
    assert path.name.isascii()
    assert len(path.name) <= 13


@pytest.mark.parametrize("size", [0, -1, MANY + 1])
def test_a_size_that_cannot_be_is_refused(
    database: Database, settings: Settings, size: int
) -> None:
    case_id = case_with(database, settings, {})
    with database.writing() as session, pytest.raises(Invalid, match="bytes"):
        create_document(session, case_id, "a.md", size, most_bytes=MANY)


def test_what_no_reader_takes_is_said_at_once_and_kept(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, {"old.xls": b"\xd0\xcf\x11\xe0"})
    with database.reading() as session:
        page = list_documents(session, case_id)
        said = problems_of(session, case_id, page.items)[page.items[0].id]
    assert "save it as" in said[0]


def test_problems_that_a_probe_met_are_told_of_their_files(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(3))
    broken = add_document(database, settings, case_id, "scan.pdf", b"%PDF-1.4 nothing")
    rows = add_document(database, settings, case_id, "faq.jsonl", b'{"text": "One."}\nnot json\n')
    probed_here(database, settings, case_id)
    with database.reading() as session:
        documents = list_documents(session, case_id).items
        said = problems_of(session, case_id, documents)
    assert set(said) == {broken.id, rows.id}
    assert "damaged" in said[broken.id][0]
    assert said[rows.id][0].startswith("line 2: ")


def test_a_removed_file_is_gone_from_every_list_and_then_from_the_disk(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(2))
    with database.reading() as session:
        first, second = ready_documents(session, case_id)
        assert totals(session, case_id) == Totals(2, (first.bytes or 0) + (second.bytes or 0))
    with database.writing() as session:
        remove_document(session, case_id, first.id)
    with database.reading() as session:
        assert [item.id for item in ready_documents(session, case_id)] == [second.id]
        with pytest.raises(NotFound):
            get_document(session, case_id, first.id)
    assert clear_document(database, settings)
    assert not clear_document(database, settings)
    assert not file_of_document(settings, first).exists()
    assert file_of_document(settings, second).exists()


def test_another_case_does_not_see_it(database: Database, settings: Settings) -> None:
    mine, other = case_with(database, settings, manuals(1)), case_with(database, settings, {})
    with database.reading() as session:
        found = ready_documents(session, mine)[0]
        with pytest.raises(NotFound):
            get_document(session, other, found.id)
