from __future__ import annotations

import threading

import pytest
from sqlalchemy.orm import Session

from app import cases
from app.errors import Invalid, NotFound, Stale
from app.storage import Database

BEYOND_BMP = "Bot 🤖 für Ärzte, 帮助"


def test_a_new_case_can_be_read_again(session: Session) -> None:
    case = cases.create_case(session, f"  {BEYOND_BMP} ", "line one\r\nline two")
    found = cases.get_case(session, case.id)
    assert (found.name, found.description) == (BEYOND_BMP, "line one\nline two")
    assert found.version == 1
    assert found.created_at == found.updated_at
    assert found.created_at.utcoffset() is not None


def test_ids_are_short_safe_in_urls_and_never_the_same(session: Session) -> None:
    ids = {cases.create_case(session, "bot").id for _ in range(200)}
    assert len(ids) == 200
    assert all(name.isascii() and name.isalnum() and len(name) == 16 for name in ids)


def test_every_wrong_field_is_named_at_once(session: Session) -> None:
    with pytest.raises(Invalid) as caught:
        cases.create_case(session, "x" * 201, "bell \a")
    assert [problem.where for problem in caught.value.problems] == ["name", "description"]


@pytest.mark.parametrize("name", ["", "  \n ", "two\nlines", "nul \0", "turned \u202e round"])
def test_names_that_cannot_be_shown_are_refused(session: Session, name: str) -> None:
    with pytest.raises(Invalid):
        cases.create_case(session, name)


def test_a_missing_case_is_said_to_be_missing(session: Session) -> None:
    for case_id in ("nothing", "", "x" * 10_000, "a'b", "nul\0"):
        with pytest.raises(NotFound):
            cases.get_case(session, case_id)
        with pytest.raises(NotFound):
            cases.update_case(session, case_id, name="x")


def test_search_finds_every_word_in_name_or_description_whatever_their_case(
    session: Session,
) -> None:
    case = cases.create_case(session, "Ärzte-Bot", "answers 100% of patients_")
    cases.create_case(session, "other")
    for search in ("ärzte", "ÄRZTE bot", "PATIENTS ärzte", "100%", "patients_", ""):
        assert case.id in [item.id for item in cases.list_cases(session, search=search).items]
    for search in ("zahn", "ärzte zahn", "1%0", "patientsx"):
        assert cases.list_cases(session, search=search).total == 0


def test_pages_follow_one_another_and_hold_every_case_once(session: Session) -> None:
    made = {cases.create_case(session, f"bot {number}").id for number in range(7)}
    seen: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = cases.list_cases(session, limit=3, offset=offset)
        seen += [case.id for case in page.items]
        offset = page.next_offset
    assert len(seen) == 7
    assert set(seen) == made
    assert cases.list_cases(session, limit=3, offset=6).previous_offset == 3


def test_the_last_changed_case_comes_first(session: Session) -> None:
    first, second = (cases.create_case(session, name) for name in ("first", "second"))
    cases.update_case(session, first.id, name="first again")
    assert [case.id for case in cases.list_cases(session).items] == [first.id, second.id]


def test_an_archived_case_leaves_the_list_and_can_be_restored(session: Session) -> None:
    case = cases.create_case(session, "bot")
    cases.archive_case(session, case.id)
    assert cases.list_cases(session).total == 0
    assert [item.id for item in cases.list_cases(session, archived=True).items] == [case.id]
    cases.restore_case(session, case.id)
    assert cases.list_cases(session).total == 1
    assert case.archived_at is None


def test_a_change_counts_only_if_something_changes(session: Session) -> None:
    case = cases.create_case(session, "bot")
    cases.update_case(session, case.id, name="bot", description="")
    assert case.version == 1
    cases.update_case(session, case.id, description="more")
    assert case.version == 2
    cases.archive_case(session, case.id)
    cases.archive_case(session, case.id)
    assert case.version == 3


def test_a_change_of_a_version_long_gone_is_refused(session: Session) -> None:
    case = cases.create_case(session, "bot")
    cases.update_case(session, case.id, name="new", expected_version=1)
    with pytest.raises(Stale):
        cases.update_case(session, case.id, name="newer", expected_version=1)
    assert case.name == "new"


def test_of_two_changes_at_once_one_is_refused(database: Database) -> None:
    with database.writing() as session:
        case = cases.create_case(session, "bot")
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def change(name: str) -> None:
        start.wait()
        try:
            with database.writing() as session:
                cases.update_case(session, case.id, name=name, expected_version=1)
            outcomes.append("changed")
        except Stale:
            outcomes.append("refused")

    threads = [threading.Thread(target=change, args=(name,)) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed", "refused"]
