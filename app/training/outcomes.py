"""What the verdict of a job says about its case: measured facts, and the advice that follows.

Written once for each job that succeeded, in one transaction with the mark that it was. The facts of
a case are those of the run that did best: a later one that helped less takes nothing back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from advisor_rules import FactValue, default_rulebook, load_rulebook
from advisor_rules.model import Value
from advisor_rules.rulebook import Rulebook
from app.advising import Difference, advise_case, difference, get_advice, latest
from app.intake import FactChange, known_values, record_facts
from app.settings import Settings
from app.storage import AdviceRecord, TrainJob, utc_now
from app.text import tidy
from app.training.gate import TRAINING
from app.training.jobs import lock_job
from app.words import fact_title, rule_title, value_words
from trainer.contract import Comparison, JobState, Verdict

Json = Mapping[str, Any]
DONE: tuple[JobState, ...] = ("succeeded", "succeeded_with_warnings")
GUARDS = ("regression", "safety")
"""Measures that must not get worse, as the verdict has them."""
LEVEL = 0.05
"""A difference counts where chance gives one as large less often than this (as the verdict)."""
BEFORE: dict[str, str] = {
    "helped": "helped",
    "did_not_help": "did_not_help",
    "harmed": "did_not_help",
}
"""Outcome of a verdict -> the fact ``finetuned_before``; where it cannot be told, nothing is."""
FACTS = ("finetuned_before", "tuned_gain", "tuned_regressions")
"""Facts that a verdict can establish; those of a case are all of one run."""
MOST_AT_ONCE = 20


def facts_of(verdict: Verdict, name: str, book: Rulebook) -> dict[str, FactValue]:
    """The facts that a verdict establishes, with numbers and intervals as their evidence.

    ``name`` says which run it was.
    """
    found: dict[str, tuple[Value, str]] = {}
    if verdict.outcome not in BEFORE:
        return {}
    found["finetuned_before"] = (BEFORE[verdict.outcome], f"{name}: {verdict.because}")
    for item in verdict.comparisons:
        if item.measure == "score":
            found["tuned_gain"] = (round(item.difference, 4), f"{name}: {_gain_words(item)}")
    if guards := [item for item in verdict.comparisons if item.measure in GUARDS and item.n]:
        words = "; ".join(_guard_words(item) for item in guards)
        found["tuned_regressions"] = (any(map(_is_worse, guards)), f"{name}: {words}")
    return {
        fact: FactValue(value, "measured", evidence)
        for fact, (value, evidence) in found.items()
        if fact in book.facts
    }


def _gain_words(item: Comparison) -> str:
    low, high = 100 * item.low, 100 * item.high
    return (
        f"{item.base:.1%} right before and {item.tuned:.1%} after, of {item.n:,} held-out items; "
        f"{100 * item.difference:+.1f} points, 95% interval {low:+.1f} to {high:+.1f}"
    )


def _guard_words(item: Comparison) -> str:
    low, high = 100 * item.low, 100 * item.high
    return (
        f"{item.measure} items {item.base:.1%} before and {item.tuned:.1%} after, of {item.n:,} "
        f"(95% interval of the difference {low:+.1f} to {high:+.1f} points)"
    )


def _is_worse(item: Comparison) -> bool:
    return item.high < 0 and (item.p is None or item.p < LEVEL)


def rulebook(settings: Settings) -> Rulebook:
    """The rulebook that advice is given by. Raises InvalidFile where it cannot be read."""
    return load_rulebook(*settings.rules_dir) if settings.rules_dir else default_rulebook()


def pending(session: Session) -> list[str]:
    """Jobs of cases that succeeded, and whose outcome is not written yet."""
    query = (
        select(TrainJob.id)
        .where(
            TrainJob.state.in_(DONE),
            TrainJob.case_id.is_not(None),
            TrainJob.outcome.is_(None),
            TrainJob.deleted_at.is_(None),
        )
        .order_by(TrainJob.finished_at)
        .limit(MOST_AT_ONCE)
    )
    return list(session.scalars(query))


def write_outcome(session: Session, book: Rulebook, job_id: str) -> bool:
    """Write what a job's verdict says to its case; whether there was anything left to write.

    Where advice was given before, it is given anew. A second call changes nothing. Raises NotFound.
    """
    job = lock_job(session, job_id)
    if job.state not in DONE or job.case_id is None or job.outcome is not None:
        return False
    job.outcome = {**_written(session, book, job, job.case_id), "at": utc_now().isoformat()}
    session.flush()
    return True


def _written(session: Session, book: Rulebook, job: TrainJob, case_id: str) -> dict[str, Any]:
    verdict = Verdict.model_validate(job.verdict) if job.verdict else None
    facts = facts_of(verdict, _name(job), book) if verdict else {}
    better = _better_run(session, job, case_id) if facts and not _helped(facts) else None
    if better is not None:
        return {"facts": {}, "kept": better}
    before = latest(session, case_id)
    changes, after = _recorded(session, book, case_id, facts)
    return {
        "facts": {
            name: {"value": fact.value, "evidence": fact.evidence} for name, fact in facts.items()
        },
        "changed": [change.fact for change in changes],
        "before": before.number if before else None,
        "after": after.number if after else None,
        "refuted": _refuted(before.advice, helped=_helped(facts)) if before and facts else [],
    }


def record_verdict(
    session: Session, book: Rulebook, case_id: str, verdict: Verdict | None, name: str
) -> tuple[list[FactChange], AdviceRecord | None]:
    """Write what a verdict says to a case, for a run without a job; the changes, the newest advice.

    Of a run that did not help nothing is written where another one did. Raises NotFound.
    """
    facts = facts_of(verdict, name, book) if verdict else {}
    if facts and not _helped(facts) and _known_to_help(session, case_id):
        return [], latest(session, case_id)
    return _recorded(session, book, case_id, facts)


def _known_to_help(session: Session, case_id: str) -> bool:
    known = known_values(session, case_id)
    found = known.get("finetuned_before")
    return found is not None and found.origin == "measured" and _helped(known)


def _recorded(
    session: Session, book: Rulebook, case_id: str, facts: Mapping[str, FactValue]
) -> tuple[list[FactChange], AdviceRecord | None]:
    """Write facts, and give advice anew where there was some; a fact that is known changes nothing.

    A run that measured no regressions says nothing of those of an earlier one: they are taken back.
    """
    before = latest(session, case_id)
    stale = [name for name in FACTS if name not in facts]
    changes = record_facts(session, book, case_id, facts, unmeasured=stale) if facts else []
    if before is not None and changes:
        return changes, advise_case(session, book, case_id)
    return changes, before


def _name(job: TrainJob) -> str:
    return f"Training job {job.name!r}" if job.name else f"Training job {job.id}"


def run_behind(session: Session, record: AdviceRecord) -> dict[str, Any] | None:
    """The report of the run whose facts a piece of advice rests on; None where there is none."""
    job = job_behind(session, record)
    return job.report if job else None


def job_behind(session: Session, record: AdviceRecord) -> TrainJob | None:
    """The job whose facts a piece of advice rests on; None where there is none."""
    if record.facts.get("finetuned_before", {}).get("origin") != "measured":
        return None
    query = (
        select(TrainJob)
        .where(TrainJob.case_id == record.case_id, TrainJob.state.in_(DONE))
        .where(TrainJob.outcome.is_not(None), TrainJob.deleted_at.is_(None))
        .order_by(TrainJob.finished_at.desc())
    )
    said = record.facts["finetuned_before"]["evidence"]
    return next((job for job in session.scalars(query) if _said(job) == said), None)


def _said(job: TrainJob) -> str:
    facts = (job.outcome or {}).get("facts", {})
    return tidy(facts.get("finetuned_before", {}).get("evidence", ""))


def _helped(facts: Mapping[str, FactValue]) -> bool:
    found = facts.get("finetuned_before")
    return found is not None and found.value == "helped"


def _better_run(session: Session, job: TrainJob, case_id: str) -> str | None:
    """The newest other run of the case that helped, whose facts hold."""
    query = (
        select(TrainJob)
        .where(TrainJob.case_id == case_id, TrainJob.id != job.id, TrainJob.deleted_at.is_(None))
        .where(TrainJob.state.in_(DONE), TrainJob.outcome.is_not(None))
        .order_by(TrainJob.finished_at.desc())
    )
    return next((item.id for item in session.scalars(query) if _has_helped(item)), None)


def _has_helped(job: TrainJob) -> bool:
    said = (job.outcome or {}).get("facts", {}).get("finetuned_before", {})
    return bool(said.get("value") == "helped")


def _refuted(advice: Json, *, helped: bool) -> list[str]:
    """Rules of the advice before that said of training what the run says otherwise.

    Where it did not help, those that spoke for it; where it helped, those that spoke against it
    with more than a weak word, or ruled it out.
    """
    return [*dict.fromkeys(_speaking(advice["reasons"], helped=helped))]


def _speaking(reasons: Sequence[Json], *, helped: bool) -> list[str]:
    effects = ("against", "block") if helped else ("for",)
    return [
        item["rule"]
        for item in reasons
        if item["step"] in TRAINING
        and not item["option"]
        and item["effect"] in effects
        and (not helped or item["strength"] != "weak")
    ]


# --- read back --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactLine:
    """A fact that a run established, in words."""

    id: str
    title: str
    value: str
    evidence: str


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A rule that a run contradicts."""

    id: str
    title: str
    because: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run changed in its case."""

    helped: bool | None
    """None where the run established nothing."""
    facts: tuple[FactLine, ...]
    refuted: tuple[RuleLine, ...]
    change: Difference | None
    """Between the advice before and the one that it led to; None where there was none before."""
    after: int | None
    """The number of the advice that it led to."""
    kept: str | None
    """The run that helped, whose facts go on to hold."""


def read_outcome(session: Session, book: Rulebook, job: TrainJob) -> Outcome | None:
    """What a job changed in its case; None while nothing is written, or it has no case."""
    kept = job.outcome
    if kept is None or job.case_id is None:
        return None
    facts: Json = kept.get("facts", {})
    said = facts.get("finetuned_before", {}).get("value")
    return Outcome(
        helped=None if said is None else said == "helped",
        facts=tuple(_fact_line(book, name, item) for name, item in facts.items()),
        refuted=tuple(_rule_line(book, name) for name in kept.get("refuted", ())),
        change=_change(session, book, job.case_id, kept),
        after=kept.get("after"),
        kept=kept.get("kept"),
    )


def _fact_line(book: Rulebook, name: str, item: Json) -> FactLine:
    words = value_words(book.facts.get(name), item["value"])
    return FactLine(name, fact_title(book, name), words, item["evidence"])


def _rule_line(book: Rulebook, name: str) -> RuleLine:
    rule = book.rules.get(name)
    return RuleLine(name, rule_title(book, name), rule.because if rule else "")


def _change(session: Session, book: Rulebook, case_id: str, kept: Json) -> Difference | None:
    before, after = kept.get("before"), kept.get("after")
    if before is None or after is None or before == after:
        return None
    older, newer = (get_advice(session, case_id, number) for number in (before, after))
    return difference(book, older, newer)
