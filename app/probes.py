"""Probes of a case: made, watched, stopped, tried again, taken away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.cases import get_case
from app.documents import ready_documents
from app.errors import Conflict, Invalid, NotFound, Wrong
from app.logs import ID
from app.paging import Page, page_of
from app.probe_choices import Chosen, checked
from app.probe_questions import Asking, read_asking, store_questions
from app.storage import Probe, ProbeState, utc_now
from app.text import text_problem, tidy

LONGEST_PROBE_NAME = 200
SECONDS_SURE = 3.0
"""How long a probe runs before its end is foretold."""
SHARE_SURE = 0.05
NO_DOCUMENTS = "the case has no documents yet: add some first"


@dataclass(frozen=True, slots=True)
class NewProbe:
    """What is to be measured, with which questions, and how."""

    asking: Asking
    chosen: Chosen = field(default_factory=Chosen)
    name: str = ""
    document_ids: tuple[str, ...] = ()
    """Files of documents; none: all that the case has."""


@dataclass(frozen=True, slots=True)
class ProbeProgress:
    """How far a probe is."""

    state: ProbeState
    stage: str
    """What is being done, in words; '' before it begins."""
    share: float | None
    """0 to 1 while it runs or is done; else None."""
    seconds: float | None
    """Since it began, or how long it took; None before."""
    seconds_left: float | None
    """None where that cannot be foretold."""
    waiting: int
    """Probes that come before this one in the queue."""


def create_probe(session: Session, case_id: str, new: NewProbe) -> Probe:
    """A new probe of the documents that the case has now; it waits for a process.

    Raises NotFound, or Invalid naming every field that cannot be accepted.
    """
    get_case(session, case_id)
    name = tidy(new.name)
    problems = (
        [Wrong("name", problem)] if (problem := text_problem(name, LONGEST_PROBE_NAME)) else []
    )
    documents = _documents(session, case_id, new.document_ids, problems)
    chosen = _taken(lambda: checked(new.chosen), problems)
    asked = _taken(lambda: read_asking(session, case_id, new.asking), problems)
    if problems or chosen is None or asked is None:
        raise Invalid(problems)
    probe = Probe(
        case_id=case_id,
        name=name,
        log_id=new.asking.log_id or None,
        document_ids=documents,
        qrels=asked.qrels,
        settings={
            "chosen": chosen.data(),
            "asked": {
                "origin": asked.origin,
                "labels": list(new.asking.labels),
                "problems": asked.problem_data(),
            },
        },
        problems=asked.problem_data(),
    )
    session.add(probe)
    session.flush()
    store_questions(session, probe, asked)
    session.flush()
    return probe


def get_probe(session: Session, case_id: str, probe_id: str) -> Probe:
    """A probe of a case. Raises NotFound."""
    get_case(session, case_id)
    found = session.get(Probe, probe_id) if ID.fullmatch(probe_id) else None
    return _of_case(found, case_id)


def lock_probe(session: Session, case_id: str, probe_id: str) -> Probe:
    """The probe, read anew and locked until the session ends, for a change. Raises NotFound."""
    get_case(session, case_id)
    query = select(Probe).where(Probe.id == probe_id).with_for_update()
    known = ID.fullmatch(probe_id) is not None
    found = session.scalar(query.execution_options(populate_existing=True)) if known else None
    return _of_case(found, case_id)


def list_probes(session: Session, case_id: str, limit: int = 20, offset: int = 0) -> Page[Probe]:
    """The probes of a case, newest first. Raises NotFound."""
    get_case(session, case_id)
    query = select(Probe).where(Probe.case_id == case_id, Probe.state != "deleting")
    return page_of(session, query, (Probe.created_at.desc(), Probe.id), limit, offset)


def chosen_of(probe: Probe) -> Chosen:
    """How a probe is made."""
    return Chosen.of(probe.settings["chosen"])


def asked_of(probe: Probe) -> dict[str, Any]:
    """Where its questions are from: ``origin`` (log, file, typed), ``labels``, ``problems``."""
    found: dict[str, Any] = probe.settings["asked"]
    return found


def progress_of(session: Session, probe: Probe, now: datetime | None = None) -> ProbeProgress:
    """How far a probe is."""
    seconds, share = _seconds(probe, now or utc_now()), _share(probe)
    return ProbeProgress(
        probe.state,
        probe.stage if probe.state == "running" else "",
        share,
        seconds,
        _seconds_left(probe, seconds, share),
        _waiting(session, probe),
    )


def finished(probe: Probe) -> dict[str, Any]:
    """What ``formfact probe --json`` prints of a probe, people's judgements included.

    Raises Conflict where it is not done.
    """
    if probe.state != "done" or probe.result is None:
        raise Conflict(f"There is no result: the probe {STATE_WORDS[probe.state]}.")
    return probe.result


def cancel_probe(session: Session, case_id: str, probe_id: str) -> Probe:
    """Stop a probe that waits or runs. Raises NotFound or Conflict."""
    probe = lock_probe(session, case_id, probe_id)
    if probe.state not in ("queued", "running"):
        raise Conflict(_no("stop it", probe))
    probe.state, probe.claim, probe.finished_at = "cancelled", "", utc_now()
    session.flush()
    return probe


def retry_probe(session: Session, case_id: str, probe_id: str) -> Probe:
    """Begin a failed or stopped probe again; vectors that were made are not made again.

    Raises NotFound or Conflict.
    """
    probe = lock_probe(session, case_id, probe_id)
    if probe.state not in ("failed", "cancelled"):
        raise Conflict(_no("try it again", probe))
    probe.state, probe.queued_at, probe.finished_at = "queued", utc_now(), None
    probe.tries, probe.error, probe.claim, probe.stage = 0, "", "", ""
    probe.position = probe.resumed_at = 0
    session.flush()
    return probe


def delete_probe(session: Session, case_id: str, probe_id: str) -> None:
    """Take a probe away with all that it found; facts of the case stay.

    It is gone from every list at once; a background thread clears it away. Raises NotFound.
    """
    probe = lock_probe(session, case_id, probe_id)
    probe.state, probe.claim = "deleting", ""
    session.flush()


STATE_WORDS: Mapping[ProbeState, str] = {
    "queued": "waits for its turn",
    "running": "is being made",
    "done": "is done",
    "failed": "could not be made",
    "cancelled": "was stopped",
    "deleting": "is being deleted",
}


def _no(what: str, probe: Probe) -> str:
    return f"You cannot {what} now: the probe {STATE_WORDS[probe.state]}."


def _of_case(probe: Probe | None, case_id: str) -> Probe:
    if probe is None or probe.case_id != case_id or probe.state == "deleting":
        raise NotFound("probe with this id for this case")
    return probe


def _taken(read: Any, problems: list[Wrong]) -> Any:
    """What can be read, or None with the problems that there are."""
    try:
        return read()
    except Invalid as error:
        problems += error.problems
        return None


def _documents(
    session: Session, case_id: str, wanted: Sequence[str], problems: list[Wrong]
) -> list[str]:
    """The ids of the files to be read, in the order in which they were added."""
    ready = [document.id for document in ready_documents(session, case_id)]
    unknown = [name for name in wanted if name not in ready]
    if unknown:
        words = f"there is no document {unknown[0][:40]!r} that has arrived whole"
        problems.append(Wrong("document_ids", words))
    elif not ready:
        problems.append(Wrong("documents", NO_DOCUMENTS))
    return [name for name in ready if not wanted or name in wanted]


# --- progress ---------------------------------------------------------------------------------


def _share(probe: Probe) -> float | None:
    if probe.state == "running" and probe.total:
        return min(1.0, probe.position / probe.total)
    return 1.0 if probe.state == "done" else None


def _seconds(probe: Probe, now: datetime) -> float | None:
    if probe.started_at is None or probe.state == "queued":
        return None
    return max(0.0, ((probe.finished_at or now) - probe.started_at).total_seconds())


def _seconds_left(probe: Probe, seconds: float | None, share: float | None) -> float | None:
    """As long as the rest takes at the speed so far."""
    if probe.state != "running" or not share or share < SHARE_SURE:
        return None
    return None if (seconds or 0) < SECONDS_SURE else (seconds or 0) * (1 - share) / share


def _waiting(session: Session, probe: Probe) -> int:
    if probe.state != "queued":
        return 0
    before = (Probe.state == "running") | (
        (Probe.state == "queued") & (Probe.queued_at < probe.queued_at)
    )
    return session.scalar(select(func.count()).select_from(Probe).where(before)) or 0
