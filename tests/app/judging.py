"""Stored logs that a language model is asked about, for the tests."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import func, select

from advisor_rules.rulebook import Rulebook
from app.asking import Asking
from app.background import FINISHED, JUDGEMENTS, take_next
from app.judged_logs import Standing, ask_judge, newest_run, standing
from app.labelling import Opinion, label_record
from app.settings import Settings
from app.storage import Database, FailureLog, JudgeOpinion, JudgeRun
from tests.app.failures import as_lines, diagnosed_here, record
from tests.app.judge import open_record
from tests.evidence.judge.endpoint import Served

MANY = 45


def with_model(database: Database, settings: Settings, served: Served) -> Settings:
    """Settings by which another process finds the same database and the model."""
    url = database.engine.url.render_as_string(hide_password=False)
    return replace(
        settings,
        database_url=url,
        judge_url=served.base_url,
        judge_model="small",
        judge_key="sk-secret",
    )


def open_log(database: Database, settings: Settings, count: int = MANY) -> FailureLog:
    """A diagnosed log: every third record is wrong and none can be told, but for one at the end."""
    rows = [open_record(number, wrong=number % 3 == 0) for number in range(count)]
    told = record(99, output="{", format_spec={"type": "json"})
    return diagnosed_here(database, settings, as_lines([*rows, told]))


def label(database: Database, book: Rulebook, log: FailureLog, numbers: range) -> None:
    """Label records as they are; numbers count from 1."""
    with database.writing() as session:
        for number in numbers:
            said = "neither" if (number - 1) % 3 else "information"
            label_record(session, book, log.case_id, log.id, number, Opinion("Ada", said))


def asked(database: Database, settings: Settings, log: FailureLog) -> JudgeRun:
    with database.writing() as session:
        return ask_judge(session, settings, log.case_id, log.id)


def taken(database: Database, settings: Settings) -> Asking:
    with database.writing() as session:
        found = take_next(session, JUDGEMENTS)
    assert found is not None
    return Asking(database, settings, *found)


def judged(database: Database, settings: Settings, log: FailureLog) -> JudgeRun:
    """Ask to the end, in this process."""
    asked(database, settings, log)
    assert taken(database, settings).run() == FINISHED
    return run_of(database, log)


def run_of(database: Database, log: FailureLog) -> JudgeRun:
    with database.reading() as session:
        found = newest_run(session, log)
    assert found is not None
    return found


def stands(database: Database, settings: Settings, log: FailureLog) -> Standing:
    with database.reading() as session:
        return standing(session, settings, log.case_id, log.id)


def opinions(database: Database, log: FailureLog) -> int:
    with database.reading() as session:
        wanted = select(func.count()).select_from(JudgeOpinion)
        return session.scalar(wanted.where(JudgeOpinion.log_id == log.id)) or 0
