"""Documents of a case: files that are added, listed and removed; probes read them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.cases import get_case
from app.errors import NotFound
from app.logs import ID, checked_file
from app.paging import Page, page_of
from app.settings import Settings
from app.storage import DocumentFile, Probe
from evidence.retrieval.finding import not_read

NAMELESS = "document"
ENDING = re.compile(r"\.[a-z0-9]{1,10}$")
"""What is kept of a name: the ending says how a file is read."""


@dataclass(frozen=True, slots=True)
class Totals:
    """What all documents of a case come to."""

    files: int
    """Those that are there whole."""
    bytes: int


def create_document(
    session: Session,
    case_id: str,
    name: str,
    size: int | None,
    *,
    sha256: str = "",
    most_bytes: int,
) -> DocumentFile:
    """A new file of documents, ``uploading``: its content is still to come (``app.uploads``).

    ``size`` is in bytes, None where it is not known yet; ``sha256`` (64 hexadecimal digits) is
    compared when the whole file is there. Raises NotFound, or Invalid naming every wrong field.
    """
    get_case(session, case_id)
    shown, sha256 = checked_file(name, size, sha256, most_bytes, NAMELESS)
    document = DocumentFile(case_id=case_id, name=shown, bytes=size, sha256=sha256)
    session.add(document)
    session.flush()
    return document


def get_document(session: Session, case_id: str, document_id: str) -> DocumentFile:
    """A file of documents of a case. Raises NotFound."""
    get_case(session, case_id)
    found = session.get(DocumentFile, document_id) if ID.fullmatch(document_id) else None
    return _of_case(found, case_id)


def lock_document(session: Session, case_id: str, document_id: str) -> DocumentFile:
    """The file, read anew and locked until the session ends, for a change. Raises NotFound."""
    get_case(session, case_id)
    query = select(DocumentFile).where(DocumentFile.id == document_id).with_for_update()
    known = ID.fullmatch(document_id) is not None
    found = session.scalar(query.execution_options(populate_existing=True)) if known else None
    return _of_case(found, case_id)


def list_documents(
    session: Session, case_id: str, limit: int = 20, offset: int = 0
) -> Page[DocumentFile]:
    """The files of documents of a case, newest first. Raises NotFound."""
    get_case(session, case_id)
    order = (DocumentFile.created_at.desc(), DocumentFile.id)
    query = select(DocumentFile).where(
        DocumentFile.case_id == case_id, DocumentFile.state != "deleting"
    )
    return page_of(session, query, order, limit, offset)


def totals(session: Session, case_id: str) -> Totals:
    """How many files of documents a case has, and their bytes."""
    wanted = select(func.count(), func.sum(DocumentFile.bytes)).where(*_ready(case_id))
    files, size = session.execute(wanted).one()
    return Totals(files or 0, int(size or 0))


def ready_documents(session: Session, case_id: str) -> list[DocumentFile]:
    """All files of a case that are there whole, in the order in which they were added."""
    order = (DocumentFile.created_at, DocumentFile.id)
    return list(session.scalars(select(DocumentFile).where(*_ready(case_id)).order_by(*order)))


def problems_of(
    session: Session, case_id: str, documents: Sequence[DocumentFile]
) -> dict[str, list[str]]:
    """Id of a file -> what could not be read of it, in words; files without a problem lack.

    What shows at once is known from the upload on, the rest from the newest probe that read it.
    """
    wanted = select(Probe.problems).where(
        Probe.case_id == case_id, Probe.state.in_(("done", "failed"))
    )
    newest = session.scalar(wanted.order_by(Probe.queued_at.desc(), Probe.id).limit(1)) or []
    found: dict[str, list[str]] = {}
    for document in documents:
        words = [document.problem] if document.problem else []
        words += [_words(item, document.name) for item in newest if _about(item, document)]
        if words:
            found[document.id] = list(dict.fromkeys(words))
    return found


def remove_document(session: Session, case_id: str, document_id: str) -> None:
    """Take a file away; probes keep what they found in it.

    It is gone from every list at once; a background thread clears it away. Raises NotFound.
    """
    lock_document(session, case_id, document_id).state = "deleting"
    session.flush()


def file_of_document(settings: Settings, document: DocumentFile) -> Path:
    """Where the content of a file is: below the data folder, named by ids alone."""
    ending = ENDING.search(document.name.lower())
    folder = settings.folder / "documents" / document.case_id
    return folder / f"{document.id}{ending[0] if ending else ''}"


def look_at(settings: Settings, document: DocumentFile) -> None:
    """Note that a file has arrived whole, and what shows at once to be wrong with it."""
    path = file_of_document(settings, document)
    document.state, document.problem = "ready", not_read(path) or ""


def _ready(case_id: str) -> tuple[Any, ...]:
    return DocumentFile.case_id == case_id, DocumentFile.state == "ready"


def _about(problem: dict[str, Any], document: DocumentFile) -> bool:
    return bool(problem["document"] == document.id and problem["why"] != document.problem)


def _words(problem: dict[str, Any], name: str) -> str:
    inside = problem["source"].removeprefix(name).lstrip("/")
    place = ", ".join(filter(None, (inside, f"line {problem['line']}" if problem["line"] else "")))
    return f"{place}: {problem['why']}" if place else str(problem["why"])


def _of_case(document: DocumentFile | None, case_id: str) -> DocumentFile:
    if document is None or document.case_id != case_id or document.state == "deleting":
        raise NotFound("document with this id for this case")
    return document
