"""A new measurement of retrieval: questions, retrievers and settings, all on one page."""

from __future__ import annotations

from anyio.to_thread import run_sync
from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import log_words, probe_words, urls
from app.cases import get_case
from app.documents import totals
from app.errors import Invalid
from app.logs import list_logs
from app.probe_choices import SIZES, offers, own_search_lacks
from app.probes import NewProbe, create_probe
from app.services import Kit, Reading, Services
from app.storage import FailureLog, Probe
from app.urls import to
from app.web.csrf import PostedFiles
from app.web.probe_form import SOURCES, Typed, blank, problems_of, read_form, typed_in
from app.web.templating import page
from evidence.retrieval.passages import OVERLAP, SIZE

router = APIRouter()
MOST_LOGS = 100
"""Logs that the page offers, the newest first."""


@router.get(urls.NEW_PROBE)
def show_form(request: Request, case_id: str, session: Reading) -> Response:
    """The form; ``log`` in the address chooses a log, ``source`` where questions come from."""
    logs = _logs(session, case_id)
    asked = request.query_params
    source = asked.get("source", "log" if logs else "typed")
    typed = blank(source if source in SOURCES else "typed")
    chosen = asked.get("log", "")
    log = next((log.id for log in logs if log.id == chosen), logs[0].id if logs else "")
    typed = Typed({**typed.texts, "log_id": log}, typed.labels, typed.retrievers)
    return _form(request, session, case_id, typed)


@router.post(urls.NEW_PROBE)
async def create(request: Request, case_id: str, form: PostedFiles, kit: Kit) -> Response:
    """Begin to measure; or the form as it was typed, with what is wrong."""
    typed = typed_in(form)
    try:
        new = await read_form(form, typed)
        probe = await run_sync(_create, kit, case_id, new)
    except Invalid as error:
        return await run_sync(_refused, request, kit, case_id, typed, error)
    return RedirectResponse(to(urls.PROBE, case_id=case_id, probe_id=probe.id), 303)


def _create(kit: Services, case_id: str, new: NewProbe) -> Probe:
    with kit.database.writing() as session:
        return create_probe(session, case_id, new)


def _refused(
    request: Request, kit: Services, case_id: str, typed: Typed, error: Invalid
) -> Response:
    with kit.database.reading() as session:
        return _form(request, session, case_id, typed, error)


def _logs(session: Session, case_id: str) -> list[FailureLog]:
    logs = list_logs(session, case_id, limit=MOST_LOGS).items
    return [log for log in logs if log.state == "done" and log.records]


def _form(
    request: Request, session: Session, case_id: str, typed: Typed, error: Invalid | None = None
) -> Response:
    problems = problems_of(error)
    return page(
        request,
        "pages/probe_new.html",
        status=422 if error else 200,
        case=get_case(session, case_id),
        totals=totals(session, case_id),
        logs=_logs(session, case_id),
        typed=typed,
        problems=problems,
        wrong={anchor: message for anchor, _, message in problems},
        classes=log_words.CLASS_NAMES,
        class_words=log_words.CLASS_WORDS,
        offers=offers(),
        probe_words=probe_words,
        search_lacks=own_search_lacks(),
        sizes=SIZES,
        usual_size=SIZE,
        usual_overlap=OVERLAP,
    )
