"""Measurements of retrieval: the list, one while it runs, and what it found."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app import probe_words, urls, words
from app.cases import get_case
from app.documents import totals
from app.errors import Conflict
from app.probe_facts import apply_probe
from app.probe_starter import FILE_NAME, starter_pieces
from app.probes import (
    cancel_probe,
    delete_probe,
    get_probe,
    list_probes,
    progress_of,
    retry_probe,
)
from app.services import Book, Kit, Reading, Writing
from app.storage import Probe
from app.urls import to
from app.web.csrf import Posted
from app.web.probe_overview import overview
from app.web.templating import page, whole

router = APIRouter()
PAGE_SIZE = 20
DONE = {
    "deleted": "Deleted.",
    "applied": "The facts of the case are up to date with this measurement.",
}
STATES = {
    "queued": "Waiting for its turn",
    "running": "Being measured",
    "done": "Measured",
    "failed": "Stopped by an error",
    "cancelled": "Stopped before the end",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A measurement in the list: its verdict and on what it rests, in words."""

    probe: Probe
    state: str
    headline: str
    about: str


@router.get(urls.PROBES)
def show_probes(request: Request, case_id: str, session: Reading) -> Response:
    """The measurements of a case, or how one comes to the first."""
    asked = request.query_params
    probes = list_probes(session, case_id, PAGE_SIZE, whole(asked.get("offset")))
    lines = [_line(probe) for probe in probes.items]

    def link(offset: int) -> str:
        return to(urls.PROBES, {"offset": offset or None}, case_id=case_id)

    return page(
        request,
        "pages/probes.html",
        case=get_case(session, case_id),
        probes=replace(probes, items=lines),  # type: ignore[arg-type]  # lines for probes
        documents=totals(session, case_id).files,
        page_link=link,
        done=DONE.get(asked.get("done", ""), ""),
    )


@router.get(urls.PROBE)
def show_probe(
    request: Request, case_id: str, probe_id: str, session: Reading, book: Book
) -> Response:
    """One measurement: how far it is, why it failed, or what it found."""
    case, probe = get_case(session, case_id), get_probe(session, case_id, probe_id)
    done = DONE.get(request.query_params.get("done", ""), "")
    context: dict[str, Any] = {"case": case, "probe": probe, "problems": probe.problems}
    context["done"] = done
    if probe.state != "done":
        progress = progress_of(session, probe)
        return page(request, "pages/probe_running.html", progress=progress, **context)
    return page(request, "pages/probe.html", **context, **overview(session, book, probe))


@router.get(urls.PROBE_PROGRESS)
def show_progress(request: Request, case_id: str, probe_id: str, session: Reading) -> Response:
    """How far it is, for the page that watches it; that reloads when it is over."""
    case, probe = get_case(session, case_id), get_probe(session, case_id, probe_id)
    if probe.state not in ("queued", "running"):
        return Response(status_code=204, headers={"HX-Refresh": "true"})
    progress = progress_of(session, probe)
    return page(request, "partials/probe_progress.html", case=case, probe=probe, progress=progress)


@router.get(urls.PROBE_STARTER)
def starter(request: Request, case_id: str, probe_id: str, session: Reading, kit: Kit) -> Response:
    """A retriever of this measurement as a small project, in one zip."""
    name = request.query_params.get("retriever", "")
    pieces = starter_pieces(session, kit.settings, case_id, probe_id, name)
    headers = {
        "content-disposition": f'attachment; filename="{FILE_NAME}"',
        "cache-control": "no-store",
    }
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.post(urls.PROBE_CANCEL)
def cancel(case_id: str, probe_id: str, form: Posted, session: Writing) -> Response:
    """Stop the measurement."""
    with suppress(Conflict):  # it ended in the meantime, and its page says so
        cancel_probe(session, case_id, probe_id)
    return _to_probe(case_id, probe_id)


@router.post(urls.PROBE_AGAIN)
def again(case_id: str, probe_id: str, form: Posted, session: Writing) -> Response:
    """Begin a failed or stopped measurement again."""
    with suppress(Conflict):  # somebody did so already, and its page says how far it is
        retry_probe(session, case_id, probe_id)
    return _to_probe(case_id, probe_id)


@router.post(urls.PROBE_APPLY)
def apply(case_id: str, probe_id: str, form: Posted, session: Writing, book: Book) -> Response:
    """Write what was measured to the case."""
    apply_probe(session, book, case_id, probe_id)
    return _to_probe(case_id, probe_id, "applied")


@router.post(urls.PROBE_DELETE)
def delete(case_id: str, probe_id: str, form: Posted, session: Writing) -> Response:
    """Take a measurement away for good."""
    delete_probe(session, case_id, probe_id)
    return RedirectResponse(to(urls.PROBES, {"done": "deleted"}, case_id=case_id), 303)


def _to_probe(case_id: str, probe_id: str, done: str = "") -> Response:
    return RedirectResponse(to(urls.PROBE, {"done": done}, case_id=case_id, probe_id=probe_id), 303)


def _line(probe: Probe) -> Line:
    asked = words.counted(probe.questions, "question")
    headline, about = f"Measurement with {asked}", probe.name
    if probe.state == "failed":
        about = probe.error
    if probe.state == "done" and probe.result:
        headline = probe_words.headline(probe.result["verdict"], len(probe.result["retrievers"]))
        found = probe_words.measured_words(probe.result)
        about = f"{probe.name}: {found}" if probe.name else found
    return Line(probe, STATES.get(probe.state, probe.state), headline, about)
