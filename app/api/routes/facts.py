"""The facts of a case: what holds, what was said, what to take back."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import intake, urls
from app.api.bodies import CaseId, FactsIn, JsonRoute, Limit, Offset
from app.api.replies import Reply, read, read_page, version_tag
from app.api.shapes import CaseFactsOut, ChangeOut, ChangesOut, EntryOut, PageOut, StateOut
from app.api.writes import Writes
from app.cases import expect_version, get_case, lock_case
from app.intake import FactChange
from app.services import Book, Reading

router = APIRouter(tags=["facts"], route_class=JsonRoute)


@router.get(urls.API_CASE_FACTS, summary="What holds", response_model=CaseFactsOut)
def current(request: Request, session: Reading, case_id: CaseId) -> Response:
    """Every fact that something is said of. Measured outranks answered outranks assumed."""
    case = get_case(session, case_id)
    states = intake.current_facts(session, case_id)
    facts = {name: StateOut.of(state).model_dump() for name, state in states.items()}
    return read(request, {"facts": facts, "version": case.version}, etag=version_tag(case))


@router.patch(urls.API_CASE_FACTS, summary="Say something", response_model=ChangesOut)
def record(write: Writes, book: Book, case_id: CaseId, said: FactsIn) -> Response:
    """Record what is known, all at once: stored whole or, if anything is wrong, not at all.

    Null says "I don't know"; ``withdraw`` takes back all that is said of a fact.
    """

    def act(session: Session) -> Reply:
        changes = intake.record_facts(
            session,
            book,
            case_id,
            said.facts,
            withdraw=said.withdraw,
            expected_version=write.expected,
        )
        return _reply(session, case_id, changes)

    return write.once(said, act)


@router.get(urls.API_FACT_HISTORY, summary="All that was said", response_model=PageOut[EntryOut])
def history(
    request: Request,
    session: Reading,
    case_id: CaseId,
    fact: str | None = None,
    limit: Limit = 20,
    offset: Offset = 0,
) -> Response:
    """Every statement about one fact or all, newest first; none is ever changed."""
    wanted = fact.replace("\0", "") if fact is not None else None
    page = intake.fact_history(session, case_id, wanted, limit, offset)
    return read_page(request, page, lambda entry: EntryOut.of(entry).model_dump())


@router.post(urls.API_UNDO, summary="Undo", response_model=ChangesOut)
def undo(write: Writes, case_id: CaseId) -> Response:
    """Take back what was last said at once; again: what was said before that."""

    def act(session: Session) -> Reply:
        expect_version(lock_case(session, case_id), write.expected)
        return _reply(session, case_id, intake.undo_last(session, case_id))

    return write.once(None, act)


def _reply(session: Session, case_id: str, changes: Sequence[FactChange]) -> Reply:
    case = get_case(session, case_id)
    data = {
        "changes": [ChangeOut.of(change).model_dump() for change in changes],
        "version": case.version,
    }
    return Reply(data, headers={"etag": version_tag(case)})
