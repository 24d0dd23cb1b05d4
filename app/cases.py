"""Cases: one for each LLM application that a team wants to improve."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Invalid, NotFound, Stale, Wrong
from app.paging import Page, page_of
from app.storage import Case, utc_now
from app.text import text_problem, tidy

LONGEST_NAME = 200
LONGEST_DESCRIPTION = 5_000
LONGEST_SEARCH = 200


def create_case(session: Session, name: str, description: str = "") -> Case:
    """A new case. Raises Invalid naming every field that cannot be accepted."""
    now = utc_now()
    fields = _checked(name=name, description=description)
    case = Case(**fields, created_at=now, updated_at=now)
    case.searched = _searched(case)
    session.add(case)
    session.flush()
    return case


def get_case(session: Session, case_id: str) -> Case:
    """The case with this id. Raises NotFound."""
    return _found(session.get(Case, case_id) if _is_plain(case_id) else None)


def lock_case(session: Session, case_id: str) -> Case:
    """The case, read anew and locked until the session ends, for a change. Raises NotFound."""
    if not _is_plain(case_id):
        raise NotFound("case with this id")
    query = select(Case).where(Case.id == case_id).with_for_update()
    return _found(session.scalar(query.execution_options(populate_existing=True)))


def list_cases(
    session: Session,
    *,
    search: str = "",
    archived: bool = False,
    limit: int = 20,
    offset: int = 0,
) -> Page[Case]:
    """Cases in use (or archived ones), last changed first, whose words hold the search's words."""
    query = select(Case).where(
        Case.archived_at.is_not(None) if archived else Case.archived_at.is_(None)
    )
    for word in tidy(search)[:LONGEST_SEARCH].replace("\0", " ").split():
        query = query.where(Case.searched.contains(word.casefold(), autoescape=True))
    return page_of(session, query, (Case.updated_at.desc(), Case.id), limit, offset)


def update_case(
    session: Session,
    case_id: str,
    *,
    name: str | None = None,
    description: str | None = None,
    expected_version: int | None = None,
) -> Case:
    """Change a case's name or description; None leaves it as it is.

    Raises NotFound, Invalid, or Stale where the case is not at the expected version any more.
    """
    case = lock_case(session, case_id)
    expect_version(case, expected_version)
    given = {"name": name, "description": description}
    fields = _checked(**{key: value for key, value in given.items() if value is not None})
    changed = {key: value for key, value in fields.items() if getattr(case, key) != value}
    for key, value in changed.items():
        setattr(case, key, value)
    if changed:
        case.searched = _searched(case)
        touch(session, case)
    return case


def archive_case(session: Session, case_id: str, *, expected_version: int | None = None) -> Case:
    """Put a case away; it can still be read and restored. Raises NotFound or Stale."""
    return _set_archived(session, case_id, True, expected_version)


def restore_case(session: Session, case_id: str, *, expected_version: int | None = None) -> Case:
    """Bring an archived case back. Raises NotFound or Stale."""
    return _set_archived(session, case_id, False, expected_version)


def expect_version(case: Case, expected: int | None) -> None:
    """Raise Stale where the case is not at the expected version; None expects nothing."""
    if expected is not None and case.version != expected:
        raise Stale("The case was changed since you read it. Read it again, then repeat.")


def touch(session: Session, case: Case) -> None:
    """Note that the case or its facts changed."""
    case.version += 1
    case.updated_at = utc_now()
    session.flush()


def _set_archived(
    session: Session, case_id: str, archived: bool, expected_version: int | None
) -> Case:
    case = lock_case(session, case_id)
    expect_version(case, expected_version)
    if archived != (case.archived_at is not None):
        case.archived_at = utc_now() if archived else None
        touch(session, case)
    return case


def _searched(case: Case) -> str:
    return f"{case.name}\n{case.description}".casefold()


def _checked(**fields: str) -> dict[str, str]:
    tidied = {key: tidy(value) for key, value in fields.items()}
    problems = [
        Wrong(key, message) for key, value in tidied.items() if (message := _problem(key, value))
    ]
    if problems:
        raise Invalid(problems)
    return tidied


def _problem(field: str, value: str) -> str | None:
    if field == "name":
        return text_problem(value, LONGEST_NAME) if value else "must not be empty"
    return text_problem(value, LONGEST_DESCRIPTION, lines=True)


def _is_plain(case_id: str) -> bool:
    """Whether an id from outside can be one at all; the database is asked for no other."""
    return len(case_id) <= 32 and case_id.isascii() and case_id.isalnum()


def _found(case: Case | None) -> Case:
    if case is None:
        raise NotFound("case with this id")
    return case
