"""Cases."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import cases, urls
from app.api.bodies import CaseChanges, CaseId, JsonRoute, Limit, NewCase, Offset, Search
from app.api.replies import Reply, read, read_page, version_tag
from app.api.shapes import CaseOut, PageOut
from app.api.writes import Writes, WritesNew
from app.services import Reading
from app.storage import Case

router = APIRouter(tags=["cases"], route_class=JsonRoute)


@router.get(urls.API_CASES, summary="Cases", response_model=PageOut[CaseOut])
def list_cases(
    request: Request,
    session: Reading,
    search: Search = "",
    archived: bool = False,
    limit: Limit = 20,
    offset: Offset = 0,
) -> Response:
    """Cases in use (or archived ones), last changed first."""
    page = cases.list_cases(session, search=search, archived=archived, limit=limit, offset=offset)
    return read_page(request, page, shown)


@router.post(urls.API_CASES, summary="A new case", status_code=201, response_model=CaseOut)
def create(write: WritesNew, new: NewCase) -> Response:
    """Create a case: one LLM application that a team wants to improve."""

    def act(session: Session) -> Reply:
        case = cases.create_case(session, new.name, new.description)
        return _reply(case, 201)

    return write.once(new, act)


@router.get(urls.API_CASE, summary="One case", response_model=CaseOut)
def one(request: Request, session: Reading, case_id: CaseId) -> Response:
    """The case with this id, archived or not."""
    case = cases.get_case(session, case_id)
    return read(request, shown(case), etag=version_tag(case))


@router.patch(urls.API_CASE, summary="Change a case", response_model=CaseOut)
def change(write: Writes, case_id: CaseId, changes: CaseChanges) -> Response:
    """Change name or description; what is left out stays."""

    def act(session: Session) -> Reply:
        case = cases.update_case(
            session,
            case_id,
            name=changes.name,
            description=changes.description,
            expected_version=write.expected,
        )
        return _reply(case)

    return write.once(changes, act)


@router.post(urls.API_ARCHIVE, summary="Archive a case", response_model=CaseOut)
def archive(write: Writes, case_id: CaseId) -> Response:
    """Put a case away; nothing is deleted."""

    def act(session: Session) -> Reply:
        return _reply(cases.archive_case(session, case_id, expected_version=write.expected))

    return write.once(None, act)


@router.post(urls.API_RESTORE, summary="Restore a case", response_model=CaseOut)
def restore(write: Writes, case_id: CaseId) -> Response:
    """Bring an archived case back."""

    def act(session: Session) -> Reply:
        return _reply(cases.restore_case(session, case_id, expected_version=write.expected))

    return write.once(None, act)


def shown(case: Case) -> dict[str, object]:
    """A case as data."""
    return CaseOut.model_validate(case).model_dump()


def _reply(case: Case, status: int = 200) -> Reply:
    location = urls.to(urls.API_CASE, case_id=case.id)
    return Reply(shown(case), status, {"etag": version_tag(case), "location": location})
