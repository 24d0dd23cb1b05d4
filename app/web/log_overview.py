"""What the page of a log shows once it was read: shares, kinds, curve, facts, what was left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from advisor_rules import FactValue
from advisor_rules.rulebook import Rulebook
from app import drawing, log_words
from app.advising import Difference, latest, what_changed
from app.drawing.over_time import period_words
from app.drawing.saturation import saturation_words
from app.errors import Conflict
from app.judging import by_rules_and_people
from app.labelling import agreements
from app.logs import skipped_rows
from app.measuring import FactConflict, conflicts_with_answers, summary_of
from app.storage import AdviceRecord, Case, FailureLog
from evidence.case_facts import measured_facts

SKIPPED_SHOWN = 10
CANNOT_SEE = (
    "Whether an answer is true, where the record carries neither reference nor context nor note.",
    "Failures that nobody logged: the shares are of this log, not of all traffic.",
    "Why a retriever missed a passage; measure retrieval on the team's own questions for that.",
    "What a signal cannot see is said at each signal, below and on the page of each record.",
)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A class or a kind of failure with its share, drawn."""

    id: str
    title: str
    words: str
    kind: str
    count: int
    range: str
    picture: Markup
    remedy: str = ""


def overview(
    session: Session, book: Rulebook, case: Case, log: FailureLog, skipped_from: int
) -> dict[str, Any]:
    """The context of ``pages/log.html``."""
    summary = _summary(session, book, case, log)
    shown: dict[str, Any] = {
        "summary": summary,
        "skipped": skipped_rows(session, case.id, log.id, SKIPPED_SHOWN, skipped_from),
        "agreements": agreements(session, case.id, log.id),
        "cannot_see": CANNOT_SEE,
        "sides": [],
    }
    if summary is None or not summary["records"]:
        return shown
    facts = measured_facts(by_rules_and_people(summary, book), book, log.name)
    return shown | _drawn(summary) | _advice(session, book, case, log, facts)


def _summary(
    session: Session, book: Rulebook, case: Case, log: FailureLog
) -> dict[str, Any] | None:
    """What the log says by now; None where nothing of it was read."""
    try:
        return summary_of(session, book, case.id, log.id)
    except Conflict:
        return None


def _drawn(summary: dict[str, Any]) -> dict[str, Any]:
    failing = summary["failing"]
    sides = [
        _row(side, f"A matter of {log_words.SIDE_WORDS[side]}", side, failing[side], f"side-{side}")
        for side in log_words.SIDE_WORDS
    ]
    classes = [
        _row(item["id"], item["title"], item["id"], item, f"class-{item['id']}", item["words"])
        for item in log_words.class_rows(summary)
    ]
    kinds = [
        _row(name, item["title"], item["class"], item, f"kind-{name}", remedy=item["remedy"])
        for name, item in summary["subtypes"].items()
    ]
    periods = summary["over_time"]
    return {
        "headline": log_words.headline(summary),
        "needed": log_words.needed_words(summary),
        "sides": sides,
        "classes": classes,
        "kinds": kinds,
        "curve": drawing.saturation(summary["saturation"]),
        "curve_words": saturation_words(summary["saturation"]),
        "periods": periods,
        "period_length": period_words(periods[0]["days"]) if periods else "",
        "over_time": drawing.over_time(periods) if len(periods) > 1 else None,
        "coverage": summary["coverage"],
        "measured_any": sum(1 for item in summary["coverage"].values() if item["measured"]),
    }


def _row(
    name: str,
    title: str,
    kind: str,
    found: dict[str, Any],
    picture: str,
    words: str = "",
    remedy: str = "",
) -> Drawn:
    return Drawn(
        id=name,
        title=title,
        words=words,
        kind=kind,
        count=found["count"],
        range=log_words.range_words(found),
        picture=drawing.interval(found, picture, title, kind),
        remedy=remedy,
    )


def _advice(
    session: Session, book: Rulebook, case: Case, log: FailureLog, facts: dict[str, FactValue]
) -> dict[str, Any]:
    """What was written to the case, what the advice became, and what answers say otherwise."""
    record = latest(session, case.id)
    since = record if record and log.applied_at and record.created_at >= log.applied_at else None
    return {
        "facts": facts,
        "advised": record,
        "change": _change(session, book, since),
        "conflicts": [
            item for item in conflicts_with_answers(session, case.id) if _from(item, log)
        ],
    }


def _change(session: Session, book: Rulebook, record: AdviceRecord | None) -> Difference | None:
    return what_changed(session, book, record) if record else None


def _from(conflict: FactConflict, log: FailureLog) -> bool:
    """Whether the measured side of a conflict comes from this log."""
    return repr(log.name) in conflict.measured.evidence
