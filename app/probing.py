"""The job: a process that reads the documents of a case, searches them, and measures retrievers.

Run as ``python -m app.probing PROBE_ID CLAIM`` by ``app.background``. A probe that was broken off
begins again: of what was done before only the vectors of passages are used again. A thread tells
the database how far it is, and ends the process soon after the probe is stopped or taken away, also
where a library computes without looking up.
"""

from __future__ import annotations

import errno
import os
import shutil
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Update, delete, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import probe_store as store
from app.background import FINISHED, FULL, STOPPED
from app.cases import lock_case
from app.diagnosing import GivenUp, run_process
from app.documents import file_of_document
from app.log_rows import plain_json, storable
from app.probe_choices import made
from app.probe_facts import apply_probe
from app.probe_found import TOP
from app.probe_inputs import of_documents
from app.probe_questions import question_of, records_of
from app.probe_track import KEEP, READ, WHOLE, Track
from app.probes import chosen_of
from app.problems import is_full
from app.settings import Settings
from app.storage import (
    Database,
    DocumentFile,
    Probe,
    ProbeDocument,
    ProbeHit,
    ProbePassage,
    ProbeQuestion,
    utc_now,
)
from evidence.pipeline import Setup
from evidence.records import FailureRecord
from evidence.retrieval.documents import Collection, add_to, read_documents
from evidence.retrieval.figures import Circumstances, Found, figures
from evidence.retrieval.figures import Settings as Made
from evidence.retrieval.finding import Found as Known
from evidence.retrieval.probe import NothingToMeasure, cut, search
from evidence.retrieval.relevance import Relevance, relevance_of
from evidence.retrieval.retrievers.endpoint import SearchFailed
from evidence.retrieval.running import Cancelled, Watch
from evidence.retrieval.shapes import Document, Problem, Qrels, Question

PULSE = 1.0
"""Seconds between two looks at whether to go on."""
GRACE = 2.0
"""Seconds that a stopped probe has to come to an end by itself."""
MOST_PROBLEMS = 1_000
"""Files and rows that could not be read that are named; the rest is counted."""


