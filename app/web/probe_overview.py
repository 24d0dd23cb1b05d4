"""What the page of a finished measurement shows: its result, its facts, and what they changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app import probe_words
from app.advising import latest, what_changed
from app.measuring import conflicts_with_answers
from app.pooling import standing
from app.probe_facts import facts_of
from app.probe_starter import why_no_starter
from app.probes import finished
from app.storage import Probe, ProbeQuestion
from app.web.probe_view import read_result


def overview(session: Session, book: Rulebook, probe: Probe) -> dict[str, Any]:
    """The context of ``pages/probe.html``. Raises Conflict where there is no result."""
    result = finished(probe)
    return {
        **read_result(result),
        "numbers": _numbers(session, probe, set(_named(result))),
        "wording": probe_words.wording_words(result["wording"]),
        "starters": [name for name in result["retrievers"] if not why_no_starter(probe, name)],
        "standing": standing(session, book, probe.case_id, probe.id),
        "probe_words": probe_words,
        **_advice(session, book, probe),
    }


def _named(result: Mapping[str, Any]) -> Iterator[str]:
    """Ids of the questions that reasons give as examples."""
    for found in result["misses"].values():
        for reason in found["reasons"].values():
            for entry in (reason, *reason.get("signs", {}).values()):
                yield from (row["question"] for row in entry["examples"])


def _numbers(session: Session, probe: Probe, ids: set[str]) -> dict[str, int]:
    """Id of a question -> its number, by which its page is found."""
    wanted = select(ProbeQuestion.question_id, ProbeQuestion.number).where(
        ProbeQuestion.probe_id == probe.id, ProbeQuestion.question_id.in_(sorted(ids))
    )
    return dict(session.execute(wanted).all())


def _advice(session: Session, book: Rulebook, probe: Probe) -> dict[str, Any]:
    """The facts, what the advice became through them, and what answers say otherwise."""
    record = latest(session, probe.case_id)
    since = record and probe.applied_at and record.created_at >= probe.applied_at
    facts = facts_of(session, book, probe.case_id, probe.id)
    conflicts = conflicts_with_answers(session, probe.case_id)
    return {
        "facts": facts,
        "advised": record,
        "change": what_changed(session, book, record) if record and since else None,
        "conflicts": [item for item in conflicts if item.fact in probe.applied],
    }
