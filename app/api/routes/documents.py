"""Documents of a case: sent whole or in parts, listed, removed."""

from __future__ import annotations

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import documents, urls
from app.api.bodies import CaseId, JsonRoute, Limit, Offset
from app.api.file_parts import arrived_headers, first_of
from app.api.log_bodies import FILE, ByDigest, ByName, ContentRange, UploadOffset
from app.api.log_shapes import GoneOut
from app.api.probe_bodies import DocumentId, NewDocument
from app.api.probe_shapes import DocumentArrivedOut, DocumentOut
from app.api.replies import Reply, read, read_page
from app.api.shapes import PageOut
from app.api.writes import WritesNew
from app.services import Kit, Reading, Services
from app.storage import DocumentFile
from app.uploads import DOCUMENTS, receive_file, receive_part

router = APIRouter(tags=["documents"], route_class=JsonRoute)


@router.get(urls.API_DOCUMENTS, summary="Documents", response_model=PageOut[DocumentOut])
def list_documents(
    request: Request, session: Reading, case_id: CaseId, limit: Limit = 20, offset: Offset = 0
) -> Response:
    """The files of documents of a case, newest first, each with what could not be read of it."""
    page = documents.list_documents(session, case_id, limit, offset)
    problems = documents.problems_of(session, case_id, page.items)
    return read_page(
        request, page, lambda item: DocumentOut.of(item, problems.get(item.id, [])).model_dump()
    )


@router.post(
    urls.API_DOCUMENTS, summary="A new document", status_code=201, response_model=DocumentOut
)
def create(write: WritesNew, kit: Kit, case_id: CaseId, new: NewDocument) -> Response:
    """Announce a file; its content is then sent to `content`, whole or in parts."""
    most = kit.settings.max_document_bytes

    def act(session: Session) -> Reply:
        document = documents.create_document(
            session, case_id, new.name, new.bytes, sha256=new.sha256, most_bytes=most
        )
        return Reply(_data(session, document), 201, {"location": _location(document)})

    return write.once(new, act)


@router.get(urls.API_DOCUMENT, summary="One document", response_model=DocumentOut)
def one(request: Request, session: Reading, case_id: CaseId, document_id: DocumentId) -> Response:
    """A file of documents and what could not be read of it."""
    document = documents.get_document(session, case_id, document_id)
    return read(request, _data(session, document))


@router.delete(urls.API_DOCUMENT, summary="Remove a document", response_model=GoneOut)
def remove(write: WritesNew, case_id: CaseId, document_id: DocumentId) -> Response:
    """Take a file away; probes that read it keep what they found."""

    def act(session: Session) -> Reply:
        documents.remove_document(session, case_id, document_id)
        return Reply({"id": document_id, "deleted": True})

    return write.once(None, act)


@router.get(
    urls.API_DOCUMENT_CONTENT, summary="What has arrived", response_model=DocumentArrivedOut
)
def arrived(session: Reading, case_id: CaseId, document_id: DocumentId) -> Response:
    """How many bytes of the file have arrived: go on from there. HEAD has it in Upload-Offset."""
    document = documents.get_document(session, case_id, document_id)
    data = {"received": document.received, "bytes": document.bytes, "state": document.state}
    headers = arrived_headers(document) | {"cache-control": "no-store"}
    return Reply(data, headers=headers).response()


@router.put(
    urls.API_DOCUMENT_CONTENT,
    summary="Send the file",
    response_model=DocumentOut,
    openapi_extra=FILE,
)
async def send(
    request: Request,
    kit: Kit,
    case_id: CaseId,
    document_id: DocumentId,
    part: ContentRange = None,
) -> Response:
    """Send the whole file, or with Content-Range the part that follows what has arrived.

    A part for another place is refused with 409, and Upload-Offset names the right one.
    """
    offset = None
    if part is not None:
        document = await run_sync(_document, kit, case_id, document_id)
        offset = first_of(part, document)
    return await _taken(request, kit, case_id, document_id, offset)


@router.patch(
    urls.API_DOCUMENT_CONTENT,
    summary="Send a part",
    response_model=DocumentOut,
    openapi_extra=FILE,
)
async def append(
    request: Request, kit: Kit, case_id: CaseId, document_id: DocumentId, offset: UploadOffset
) -> Response:
    """Send the part of the file that begins at Upload-Offset; like PUT with Content-Range."""
    return await _taken(request, kit, case_id, document_id, offset)


@router.post(
    urls.API_DOCUMENT_UPLOADS,
    summary="A document at once",
    status_code=201,
    response_model=DocumentOut,
    openapi_extra=FILE,
)
async def send_new(
    request: Request, kit: Kit, case_id: CaseId, name: ByName, sha256: ByDigest = ""
) -> Response:
    """Add the file that is the body; nothing is kept where that fails.

    Text, Markdown, HTML, PDF, DOCX, CSV and JSON Lines are read, and zips of these.
    """
    pieces = request.stream()
    document = await receive_file(
        DOCUMENTS, kit.database, kit.settings, case_id, name, pieces, sha256=sha256
    )
    return await run_sync(_shown, kit, document, 201)


async def _taken(
    request: Request, kit: Services, case_id: str, document_id: str, offset: int | None
) -> Response:
    document = await receive_part(
        DOCUMENTS, kit.database, kit.settings, case_id, document_id, offset, request.stream()
    )
    return await run_sync(_shown, kit, document, 200)


def _document(kit: Services, case_id: str, document_id: str) -> DocumentFile:
    with kit.database.reading() as session:
        return documents.get_document(session, case_id, document_id)


def _shown(kit: Services, document: DocumentFile, status: int) -> Response:
    with kit.database.reading() as session:
        data = _data(session, document)
    headers = arrived_headers(document) | {"location": _location(document)}
    return Reply(data, status, headers).response()


def _data(session: Session, document: DocumentFile) -> object:
    problems = documents.problems_of(session, document.case_id, [document])
    return DocumentOut.of(document, problems.get(document.id, [])).model_dump()


def _location(document: DocumentFile) -> str:
    return urls.to(urls.API_DOCUMENT, case_id=document.case_id, document_id=document.id)
