"""What a language model says of a stored log: asked for, watched, stopped, weighed, summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.judging import Counted, endpoint_of, judge_report, why_not
from app.logs import get_log, lock_log
from app.settings import Settings
from app.storage import FailureLog, JudgeOpinion, JudgeRun, LogRecord, utc_now
from evidence.judge import Calibration, Opinion, calibrate, default_prompt

ACTIVE = ("queued", "running")


@dataclass(frozen=True, slots=True)
class Standing:
    """How things stand between a log and a judge."""

    why_not: str
    """Why none can be asked, and what to do; '' where one can."""
    to_ask: int
    """Records that it would be asked about: uncertain ones and those that people labelled."""
    run: JudgeRun | None
    """The newest run."""
    found: dict[str, Any] | None
    """As ``app.judging.judge_report`` has it; None where nothing was asked yet."""

    @property
    def busy(self) -> bool:
        """Whether a run waits or is at work."""
        return self.run is not None and self.run.state in ACTIVE


@dataclass(frozen=True, slots=True)
class Voice:
    """What one judge says of one record, and whether that counts."""

    model: str
    facts: str
    form: str
    reason: str
    counts_on: tuple[str, ...]
    """``information``, ``behavior`` or both: where people's labels say that its word counts."""
    created_at: datetime

    @property
    def counts(self) -> bool:
        """Whether it counts at all."""
        return bool(self.counts_on)


def ask_judge(session: Session, settings: Settings, case_id: str, log_id: str) -> JudgeRun:
    """Have a judge asked about what is uncertain or labelled in a log, outside this request.

    What it answered before is not asked again; when all is asked, its opinions are weighed anew.
    Raises NotFound, or Conflict where no model is set up, the log is not diagnosed whole, or
    somebody asked already.
    """
    log = lock_log(session, case_id, log_id)
    endpoint = endpoint_of(settings.judge_url, settings.judge_model, settings.judge_key)
    if log.state != "done":
        raise Conflict("A language model can be asked once the log is diagnosed whole.")
    last = newest_run(session, log)
    if last is not None and last.state in ACTIVE:
        raise Conflict("The language model is being asked already.")
    run = JudgeRun(log_id=log.id, model=endpoint.model, prompt=default_prompt().id)
    session.add(run)
    session.flush()
    run.total = _count(session, numbers_to_ask(log, run))
    session.flush()
    return run


def cancel_run(session: Session, case_id: str, log_id: str) -> JudgeRun:
    """Stop asking; what was answered stays, and is weighed with the next run.

    Raises NotFound, or Conflict where nobody is being asked.
    """
    log = lock_log(session, case_id, log_id)
    run = newest_run(session, log)
    if run is None or run.state not in ACTIVE:
        raise Conflict("No language model is being asked now.")
    run.state, run.claim, run.finished_at = "cancelled", "", utc_now()
    session.flush()
    return run


def standing(session: Session, settings: Settings, case_id: str, log_id: str) -> Standing:
    """How things stand by now. Raises NotFound."""
    log = get_log(session, case_id, log_id)
    model = settings.judge_model
    mine = JudgeRun(id="", log_id=log.id, model=model, prompt=default_prompt().id)
    problem = why_not(settings.judge_url, model)
    to_ask = 0 if problem else _count(session, numbers_to_ask(log, mine))
    return Standing(problem, to_ask, newest_run(session, log), judge_part(session, log))


def newest_run(session: Session, log: FailureLog) -> JudgeRun | None:
    """The newest run on a log."""
    wanted = select(JudgeRun).where(JudgeRun.log_id == log.id)
    return session.scalar(wanted.order_by(JudgeRun.created_at.desc(), JudgeRun.id).limit(1))


