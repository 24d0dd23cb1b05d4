"""From the result of a probe to measured facts of its case, and the advice that follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from advisor_rules import FactValue
from advisor_rules.rulebook import Rulebook
from app.advising import advise_case, latest
from app.intake import measured_evidence, record_facts
from app.measuring import Applied
from app.probes import finished, get_probe, lock_probe
from app.storage import Probe, utc_now
from app.text import tidy
from evidence.retrieval.case_facts import measured_facts

DOCUMENTS = "documents of this case"


def facts_of(session: Session, book: Rulebook, case_id: str, probe_id: str) -> dict[str, FactValue]:
    """The facts that the result of a probe establishes. Raises NotFound or Conflict."""
    return _facts(get_probe(session, case_id, probe_id), book)


def apply_probe(session: Session, book: Rulebook, case_id: str, probe_id: str) -> Applied:
    """Write what a probe establishes to its case as measured facts, with the evidence.

    A fact that it established before and does not any more is taken back, unless something else
    measured it since. Where advice was given before, it is given anew. Raises NotFound, or Conflict
    where the probe is not done.
    """
    probe = lock_probe(session, case_id, probe_id)
    facts = _facts(probe, book)
    stale = _no_longer(session, probe, facts)
    changes = record_facts(session, book, case_id, facts, unmeasured=stale)
    probe.applied = {name: fact.evidence for name, fact in facts.items()}
    probe.applied_at = utc_now()
    advice = latest(session, case_id)
    if advice is not None and changes:
        advice = advise_case(session, book, case_id)
    session.flush()
    return Applied(tuple(changes), advice)


def _facts(probe: Probe, book: Rulebook) -> dict[str, FactValue]:
    result: Mapping[str, Any] = finished(probe)
    return measured_facts(result, book, probe.name or DOCUMENTS)


def _no_longer(session: Session, probe: Probe, facts: Mapping[str, FactValue]) -> list[str]:
    """Facts that hold because of this probe alone, and that it does not establish any more."""
    measured = measured_evidence(session, probe.case_id)
    return [
        name
        for name, evidence in probe.applied.items()
        if name not in facts and measured.get(name) == tidy(evidence)
    ]
