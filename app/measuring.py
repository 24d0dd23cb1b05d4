"""From a diagnosed log to measured facts of its case, and what they contradict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, String, cast, func, select
from sqlalchemy.orm import Session

from advisor_rules import FactValue
from advisor_rules.model import Strength
from advisor_rules.rulebook import Rulebook
from app.advising import advise_case, latest
from app.errors import Conflict
from app.intake import FactChange, current_facts, measured_evidence, record_facts
from app.judged_logs import judge_part
from app.judging import by_rules_and_people
from app.logs import get_log, lock_log
from app.storage import AdviceRecord, FailureLog, HumanLabel, LogRecord, SkippedRow, utc_now
from app.text import tidy
from evidence.case_facts import measured_facts
from evidence.diagnose import Diagnosed
from evidence.summary import FAILING, Tally

MOST_SKIPPED = 100
"""Rows left out that a summary names one by one."""


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
        "judge": judge_part(session, log),
    }


def apply_to_case(session: Session, book: Rulebook, case_id: str, log_id: str) -> Applied:
    """Write what a log establishes to its case as measured facts, with the evidence.

    A fact that it established before and does not any more is taken back, unless something else
    measured it since. Where advice was given before, it is given anew. Raises NotFound, or Conflict
    where the log is not diagnosed whole.
    """
    log = lock_log(session, case_id, log_id)
    if log.state != "done":
        raise Conflict("Only a log that is diagnosed whole says something about its case.")
    log.summary = summary_of(session, book, case_id, log_id)
    facts = measured_facts(by_rules_and_people(log.summary, book), book, log.name)
    stale = _no_longer(session, log, facts)
    changes = record_facts(session, book, case_id, facts, unmeasured=stale)
    log.applied = {name: fact.evidence for name, fact in facts.items()}
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


def _no_longer(session: Session, log: FailureLog, facts: Mapping[str, FactValue]) -> list[str]:
    """Facts that hold because of this log alone, and that it does not establish any more."""
    measured = measured_evidence(session, log.case_id)
    return [
        name
        for name, evidence in log.applied.items()
        if name not in facts and measured.get(name) == tidy(evidence)
    ]


def _newest_label(session: Session, log: FailureLog) -> int:
    return session.scalar(select(func.max(HumanLabel.id)).where(HumanLabel.log_id == log.id)) or 0


def _tally(session: Session, log: FailureLog) -> Tally:
    """What counts of every record; signals were counted when they were observed."""
    tally = Tally()
    tally.signals.update(log.seen)
    kinds = (
        LogRecord.final_label,
        LogRecord.final_subtype,
        LogRecord.sureness,
        LogRecord.human_label.is_not(None),
        LogRecord.repeat_of.is_not(None),
    )
    found = session.execute(_of(log, *kinds, func.count()).group_by(*kinds))
    for label, subtype, sureness, by_person, repeat, times in found:
        item = Diagnosed("", label, subtype, SURE[sureness], (), ())
        tally.add(item, repeat=repeat, by_person=by_person, times=times)
    tally.first_seen = _first_seen(session, log)
    tally.days = _days(session, log)
    return tally


SURE: tuple[Strength, ...] = ("weak", "weak", "moderate", "strong")
"""The confidence of each rank of sureness; what is uncertain counts as weak."""


def _of(log: FailureLog, *columns: Any) -> Select[Any]:
    return select(*columns).where(LogRecord.log_id == log.id)


def _first_seen(session: Session, log: FailureLog) -> dict[str, int]:
    """For each subtype of failing records, how many had failed when it came up first."""
    failing = (LogRecord.final_label.in_(FAILING), LogRecord.repeat_of.is_(None))
    subtype, number = LogRecord.final_subtype, LogRecord.number
    firsts: dict[str, int] = {}
    for names, first in session.execute(
        _of(log, subtype, func.min(number)).where(*failing).group_by(subtype)
    ):
        for name in filter(None, names.split("+")):
            firsts[name] = min(first, firsts.get(name, first))
    return {
        name: session.scalar(_of(log, func.count()).where(*failing, number <= first)) or 0
        for name, first in firsts.items()
    }


def _days(session: Session, log: FailureLog) -> dict[date, Counter[str]]:
    """How many records of each class there are from each day, by UTC."""
    moment = LogRecord.happened_at
    utc = moment if session.get_bind().dialect.name == "sqlite" else func.timezone("UTC", moment)
    day = cast(func.date(utc), String)
    wanted = _of(log, day, LogRecord.final_label, func.count()).where(
        moment.is_not(None), LogRecord.repeat_of.is_(None)
    )
    days: dict[date, Counter[str]] = {}
    for text, label, count in session.execute(wanted.group_by(day, LogRecord.final_label)):
        days.setdefault(date.fromisoformat(text), Counter())[label] += count
    return days