@dataclass
class Probing:
    """One process's work on one probe."""

    database: Database
    settings: Settings
    probe_id: str
    claim: str
    leaves: bool = False
    """Whether this process is the probe's alone, and ends with it."""
    stopping: bool = False
    lost: bool = False
    """Whether the probe was stopped, deleted or given to another process."""
    track: Track = field(default_factory=lambda: Track({}))
    problems: list[dict[str, Any]] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> int:
        """Measure from the beginning; how the process is to end."""
        pulse = threading.Thread(target=self._pulse, name="formfact-pulse", daemon=True)
        try:
            with self._workplace():
                probe = self._begin()
                pulse.start()
                self._measure(probe)
        except (GivenUp, Cancelled):
            return STOPPED if self.stopping and not self.lost else FINISHED
        except (NothingToMeasure, SearchFailed, ValueError) as error:
            # ValueError: a model or an address is not to be had (NoModel among them)
            self._fail(str(error))
        except OperationalError as error:
            if not is_full(error):
                raise
            return FULL
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                raise
            return FULL
        finally:
            self._over.set()
        return FINISHED

    # --- being a process

    @property
    def _folder(self) -> Path:
        return self.settings.folder / "probes" / f"{self.probe_id}.tmp"

    @contextmanager
    def _workplace(self) -> Iterator[None]:
        """A folder for what is unpacked: what a killed process left there goes first."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir(mode=0o700, parents=True)
        before = tempfile.tempdir
        tempfile.tempdir = str(self._folder)
        try:
            yield
        finally:
            tempfile.tempdir = before
            shutil.rmtree(self._folder, ignore_errors=True)

    def _pulse(self) -> None:
        """Tell how far the work is, and notice that it is not wanted any more."""
        told: tuple[str, int] = ("", 0)
        spent = time.process_time()
        while not self._over.wait(PULSE):
            now, used = (self.track.stage, self.track.position), time.process_time()
            alive = now != told or used - spent > PULSE / 100
            told, spent = now, used
            if not self._beat(*now, alive=alive):
                self.lost = True
                self._leave()
                return

    def _beat(self, stage: str, position: int, *, alive: bool) -> bool:
        """Write down how far it is; whether this process may still write."""
        values: dict[str, Any] = {"stage": stage[:200], "position": position, "total": WHOLE}
        if alive:
            values["heartbeat_at"] = utc_now()
        try:
            with self.database.writing() as session:
                done = session.execute(self._mine().values(**values))
                return bool(done.rowcount)  # type: ignore[attr-defined]
        except OperationalError:
            return True  # locked or away for now: the next beat tells

    def _leave(self) -> None:
        """End the process where it does not end by itself: what it computes is not wanted."""
        if self.leaves and not self._over.wait(GRACE):
            shutil.rmtree(self._folder, ignore_errors=True)
            os._exit(FINISHED)

    def _tell(self, stage: str, done: int, total: int) -> None:
        self.track.at(stage, done, total)

    def _called_off(self) -> bool:
        return self.stopping or self.lost

    @property
    def _watch(self) -> Watch:
        return Watch(self._tell, self._called_off)

    def _mine(self) -> Update:
        """A change of the probe that is carried out only while this process may write."""
        return update(Probe).where(
            Probe.id == self.probe_id, Probe.claim == self.claim, Probe.state == "running"
        )

    def _must(self, session: Session, **values: Any) -> None:
        change = self._mine().values(heartbeat_at=utc_now(), **values)
        if session.execute(change).rowcount != 1:  # type: ignore[attr-defined]
            raise GivenUp

    # --- measuring

    def _begin(self) -> Probe:
        """Take the probe, and clear away what a process before this one wrote."""
        worker = f"{socket.gethostname()}:{os.getpid()}"
        with self.database.writing() as session:
            self._must(session, worker=worker, position=0, total=WHOLE, stage=READ)
            for table in (ProbeHit, ProbePassage, ProbeDocument):
                session.execute(delete(table).where(table.probe_id == self.probe_id))
            probe = session.get_one(Probe, self.probe_id)
            self.problems = list(probe.settings["asked"]["problems"])
            return probe

    def _measure(self, probe: Probe) -> None:
        started = time.perf_counter()
        book = Setup(self.settings.rules_dir).book
        chosen = chosen_of(probe)
        retrievers = made(chosen)
        self.track = Track.of([item.name for item in retrievers])
        collection = self._read(probe)
        questions, records = self._questions(probe)
        settings = Made(
            chosen.size or Made().size,
            Made().overlap if chosen.overlap is None else chosen.overlap,
            budget=chosen.budget,
            price_per_hour=chosen.price_per_hour,
        )
        passages = cut(collection.documents, settings, self._watch)
        qrels = self._fitting(probe, collection)
        relevance = relevance_of(questions, qrels, passages)
        found = search(collection.documents, passages, questions, retrievers, settings, self._watch)
        limits = book.limits(book.latest())
        around = Circumstances(limits, records, "endpoint" if chosen.endpoint else None)
        result = figures(found, questions, relevance, settings, around, self._watch)
        self._keep(found, relevance, {item.id: item for item in collection.documents}, result)
        result["repeated_documents"] = len(collection.repeats)
        result["seconds"] = round(time.perf_counter() - started, 3)
        result["rulebook"] = {"version": book.version, "hash": book.hash}
        self._finish(plain_json(result, {}), Setup(self.settings.rules_dir))

    def _read(self, probe: Probe) -> Collection:
        """Every document of the files; what cannot be read is noted with its file."""
        with self.database.reading() as session:
            wanted = select(DocumentFile).where(DocumentFile.id.in_(probe.document_ids))
            files = {item.id: item for item in session.scalars(wanted)}
        collection = Collection()
        current = [""]

        def paths() -> Iterator[Known]:
            for done, name in enumerate(probe.document_ids):
                self._watch.at(READ, done, len(probe.document_ids))
                file = files.get(name)
                path = file_of_document(self.settings, file) if file else None
                if file is None or path is None or not path.exists():
                    self._note("", file.name if file else "", "was removed before it was read")
                    continue
                current[0] = name
                yield Known(path, file.name)

        for item in read_documents(paths()):
            if self._called_off():
                raise Cancelled("called off while reading")
            add_to(collection, item)
            if isinstance(item, Problem) and not isinstance(item, Document):
                self._note(current[0], item.source, item.why, item.line)
        if not collection.documents:
            raise NothingToMeasure(self._nothing_read())
        return collection

    def _note(self, document: str, source: str, why: str, line: int = 0) -> None:
        place = {"document": document, "source": storable(source), "line": line}
        self.problems.append({**place, "why": storable(why)})

    def _nothing_read(self) -> str:
        first = next((item for item in self.problems if item["document"]), None)
        why = f" ({first['source']}: {first['why']})" if first else ""
        return f"no document could be read: nothing to search{why}"

    def _questions(self, probe: Probe) -> tuple[list[Question], dict[str, FailureRecord] | None]:
        with self.database.reading() as session:
            rows = session.scalars(_questions_of(probe)).all()
            records = records_of(session, probe, rows)
        return [question_of(row) for row in rows], records or None

    def _fitting(self, probe: Probe, collection: Collection) -> Qrels | None:
        """Relevance as it was given, of documents that there are."""
        if probe.qrels is None:
            return None
        documents = {item.id for item in collection.documents}
        qrels, lost = of_documents(probe.qrels, documents, collection.repeats)
        if lost:
            why = f"{lost:,} judgements are of documents that are not there: left out"
            self._note("", "judgements", why)
        return qrels

    # --- writing down

    def _keep(
        self,
        found: Found,
        relevance: Relevance,
        documents: dict[str, Document],
        result: dict[str, Any],
    ) -> None:
        """Write what was found, some of it at a time, so that nobody else waits long."""
        self._watch.at(KEEP, 0, 4)
        with self.database.reading() as session:
            probe = session.get_one(Probe, self.probe_id)
            rows = session.scalars(_questions_of(probe)).all()
        numbers = {row.question_id: row.number for row in rows}
        store.write_snapshot(store.snapshot_of(self.settings, probe), found.texts, documents)
        kept = store.kept_passages(found, relevance.qrels)
        steps: tuple[tuple[Iterator[store.Row], Callable[[Session, Any], None]], ...] = (
            (store.hit_rows(probe.id, found, numbers), store.write_hits),
            (store.passage_rows(probe.id, kept, documents), store.write_passages),
            (store.document_rows(probe.id, kept, documents), store.write_documents),
        )
        for done, (made_rows, write) in enumerate(steps, 1):
            for batch in store.in_batches(made_rows):
                self._watch.at(KEEP, done, 4)
                with self.database.writing() as session:
                    self._must(session)
                    write(session, batch)
        self._keep_questions(probe, rows, relevance, result.pop("per_question"))

    def _keep_questions(
        self, probe: Probe, rows: Any, relevance: Relevance, measured: list[dict[str, Any]]
    ) -> None:
        kind = "weak" if relevance.weak else "qrels"
        kinds: Any = dict.fromkeys(relevance.qrels, kind)
        every = store.fared([row.question_id for row in rows], relevance, measured, kinds)
        with self.database.writing() as session:
            self._must(session)
            store.write_questions(session, rows, every)
            of = ProbeQuestion.probe_id == probe.id
            known = {"guessed": ProbeQuestion.relevant, "guessed_why": ProbeQuestion.why}
            session.execute(update(ProbeQuestion).where(of).values(**known))
            pool = (
                select(func.count(ProbeHit.passage.distinct()))
                .where(
                    ProbeHit.probe_id == ProbeQuestion.probe_id,
                    ProbeHit.number == ProbeQuestion.number,
                    ProbeHit.rank <= TOP,
                )
                .scalar_subquery()
            )
            session.execute(update(ProbeQuestion).where(of).values(pool=pool, judged=0))

    def _finish(self, result: dict[str, Any], setup: Setup) -> None:
        """The result, and what it establishes of the case, in one step with the probe's end."""
        book = setup.book
        known = {"rulebook_version": book.version, "rulebook_hash": book.hash}
        with self.database.writing() as session:
            case_id = session.get_one(Probe, self.probe_id).case_id
            lock_case(session, case_id)  # before the probe, as every change of both does
            done = {"state": "done", "finished_at": utc_now(), "claim": "", "error": ""}
            self._must(session, **done, **known, **self._noted(), result=result, judged=0)
            session.expire_all()
            apply_probe(session, book, case_id, self.probe_id)

    def _noted(self) -> dict[str, Any]:
        named, more = self.problems[:MOST_PROBLEMS], len(self.problems) - MOST_PROBLEMS
        if more > 0:
            why = f"{more:,} more problems are not named"
            named = [*named, {"document": "", "source": "", "line": 0, "why": why}]
        return {"problems": named, "stage": "", "position": WHOLE, "total": WHOLE}

    def _fail(self, words: str) -> None:
        with self.database.writing() as session:
            ended = {"state": "failed", "finished_at": utc_now(), "error": storable(words)}
            session.execute(self._mine().values(claim="", **ended, **self._noted()))


def _questions_of(probe: Probe) -> Any:
    wanted = select(ProbeQuestion).where(ProbeQuestion.probe_id == probe.id)
    return wanted.order_by(ProbeQuestion.number)


if __name__ == "__main__":
    sys.exit(run_process(partial(Probing, leaves=True), sys.argv[1:]))
