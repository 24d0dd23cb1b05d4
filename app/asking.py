"""The job: a process that asks a language model about records of a log, and weighs what it says.

Run as ``python -m app.asking RUN_ID CLAIM`` by ``app.background``. Every opinion is written down as
it comes, so whatever stops the process, the next one asks about the rest alone; of what the model
was answering when the process was killed, a few records are asked about again.
"""

from __future__ import annotations

import os
import socket
import sys
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from sqlalchemy import Update, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from advisor_rules.rulebook import Rulebook
from app.background import FINISHED, FULL, STOPPED
from app.cases import lock_case
from app.diagnosing import GivenUp, run_process
from app.errors import Conflict
from app.judged_logs import calibration_of, numbers_to_ask, opinions_by_number
from app.judging import Silent, endpoint_of, patient, with_opinion, without_judge
from app.log_records import SURENESS
from app.log_rows import plain_json, storable
from app.measuring import apply_to_case
from app.problems import is_full
from app.settings import Settings
from app.storage import (
    Database,
    FailureLog,
    JudgeOpinion,
    JudgeRun,
    LogRecord,
    LogText,
    utc_now,
)
from evidence.diagnose import Diagnosed
from evidence.judge import Calibration, Opinion, default_prompt
from evidence.judge.client import Judge
from evidence.judge.signals import SIGNALS
from evidence.lines import diagnosed_of, line_of
from evidence.pipeline import Setup
from evidence.records import FailureRecord

READ = 50
"""Records read at once to be asked about."""
WEIGHED = 200
"""Records that are classified again in one transaction."""