def numbers_to_ask(log: FailureLog, run: JudgeRun) -> Select[Any]:
    """Records that this run is still to ask about, those that people labelled first.

    The others come in the order of their content's digest, which is as good as random: where a run
    is stopped early, what was asked stands for the rest. Records without an answer are asked about
    once in a run.
    """
    asked = select(JudgeOpinion.number).where(JudgeOpinion.log_id == log.id)
    known = asked.where(
        or_(
            (JudgeOpinion.model == run.model)
            & (JudgeOpinion.prompt == run.prompt)
            & JudgeOpinion.facts.is_not(None),
            JudgeOpinion.run_id == run.id,
        )
    )
    labelled = LogRecord.human_label.is_not(None)
    return (
        select(LogRecord.number)
        .where(
            LogRecord.log_id == log.id,
            LogRecord.repeat_of.is_(None),
            or_(
                LogRecord.sureness == 0,  # uncertain; an index answers it
                labelled,
                LogRecord.number.in_(asked.where(JudgeOpinion.uncertain)),
            ),
            LogRecord.number.not_in(known),
        )
        .order_by(labelled.desc(), LogRecord.digest, LogRecord.number)
    )


def newest_opinions(log_id: str, run: JudgeRun) -> Select[JudgeOpinion]:
    """The newest measured opinion of a run's judge on each record of a log."""
    newest = (
        select(func.max(JudgeOpinion.id))
        .where(
            JudgeOpinion.log_id == log_id,
            JudgeOpinion.model == run.model,
            JudgeOpinion.prompt == run.prompt,
            JudgeOpinion.facts.is_not(None),
        )
        .group_by(JudgeOpinion.number)
    )
    return select(JudgeOpinion).where(JudgeOpinion.id.in_(newest))


def opinion_of(row: JudgeOpinion, record_id: str = "") -> Opinion:
    """A stored opinion as the judge gave it."""
    return Opinion(
        record=record_id,
        model=row.model,
        prompt=row.prompt,
        facts=row.facts,  # type: ignore[arg-type]  # the table holds nothing else
        form=row.form,  # type: ignore[arg-type]
        reason=row.reason,
        raw=row.raw,
        why_not=row.why_not,
    )


def calibration_of(session: Session, log: FailureLog, run: JudgeRun) -> Calibration | None:
    """A run's judge measured by people's labels of the log; None where nobody labelled any."""
    heard = newest_opinions(log.id, run).subquery()
    wanted = (
        select(LogRecord.human_label, heard.c.facts, heard.c.form)
        .join(heard, heard.c.number == LogRecord.number)
        .where(LogRecord.log_id == log.id, LogRecord.human_label.is_not(None))
    )
    rows = session.execute(wanted).all()
    if not rows:
        return None
    said = [Opinion("", run.model, run.prompt, row.facts, row.form).axes for row in rows]
    name = Opinion("", run.model, run.prompt).judge
    return calibrate([row.human_label for row in rows], said, of=name)


def judge_part(session: Session, log: FailureLog) -> dict[str, Any] | None:
    """What a summary says of the judge of the newest run; None where nobody was asked."""
    run = newest_run(session, log)
    if run is None:
        return None
    asked = _of_judge(select(func.count(func.distinct(JudgeOpinion.number))), log, run)
    total = session.scalar(asked) or 0
    if not total:
        return None
    answered = session.scalar(asked.where(JudgeOpinion.facts.is_not(None))) or 0
    found = judge_report(
        run.model,
        run.prompt,
        total,
        answered,
        calibration_of(session, log, run),
        Counted(_judged(session, log, run), _settled(session, log)),
    )
    return found | {"decided": decided(session, log)}


def decided(session: Session, log: FailureLog) -> dict[str, dict[str, int]]:
    """Records whose class rests on a judge alone: class -> subtype -> how many."""
    found: dict[str, dict[str, int]] = {}
    columns = (LogRecord.final_label, LogRecord.final_subtype)
    wanted = select(*columns, func.count()).where(*_open(log), LogRecord.final_label != "uncertain")
    for label, subtype, count in session.execute(wanted.group_by(*columns)):
        found.setdefault(label, {})[subtype] = count
    return found


