"""Documents of a case: uploaded several at a time, listed with what could not be read, removed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from urllib.parse import unquote

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import urls
from app.cases import get_case
from app.documents import list_documents, problems_of, remove_document, totals
from app.errors import Invalid
from app.services import Kit, Reading, Services, Writing
from app.uploads import DOCUMENTS, receive_file
from app.urls import to
from app.web.csrf import Posted, PostedFiles
from app.web.templating import page, whole

router = APIRouter()
PAGE_SIZE = 50
PIECE = 1 << 20
"""Bytes of an upload that are handed on at once."""
RAW = "application/octet-stream"
NOTHING = "choose at least one file first"
DONE = {"added": "Added.", "removed": "Removed."}
STATES = {"uploading": "Upload not complete", "ready": "There"}
KINDS = (
    ("Text, Markdown", "The file; headings of Markdown divide it into passages."),
    ("HTML", "The page without menus, scripts and footers."),
    ("PDF, DOCX", "The text of the file. Scanned pages have none and are not read."),
    ("CSV, TSV", "Each row, with its columns id, title and text, or all of them."),
    ("JSON Lines, JSON", "Each object, with id, title and text."),
    ("Zip", "Every file in it, by its path."),
)


@router.get(urls.DOCUMENTS)
def show_documents(request: Request, case_id: str, session: Reading, kit: Kit) -> Response:
    """The files of a case, what could not be read of them, and the upload."""
    return _documents(request, session, kit, case_id)


@router.post(urls.DOCUMENTS)
async def upload(request: Request, case_id: str, form: PostedFiles, kit: Kit) -> Response:
    """Take in files from a form, or one as a bare body; one that is refused stops no other."""
    refused = await _received(request, kit, case_id, form)
    if refused:
        with kit.database.reading() as session:
            return _documents(request, session, kit, case_id, refused)
    return RedirectResponse(to(urls.DOCUMENTS, {"done": "added"}, case_id=case_id), 303)


@router.post(urls.DOCUMENT_DELETE)
def remove(case_id: str, document_id: str, form: Posted, session: Writing) -> Response:
    """Take a file away for good."""
    remove_document(session, case_id, document_id)
    return RedirectResponse(to(urls.DOCUMENTS, {"done": "removed"}, case_id=case_id), 303)


async def _received(
    request: Request, kit: Services, case_id: str, form: FormData
) -> list[tuple[str, str]]:
    """Keep what was sent; files that were refused, each with why."""
    if request.headers.get("content-type", "").startswith(RAW):
        name = unquote(request.query_params.get("name", "")) or "document"
        return await _kept(kit, case_id, name, request.stream())
    files = [file for file in form.getlist("file") if isinstance(file, UploadFile)]
    named = [(file.filename, file) for file in files if file.filename]
    refused = [] if named else [("", NOTHING)]
    for name, file in named:
        refused += await _kept(kit, case_id, name, _pieces(file))
    return refused


async def _kept(
    kit: Services, case_id: str, name: str, pieces: AsyncIterator[bytes]
) -> list[tuple[str, str]]:
    try:
        await receive_file(DOCUMENTS, kit.database, kit.settings, case_id, name, pieces)
    except Invalid as error:
        return [(name[:200], item.message) for item in error.problems]
    return []


async def _pieces(file: UploadFile) -> AsyncIterator[bytes]:
    while piece := await file.read(PIECE):
        yield piece


def _documents(
    request: Request,
    session: Session,
    kit: Services,
    case_id: str,
    refused: Sequence[tuple[str, str]] = (),
) -> Response:
    asked: Mapping[str, str] = request.query_params
    offset = whole(asked.get("offset"))
    documents = list_documents(session, case_id, PAGE_SIZE, offset)

    def link(offset: int) -> str:
        return to(urls.DOCUMENTS, {"offset": offset or None}, case_id=case_id)

    return page(
        request,
        "pages/documents.html",
        status=422 if refused else 200,
        case=get_case(session, case_id),
        documents=documents,
        totals=totals(session, case_id),
        unread=problems_of(session, case_id, documents.items),
        page_link=link,
        refused=refused,
        done=DONE.get(asked.get("done", ""), ""),
        states=STATES,
        kinds=KINDS,
        largest=kit.settings.max_document_bytes,
    )