@dataclass
class Asking:
    """One process's work on one run."""

    database: Database
    settings: Settings
    run_id: str
    claim: str
    stopping: bool = False
    _asked: deque[tuple[int, bool]] = field(default_factory=deque)
    """Number of each record that an answer is waited for, and whether the rules leave it open."""

    def run(self) -> int:
        """Ask about what is still to ask, then weigh all opinions; how the process is to end."""
        try:
            return self._run()
        except GivenUp:
            return FINISHED
        except (Silent, Conflict) as problem:
            self._fail(str(problem))
            return FINISHED
        except OperationalError as error:
            if not is_full(error):
                raise
            return FULL

    def _run(self) -> int:
        endpoint = endpoint_of(
            self.settings.judge_url, self.settings.judge_model, self.settings.judge_key
        )
        run = self._begin(endpoint.model)
        book = Setup(self.settings.rules_dir).book
        with Judge(endpoint) as judge:
            for opinion in patient(judge.opinions(self._records(run, book))):
                self._write(run, opinion)
        if self.stopping:
            return STOPPED
        self._weigh(run, book)
        return FINISHED

    def _begin(self, model: str) -> JudgeRun:
        """The model is the one of this process's settings, whatever it was when it was queued."""
        worker = f"{socket.gethostname()}:{os.getpid()}"
        judge = {"model": model, "prompt": default_prompt().id}
        with self.database.writing() as session:
            self._must(session, worker=worker, **judge)
            return session.get_one(JudgeRun, self.run_id)

    def _must(self, session: Session, **values: Any) -> FailureLog:
        """Change the run, and lock its log. Raises GivenUp where this process may not write."""
        run = select(JudgeRun.log_id).where(JudgeRun.id == self.run_id)
        wanted = select(FailureLog).where(
            FailureLog.id == run.scalar_subquery(), FailureLog.state == "done"
        )
        log = session.scalar(wanted.with_for_update())
        change = self._mine().values(heartbeat_at=utc_now(), **values)
        if log is None or session.execute(change).rowcount != 1:  # type: ignore[attr-defined]
            raise GivenUp
        return log

    def _mine(self) -> Update:
        """A change of the run that is carried out only while this process may write."""
        return update(JudgeRun).where(
            JudgeRun.id == self.run_id,
            JudgeRun.claim == self.claim,
            JudgeRun.state == "running",
        )

    # --- asking

    def _records(self, run: JudgeRun, book: Rulebook) -> Iterator[FailureRecord]:
        """Records to ask about, until the process is told to stop."""
        with self.database.reading() as session:
            log = session.get_one(FailureLog, run.log_id)
            numbers = iter(session.scalars(numbers_to_ask(log, run)).all())
        while part := list(islice(numbers, READ)):
            for number, body, found in self._read(run, part):
                if self.stopping:
                    return
                self._asked.append((number, without_judge(found, book).label == "uncertain"))
                yield FailureRecord.model_validate(body)

    def _read(
        self, run: JudgeRun, numbers: Sequence[int]
    ) -> list[tuple[int, dict[str, Any], Diagnosed]]:
        wanted = (
            select(LogRecord, LogText)
            .join(LogText, LogText.id == LogRecord.id)
            .where(LogRecord.log_id == run.log_id, LogRecord.number.in_(numbers))
        )
        with self.database.reading() as session:
            found = {
                record.number: (record.number, whole.body, _diagnosed(record, whole))
                for record, whole in session.execute(wanted)
            }
        return [found[number] for number in numbers]

    def _write(self, run: JudgeRun, opinion: Opinion) -> None:
        number, uncertain = self._asked.popleft()
        entry = JudgeOpinion(
            log_id=run.log_id,
            number=number,
            run_id=run.id,
            model=opinion.model,
            prompt=opinion.prompt,
            uncertain=uncertain,
            facts=opinion.facts,
            form=opinion.form,
            reason=storable(opinion.reason),
            raw=storable(opinion.raw),
            why_not=storable(opinion.why_not),
        )
        with self.database.writing() as session:
            self._must(session, position=JudgeRun.position + 1)
            session.add(entry)

    # --- weighing

    def _weigh(self, run: JudgeRun, book: Rulebook) -> None:
        """Classify what a judge was asked about by what is known of it now, and sum up."""
        seen = Counter[str]()
        with self.database.reading() as session:
            log = session.get_one(FailureLog, run.log_id)
            calibration = calibration_of(session, log, run)
            for part in opinions_by_number(session, log, run, WEIGHED):
                seen += self._weighed(part, calibration, book)
        with self.database.writing() as session:
            lock_case(session, log.case_id)  # before the log, as every change of both does
            done = {"state": "done", "finished_at": utc_now(), "claim": "", "error": ""}
            log = self._must(session, **done)
            others = {name: count for name, count in log.seen.items() if name not in SIGNALS}
            log.seen = others | dict(seen)
            log.summary = None  # it is counted anew
            apply_to_case(session, book, log.case_id, log.id)

    def _weighed(
        self,
        opinions: Mapping[int, Opinion | None],
        calibration: Calibration | None,
        book: Rulebook,
    ) -> Counter[str]:
        """Classify some records and their repeats; how often each of a judge's signals is there."""
        seen = Counter[str]()
        with self.database.writing() as session:
            log = self._must(session)
            for record, whole in session.execute(_with_repeats(log, list(opinions))):
                opinion = opinions[record.repeat_of or record.number]
                found = with_opinion(_diagnosed(record, whole), opinion, calibration, book)
                _store(record, whole, found)
                if record.repeat_of is None:
                    seen.update(item.signal for item in found.signals if item.signal in SIGNALS)
        return seen

    def _fail(self, words: str) -> None:
        with self.database.writing() as session:
            ended = {"state": "failed", "finished_at": utc_now(), "error": storable(words)}
            session.execute(self._mine().values(claim="", **ended))


def _diagnosed(record: LogRecord, whole: LogText) -> Diagnosed:
    """A stored record as it was diagnosed."""
    return diagnosed_of(
        {
            "id": record.record_id,
            "label": record.label,
            "subtype": record.subtype,
            "confidence": record.confidence,
            "signals": whole.signals,
            "rules": whole.rules,
        }
    )


def _with_repeats(log: FailureLog, numbers: list[int]) -> Any:
    return (
        select(LogRecord, LogText)
        .join(LogText, LogText.id == LogRecord.id)
        .where(
            LogRecord.log_id == log.id,
            LogRecord.number.in_(numbers) | LogRecord.repeat_of.in_(numbers),
        )
    )


def _store(record: LogRecord, whole: LogText, found: Diagnosed) -> None:
    """Keep what was found on a record; a person's label still outranks it."""
    line = line_of(found)
    record.label, record.subtype = found.label, found.subtype
    record.confidence = found.confidence
    record.sureness = 0 if found.label == "uncertain" else SURENESS[found.confidence]
    if record.human_label is None:
        record.final_label, record.final_subtype = found.label, found.subtype
    whole.signals, whole.rules = plain_json(line["signals"], []), line["rules"]


if __name__ == "__main__":
    sys.exit(run_process(Asking, sys.argv[1:]))
