"""From the recommendation to the measurement of retrieval: where it helps, and what it said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from app import probe_words, urls
from app.probes import list_probes
from app.storage import Probe
from app.urls import to

PROBED = frozenset(
    {
        "answers_in_documents",
        "best_retriever",
        "context_ignored",
        "corpus_tokens",
        "passage_reaches_prompt",
        "question_wording",
        "retrieval_recall",
    }
)
"""Facts that a measurement of retrieval establishes (``evidence.retrieval.case_facts``)."""
RECENT = 20
"""Measurements among which the newest finished one is looked for."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A word on measuring retrieval, and where it leads."""

    title: str
    says: str
    label: str
    link: str


def pointer(session: Session, case_id: str, advice: Mapping[str, Any]) -> Pointer | None:
    """Where retrieval is advised, or its facts are open or measured: what was, or to measure it."""
    retrieves = str(advice["step"] or "").startswith("rag_")
    asked = {item["fact"] for item in advice["next_questions"]} & PROBED
    known = {name for name in PROBED if _origin(advice, name) == "measured"}
    probe = _newest(session, case_id) if retrieves or asked or known else None
    if probe is not None and probe.result is not None:
        return _measured(probe, probe.result)
    return _offer(case_id, retrieves) if retrieves or asked else None


def _origin(advice: Mapping[str, Any], fact: str) -> str:
    return str(advice["facts"].get(fact, {}).get("origin", ""))


def _offer(case_id: str, retrieves: bool) -> Pointer:
    link = to(urls.PROBES, case_id=case_id)
    if retrieves:
        says = (
            "Whether word search is enough on your documents, or search by meaning finds more, "
            "takes a minute to measure on your own questions."
        )
        return Pointer("Measure before you build", says, "Measure retrieval", link)
    says = (
        "Some of the open questions are about your documents and how they are searched: formfact "
        "can measure the answers on the documents themselves."
    )
    return Pointer("Measure instead of guessing", says, "Measure retrieval", link)


def _newest(session: Session, case_id: str) -> Probe | None:
    """The newest finished measurement that can tell, or else the newest."""
    found = [probe for probe in list_probes(session, case_id, RECENT).items if probe.result]
    sure = (probe for probe in found if (probe.result or {})["verdict"]["judge_more"] == 0)
    return next(sure, found[0] if found else None)


def _measured(probe: Probe, result: Mapping[str, Any]) -> Pointer:
    headline = probe_words.headline(result["verdict"], len(result["retrievers"]))
    weak = " Relevance is guessed so far: judge some questions to be sure."
    says = f"{headline}. {probe_words.measured_words(result)}."
    says += weak if result["verdict"]["weak"] else ""
    link = to(urls.PROBE, case_id=probe.case_id, probe_id=probe.id)
    return Pointer("Measured on your documents", says, "See the measurement", link)
