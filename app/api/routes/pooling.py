"""Judging what a probe found: the first ten of all retrievers, shuffled, source hidden."""

from __future__ import annotations

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import pooling, urls
from app.api.bodies import CaseId, JsonRoute
from app.api.log_bodies import AnnotatorIn
from app.api.probe_bodies import JudgementIn, ProbeId, QuestionNumber
from app.api.probe_shapes import JudgementOut, JudgementUndoneOut, NextToJudgeOut, StandingOut
from app.api.replies import Reply, read
from app.api.writes import WritesNew
from app.services import Book, Reading

router = APIRouter(tags=["retrieval"], route_class=JsonRoute)


@router.get(urls.API_PROBE_JUDGING, summary="How far the judging is", response_model=StandingOut)
def standing(
    request: Request, session: Reading, book: Book, case_id: CaseId, probe_id: ProbeId
) -> Response:
    """How many questions are judged, and how many more it takes to decide."""
    found = pooling.standing(session, book, case_id, probe_id)
    return read(request, StandingOut.of(found).model_dump())


@router.get(urls.API_PROBE_NEXT, summary="What to judge next", response_model=NextToJudgeOut)
def next_to_judge(
    request: Request, session: Reading, case_id: CaseId, probe_id: ProbeId
) -> Response:
    """The next passage, of questions in random order; who found it is not told."""
    found = pooling.next_to_judge(session, case_id, probe_id)
    return read(request, NextToJudgeOut.shown(found).model_dump())


@router.post(
    urls.API_PROBE_JUDGEMENTS,
    summary="Judge a passage",
    status_code=201,
    response_model=JudgementOut,
)
def judge(
    write: WritesNew,
    book: Book,
    case_id: CaseId,
    probe_id: ProbeId,
    number: QuestionNumber,
    said: JudgementIn,
) -> Response:
    """Say how well a passage answers a question.

    Once all that was found for a question is judged, the result of the probe is made anew from it,
    without searching again.
    """
    judgement = pooling.Judgement(**said.model_dump())

    def act(session: Session) -> Reply:
        entry = pooling.judge(session, book, case_id, probe_id, number, judgement)
        return Reply(JudgementOut.of(entry).model_dump(), 201)

    return write.once(said, act)


@router.post(urls.API_PROBE_UNDO, summary="Undo a judgement", response_model=JudgementUndoneOut)
def undo(
    write: WritesNew, book: Book, case_id: CaseId, probe_id: ProbeId, who: AnnotatorIn
) -> Response:
    """Take back what somebody said last in this probe; again: what was said before that."""

    def act(session: Session) -> Reply:
        entry = pooling.undo(session, book, case_id, probe_id, who.annotator)
        return Reply({"undone": JudgementOut.of(entry).model_dump() if entry else None})

    return write.once(who, act)
