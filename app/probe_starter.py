"""The starter of a probe: its retriever as a small project, made from what the probe kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from typing import IO

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.probe_questions import question_of
from app.probe_store import read_snapshot, snapshot_of
from app.probes import finished, get_probe
from app.settings import Settings
from app.storage import Probe, ProbeQuestion
from evidence.retrieval.shapes import Qrels, Question

FILE_NAME = "search-starter.zip"
PIECE = 1 << 16
GONE = "The passages of this probe are not there any more: measure again."


def why_no_starter(probe: Probe, retriever: str = "") -> str:
    """Why there is no starter for a retriever ('': the verdict's); '' where there is one."""
    from app.starter import KINDS, chosen

    result = finished(probe)
    name = retriever or chosen(result)
    if name not in result["retrievers"]:
        return f"{name[:80] or 'No retriever'} was not measured in this probe."
    if name not in KINDS:
        return f"There is no starter for {name[:80]}: there is one for {', '.join(KINDS)}."
    return ""


def write_starter(
    session: Session,
    settings: Settings,
    case_id: str,
    probe_id: str,
    file: IO[bytes],
    retriever: str = "",
) -> None:
    """Write the zip; ``retriever`` '' is the one to begin with by the verdict.

    Raises NotFound, or Conflict where there is no starter.
    """
    from app.starter import NoStarter, Starter, chosen, settings_of

    probe = get_probe(session, case_id, probe_id)
    if problem := why_no_starter(probe, retriever):
        raise Conflict(problem)
    result = finished(probe)
    name = retriever or chosen(result)
    path = snapshot_of(settings, probe)
    if not path.exists():
        raise Conflict(GONE)
    passages, documents = [], {}
    for passage, document in read_snapshot(path):
        passages.append(passage)
        documents[document.id] = document
    questions, qrels = _questions(session, probe)
    try:
        made = settings_of(result, name)
        Starter(name, passages, questions, qrels, made, list(documents.values())).write(file)
    except NoStarter as error:
        raise Conflict(f"There is no starter: {error}.") from error


def starter_pieces(
    session: Session, settings: Settings, case_id: str, probe_id: str, retriever: str = ""
) -> Iterator[bytes]:
    """The zip in pieces, made before the first is given. Raises NotFound or Conflict."""
    with ExitStack() as stack:
        held = stack.enter_context(tempfile.TemporaryFile())
        write_starter(session, settings, case_id, probe_id, held, retriever)
        held.seek(0)
        stack.pop_all()  # it is closed when all of it was given
    return _pieces(held)


def _pieces(held: IO[bytes]) -> Iterator[bytes]:
    with held:
        while piece := held.read(PIECE):
            yield piece


def _questions(session: Session, probe: Probe) -> tuple[list[Question], Qrels]:
    wanted = select(ProbeQuestion).where(ProbeQuestion.probe_id == probe.id)
    rows = session.scalars(wanted.order_by(ProbeQuestion.number)).all()
    # by is filled in for what was measured alone
    qrels = {row.question_id: dict(row.relevant) for row in rows if row.by}
    return [question_of(row) for row in rows], qrels
