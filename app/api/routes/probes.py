"""Probes of retrieval: made, watched, stopped, and what they found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from sqlalchemy.orm import Session
from starlette.responses import Response, StreamingResponse

from app import probe_facts, probe_found, probes, urls
from app.api.bodies import CaseId, JsonRoute, Limit, Offset
from app.api.log_shapes import AppliedOut, GoneOut
from app.api.probe_bodies import (
    ByRetriever,
    NewProbeIn,
    PassageId,
    ProbeId,
    QuestionNumber,
    QuestionsAsked,
)
from app.api.probe_shapes import (
    OfferOut,
    PassageViewOut,
    ProbeOut,
    ProbeRowOut,
    QuestionDetailOut,
    QuestionOut,
)
from app.api.replies import Reply, read, read_page, version_tag
from app.api.shapes import PageOut
from app.api.writes import Writes, WritesNew
from app.cases import expect_version, get_case, lock_case
from app.measuring import conflicts_with_answers
from app.probe_choices import offers
from app.probe_starter import FILE_NAME, starter_pieces
from app.services import Book, Kit, Reading
from app.storage import Probe

router = APIRouter(tags=["retrieval"], route_class=JsonRoute)
ZIP = "application/zip"
ZIPPED = {"content": {ZIP: {"schema": {"type": "string", "format": "binary"}}}}


@router.get(urls.API_RETRIEVERS, summary="Retrievers", response_model=list[OfferOut])
def retrievers(request: Request) -> Response:
    """The retrievers that can be measured here, and what to do where one cannot."""
    return read(request, [OfferOut.of(offer).model_dump() for offer in offers()])


@router.get(urls.API_PROBES, summary="Probes", response_model=PageOut[ProbeRowOut])
def list_probes(
    request: Request, session: Reading, case_id: CaseId, limit: Limit = 20, offset: Offset = 0
) -> Response:
    """The probes of a case, newest first."""
    page = probes.list_probes(session, case_id, limit, offset)
    return read_page(request, page, lambda probe: ProbeRowOut.row(session, probe).model_dump())


@router.post(urls.API_PROBES, summary="A new probe", status_code=202, response_model=ProbeOut)
def create(write: WritesNew, case_id: CaseId, new: NewProbeIn) -> Response:
    """Measure retrievers on the documents of the case; ask for the probe to watch it.

    Without judged relevance a passage that holds the reference answer counts as relevant, and all
    that rests on that is marked weak.
    """
    return write.once(
        new, lambda session: _reply(session, probes.create_probe(session, case_id, new.new()), 202)
    )


@router.get(urls.API_PROBE, summary="One probe", response_model=ProbeOut)
def one(request: Request, session: Reading, case_id: CaseId, probe_id: ProbeId) -> Response:
    """A probe, how far it is, and once it is done its result: ask again to watch it."""
    probe = probes.get_probe(session, case_id, probe_id)
    return read(request, ProbeOut.of(session, probe).model_dump())


@router.delete(urls.API_PROBE, summary="Delete a probe", response_model=GoneOut)
def remove(write: WritesNew, case_id: CaseId, probe_id: ProbeId) -> Response:
    """Take a probe away with all that it found; facts of the case stay."""

    def act(session: Session) -> Reply:
        probes.delete_probe(session, case_id, probe_id)
        return Reply({"id": probe_id, "deleted": True})

    return write.once(None, act)


@router.post(urls.API_PROBE_CANCEL, summary="Stop a probe", response_model=ProbeOut)
def cancel(write: WritesNew, case_id: CaseId, probe_id: ProbeId) -> Response:
    """Stop a probe that waits or runs."""
    return write.once(None, _change(case_id, probe_id, probes.cancel_probe))


@router.post(urls.API_PROBE_RETRY, summary="Begin a probe again", response_model=ProbeOut)
def retry(write: WritesNew, case_id: CaseId, probe_id: ProbeId) -> Response:
    """Begin a probe that failed or was stopped again."""
    return write.once(None, _change(case_id, probe_id, probes.retry_probe))


@router.post(urls.API_PROBE_APPLY, summary="Measured facts", response_model=AppliedOut)
def apply(write: Writes, book: Book, case_id: CaseId, probe_id: ProbeId) -> Response:
    """Write what a probe establishes to its case as measured facts, with evidence.

    That happens by itself when the probe ends; repeat it after judging.
    """

    def act(session: Session) -> Reply:
        expect_version(lock_case(session, case_id), write.expected)
        done = probe_facts.apply_probe(session, book, case_id, probe_id)
        case = get_case(session, case_id)
        conflicts = conflicts_with_answers(session, case_id)
        data = AppliedOut.of(done, conflicts, case.version).model_dump()
        return Reply(data, headers={"etag": version_tag(case)})

    return write.once(None, act)


@router.get(urls.API_PROBE_QUESTIONS, summary="Questions", response_model=PageOut[QuestionOut])
def list_questions(
    request: Request,
    session: Reading,
    case_id: CaseId,
    probe_id: ProbeId,
    asked: Annotated[QuestionsAsked, Query()],
) -> Response:
    """The questions of a probe with their rank in each retriever, filtered and sorted."""
    limit, offset = asked.limit, asked.offset
    page = probe_found.list_questions(session, case_id, probe_id, asked.query(), limit, offset)
    return read_page(request, page, lambda row: QuestionOut.of(row).model_dump())


@router.get(urls.API_PROBE_QUESTION, summary="One question", response_model=QuestionDetailOut)
def question(
    request: Request,
    session: Reading,
    case_id: CaseId,
    probe_id: ProbeId,
    number: QuestionNumber,
) -> Response:
    """A question with the first ten passages of every retriever."""
    found = probe_found.get_question(session, case_id, probe_id, number)
    return read(request, QuestionDetailOut.detail(found).model_dump())


@router.get(urls.API_PROBE_PASSAGE, summary="A passage", response_model=PassageViewOut)
def passage(
    request: Request,
    session: Reading,
    case_id: CaseId,
    probe_id: ProbeId,
    passage_id: PassageId,
) -> Response:
    """A passage at its place in its document, as far as the document was kept."""
    found = probe_found.get_passage(session, case_id, probe_id, passage_id)
    return read(request, PassageViewOut.view(found).model_dump())


@router.get(
    urls.API_PROBE_STARTER,
    summary="A retriever to begin with",
    response_class=StreamingResponse,
    responses={200: ZIPPED},
)
def starter(
    session: Reading, kit: Kit, case_id: CaseId, probe_id: ProbeId, retriever: ByRetriever = ""
) -> Response:
    """A zip with a small Python project: this retriever on these documents, with its tests."""
    pieces = starter_pieces(session, kit.settings, case_id, probe_id, retriever)
    headers = {"content-disposition": f'attachment; filename="{FILE_NAME}"'}
    return StreamingResponse(pieces, media_type=ZIP, headers=headers)


def _change(
    case_id: str, probe_id: str, change: Callable[[Session, str, str], Probe]
) -> Callable[[Session], Reply]:
    return lambda session: _reply(session, change(session, case_id, probe_id))


def _reply(session: Session, probe: Probe, status: int = 200) -> Reply:
    location = urls.to(urls.API_PROBE, case_id=probe.case_id, probe_id=probe.id)
    return Reply(ProbeOut.of(session, probe).model_dump(), status, {"location": location})