def voices(session: Session, log: FailureLog, number: int) -> list[Voice]:
    """What judges say of a record, the newest first; what was not measured is left out."""
    record = select(LogRecord.repeat_of).where(
        LogRecord.log_id == log.id, LogRecord.number == number
    )
    wanted = select(JudgeOpinion).where(
        JudgeOpinion.log_id == log.id,
        JudgeOpinion.number == (session.scalar(record) or number),
        JudgeOpinion.facts.is_not(None),
    )
    newest: dict[tuple[str, str], JudgeOpinion] = {}
    for row in session.scalars(wanted.order_by(JudgeOpinion.id.desc())):
        newest.setdefault((row.model, row.prompt), row)
    run = newest_run(session, log)
    return [_voice(session, log, row, run) for row in newest.values()]


def _voice(session: Session, log: FailureLog, row: JudgeOpinion, run: JudgeRun | None) -> Voice:
    current = run is not None and (run.model, run.prompt) == (row.model, row.prompt)
    found = calibration_of(session, log, run) if run and current else None
    counting = {"information": found.facts_count, "behavior": found.form_counts} if found else {}
    return Voice(
        model=row.model,
        facts=row.facts or "",
        form=row.form or "",
        reason=row.reason,
        counts_on=tuple(side for side, counts in counting.items() if counts),
        created_at=row.created_at,
    )


def opinions_by_number(
    session: Session, log: FailureLog, run: JudgeRun, size: int
) -> Iterator[Mapping[int, Opinion | None]]:
    """Every record that any judge was asked about -> what this one says of it, in parts."""
    numbers = session.scalars(
        select(JudgeOpinion.number)
        .where(JudgeOpinion.log_id == log.id)
        .distinct()
        .order_by(JudgeOpinion.number)
    ).all()
    for start in range(0, len(numbers), size):
        part = numbers[start : start + size]
        wanted = newest_opinions(log.id, run).where(JudgeOpinion.number.in_(part))
        heard = {row.number: opinion_of(row) for row in session.scalars(wanted)}
        yield {number: heard.get(number) for number in part}


# --- counting ---------------------------------------------------------------------------------


def _count(session: Session, numbers: Select[Any]) -> int:
    counted = select(func.count()).select_from(numbers.order_by(None).subquery())
    return session.scalar(counted) or 0


def _of_judge(wanted: Select[Any], log: FailureLog, run: JudgeRun) -> Select[Any]:
    return wanted.where(
        JudgeOpinion.log_id == log.id,
        JudgeOpinion.model == run.model,
        JudgeOpinion.prompt == run.prompt,
    )


def _open(log: FailureLog) -> tuple[Any, ...]:
    """Records that rules and people leave open, and that a judge was asked about."""
    asked = select(JudgeOpinion.number).where(JudgeOpinion.log_id == log.id, JudgeOpinion.uncertain)
    return (
        LogRecord.log_id == log.id,
        LogRecord.repeat_of.is_(None),
        LogRecord.human_label.is_(None),
        LogRecord.number.in_(asked),
    )


def _judged(
    session: Session, log: FailureLog, run: JudgeRun
) -> dict[tuple[str | None, str | None], int]:
    heard = newest_opinions(log.id, run).subquery()
    columns = (heard.c.facts, heard.c.form)
    wanted = (
        select(*columns, func.count())
        .join(LogRecord, LogRecord.number == heard.c.number)
        .where(*_open(log), heard.c.uncertain)
        .group_by(*columns)
    )
    return {(facts, form): count for facts, form, count in session.execute(wanted)}


def _settled(session: Session, log: FailureLog) -> Counter[str]:
    """Classes that rest on rules or people."""
    label = LogRecord.final_label
    every = (LogRecord.log_id == log.id, LogRecord.repeat_of.is_(None))
    found = Counter[str]()
    for where, sign in ((every, 1), (_open(log), -1)):
        wanted = select(label, func.count()).where(*where).group_by(label)
        for name, count in session.execute(wanted):
            found[name] += sign * count
    return found
