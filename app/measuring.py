"""From a diagnosed log to measured facts of its case, and what they contradict."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from advisor_rules import FactValue
from advisor_rules.model import FailureClass, Strength
from advisor_rules.rulebook import Rulebook
from app.advising import advise_case, latest
from app.errors import Conflict
from app.intake import FactChange, current_facts, record_facts
from app.logs import get_log, lock_log
from app.storage import AdviceRecord, FailureLog, HumanLabel, LogRecord, SkippedRow, utc_now
from evidence.case_facts import measured_facts
from evidence.diagnose import Diagnosed
from evidence.summary import Tally

MOST_SKIPPED = 100
"""Rows left out that a summary names one by one."""
AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Applied:
    """What a log changed: facts, and the advice where there was one before."""

    changes: tuple[FactChange, ...]
    advice: AdviceRecord | None
    """The newest advice of the case, given anew where facts changed; None where none was given."""


@dataclass(frozen=True, slots=True)
class FactConflict:
    """A measured fact that somebody answered otherwise; the measured one holds."""

    fact: str
    measured: FactValue
    answered: tuple[FactValue, ...]


def summary_of(session: Session, book: Rulebook, case_id: str, log_id: str) -> dict[str, Any]:
    """What a log says by now, people's labels included: ``evidence.summary`` and a little more.

    ``skipped`` names the first rows left out, ``skipped_rows`` counts them, ``seconds`` is how
    long the diagnosis took, ``labels_at`` the newest label that is counted. Raises NotFound, or
    Conflict where nothing is diagnosed yet.
    """
    log = get_log(session, case_id, log_id)
    if not log.position and log.state != "done":
        raise Conflict("Nothing of this log is diagnosed yet.")
    kept = log.summary
    if kept and log.state == "done" and kept["labels_at"] == _newest_label(session, log):
        return kept
    return summarised(session, book, log)


def summarised(session: Session, book: Rulebook, log: FailureLog) -> dict[str, Any]:
    """The summary of a log, counted anew."""
    ended = log.finished_at or utc_now()
    skipped = session.scalars(
        select(SkippedRow)
        .where(SkippedRow.log_id == log.id)
        .order_by(SkippedRow.line, SkippedRow.id)
        .limit(MOST_SKIPPED)
    )
    return {
        **_tally(session, log).summary(book),
        "rulebook": {"version": log.rulebook_version, "hash": log.rulebook_hash},
        "skipped": [{"line": row.line, "why": row.why} for row in skipped],
        "skipped_rows": log.skipped,
        "seconds": (ended - log.started_at).total_seconds() if log.started_at else None,
        "labels_at": _newest_label(session, log),
    }


def apply_to_case(session: Session, book: Rulebook, case_id: str, log_id: str) -> Applied:
    """Write what a log establishes to its case as measured facts, with the evidence.

    Where advice was given before, it is given anew. Raises NotFound, or Conflict where the log is
    not diagnosed whole.
    """
    log = lock_log(session, case_id, log_id)
    if log.state != "done":
        raise Conflict("Only a log that is diagnosed whole says something about its case.")
    log.summary = summary_of(session, book, case_id, log_id)
    facts = measured_facts(log.summary, book, log.name)
    changes = record_facts(session, book, case_id, facts)
    log.applied_at = utc_now()
    advice = latest(session, case_id)
    if advice is not None and changes:
        advice = advise_case(session, book, case_id)
    session.flush()
    return Applied(tuple(changes), advice)


def conflicts_with_answers(session: Session, case_id: str) -> list[FactConflict]:
    """Measured facts of a case that were answered otherwise. Raises NotFound."""
    found = []
    for name, state in current_facts(session, case_id).items():
        answered = tuple(other for other in state.others if other.origin == "answered")
        if state.value and state.value.origin == "measured" and answered:
            found.append(FactConflict(name, state.value, answered))
    return found


def _newest_label(session: Session, log: FailureLog) -> int:
    return session.scalar(select(func.max(HumanLabel.id)).where(HumanLabel.log_id == log.id)) or 0


def _tally(session: Session, log: FailureLog) -> Tally:
    """What counts of every record, in order; signals were counted when they were observed."""
    tally = Tally()
    tally.signals.update(log.seen)
    columns = (
        LogRecord.final_label,
        LogRecord.final_subtype,
        LogRecord.confidence,
        LogRecord.human_label.is_not(None),
        LogRecord.repeat_of.is_not(None),
        LogRecord.happened_at,
    )
    wanted = select(*columns).where(LogRecord.log_id == log.id).order_by(LogRecord.number)
    found = session.execute(wanted.execution_options(yield_per=AT_ONCE))
    for label, subtype, confidence, by_person, repeat, moment in found:
        item = _counted(label, subtype, confidence)
        day = moment.date() if moment else None
        tally.add(item, repeat=repeat, by_person=by_person, day=day)
    return tally


@lru_cache(maxsize=1_000)
def _counted(label: str, subtype: str, confidence: str) -> Diagnosed:
    """A record as a tally counts it: there are few kinds, and many records of each."""
    sure = cast(Strength, confidence)
    return Diagnosed("", cast(FailureClass, label), subtype, sure, (), ())
