"""The job of a probe: what it writes down, and real processes that are killed, stopped, resumed."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from advisor_rules.rulebook import Rulebook
from app.advising import advise_case, latest
from app.background import (
    FINISHED,
    MOST_TRIES,
    PROBES,
    STOPPED,
    Supervisor,
    give_back_abandoned,
    settle,
    words_for,
)
from app.clearing import clear_document, clear_probe
from app.documents import ready_documents, remove_document
from app.intake import current_facts
from app.pooling import Judgement, judge, next_to_judge
from app.probe_choices import Chosen, OwnSearch
from app.probe_questions import Asking, Attached
from app.probes import cancel_probe, delete_probe
from app.settings import Settings
from app.storage import (
    Database,
    Probe,
    ProbeDocument,
    ProbeHit,
    ProbeJudgement,
    ProbePassage,
    ProbeQuestion,
)
from evidence.retrieval.shapes import Question
from tests.app.failures import as_lines, diagnosed_here, record
from tests.app.probing import (
    BM25,
    TOPICS,
    add_document,
    asked,
    case_with,
    manual,
    manuals,
    probe_again,
    probed_here,
    queued_probe,
    taken_probe,
)
from tests.evidence.retrieval.making import encrypted_pdf
from tests.evidence.retrieval.search_server import Answer, Reply, by_words, serving

SECONDS = 60.0
SOON = 15.0
"""Seconds in which a stopped probe has to be over, on a machine that is busy with other tests."""
QRELS = {f"q{number}": {f"gadget{number}.md": 1} for number in range(TOPICS)}


def rows_of(database: Database, probe: Probe, table: type) -> int:
    with database.reading() as session:
        wanted = select(func.count()).select_from(table).where(table.probe_id == probe.id)  # type: ignore[attr-defined]
        return session.scalar(wanted) or 0


def questions_of(database: Database, probe: Probe) -> list[ProbeQuestion]:
    with database.reading() as session:
        wanted = select(ProbeQuestion).where(ProbeQuestion.probe_id == probe.id)
        return list(session.scalars(wanted.order_by(ProbeQuestion.number)))


def test_a_probe_by_judgements_says_which_retriever_and_writes_facts(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_with(database, settings)
    with database.writing() as session:
        before = advise_case(session, book, case_id)
    probe = probed_here(database, settings, case_id, Asking(listed=asked(), judged=QRELS))
    assert (probe.state, probe.error, probe.position) == ("done", "", probe.total)
    assert probe.result is not None
    assert probe.result["questions"] == TOPICS
    assert probe.result["relevance"]["kind"] == "judged"
    assert probe.result["retrievers"]["bm25"]["ndcg@10"]["value"] == 1.0
    assert "per_question" not in probe.result
    assert probe.applied["corpus_tokens"]
    with database.reading() as session:
        facts = current_facts(session, case_id)
        advice = latest(session, case_id)
    assert facts["corpus_tokens"].value
    assert facts["corpus_tokens"].value.value == probe.result["tokens"]
    assert facts["answers_in_documents"].value
    assert advice
    assert advice.number > before.number


def test_what_was_found_is_kept_to_be_shown_and_judged(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings)
    probe = probed_here(database, settings, case_id)
    rows = questions_of(database, probe)
    assert {row.relevance for row in rows} == {"weak"}
    assert all(row.by["bm25"]["rank"] == 1 for row in rows)
    assert rows[3].relevant == rows[3].guessed
    assert next(iter(rows[3].relevant)).startswith("gadget3.md#")
    assert all(0 < row.pool <= 10 for row in rows)
    assert rows_of(database, probe, ProbeHit) >= TOPICS
    assert rows_of(database, probe, ProbePassage) == rows_of(database, probe, ProbeDocument)
    with database.reading() as session:
        passage = session.scalars(select(ProbePassage)).first()
        assert passage
        wanted = select(ProbeDocument).where(ProbeDocument.document == passage.document)
        document = session.scalars(wanted).one()
    assert document.text[passage.start : passage.end] == passage.text


def test_questions_of_which_nothing_is_known_are_searched_all_the_same(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(5))
    asking = Asking(listed=asked(5, referenced=False))
    probe = probed_here(database, settings, case_id, asking)
    assert probe.state == "done"
    assert probe.result is not None
    assert probe.result["relevance"]["kind"] == "none"
    assert probe.result["verdict"]["decision"] == "cannot_tell"
    assert probe.result["verdict"]["judge_more"] == 5
    assert "reference answer" in probe.result["verdict"]["because"]
    assert all(row.pool and not row.by and row.why for row in questions_of(database, probe))


def archive(**members: bytes) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name.replace("__", "."), content)
    return held.getvalue()


def test_what_cannot_be_read_is_named_and_the_rest_is_measured(
    database: Database, settings: Settings
) -> None:
    bad = {
        "locked.pdf": encrypted_pdf("secret"),
        "broken.pdf": b"%PDF-1.7 nothing of the kind",
        "program.txt": bytes(range(256)) * 40,
        "old.xls": b"\xd0\xcf\x11\xe0",
        "void.md": b"   \n",
        "docs.zip": archive(good__md=manual(50), bad__exe=b"MZ\0\0"),
        "tricks.zip": archive(**{"../../escape__md": b"# Out"}),
        "torn.zip": b"PK\x03\x04 torn",
    }
    case_id = case_with(database, settings, manuals(3) | bad)
    probe = probed_here(database, settings, case_id, Asking(typed="What does E050 mean?"))
    assert probe.state == "done"
    assert probe.result is not None
    assert probe.result["documents"] == 4
    said = {item["source"]: item["why"] for item in probe.problems}
    assert set(bad) - {"docs.zip", "tricks.zip"} <= set(said)
    assert "encrypted" in said["locked.pdf"]
    assert "leads out" in said["tricks.zip/../../escape.md"]
    assert all(item["document"] in probe.document_ids for item in probe.problems)
    assert not any(str(settings.folder) in item["why"] for item in probe.problems)
    assert not list((settings.folder / "probes").glob("*.tmp"))


def test_documents_of_which_none_can_be_read_fail_the_probe_with_the_reason(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, {"broken.pdf": b"%PDF-1.7 nothing"})
    probe = probed_here(database, settings, case_id, Asking(typed="Why?"))
    assert probe.state == "failed"
    assert "no document could be read" in probe.error
    assert "broken.pdf" in probe.error
    assert len(probe.problems) == 1


def test_a_file_that_was_removed_meanwhile_is_named(database: Database, settings: Settings) -> None:
    case_id = case_with(database, settings, manuals(2))
    probe = queued_probe(database, case_id, Asking(typed="What does E001 mean?"))
    with database.writing() as session:
        first = ready_documents(session, case_id)[0]
        remove_document(session, case_id, first.id)
    assert clear_document(database, settings)
    assert taken_probe(database, settings).run() == FINISHED
    probe = probe_again(database, probe)
    assert probe.state == "done"
    assert "removed" in probe.problems[0]["why"]


def test_judgements_of_documents_that_are_not_there_are_told(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(3))
    judged = Attached("judged.tsv", b"q0\tgadget0.md\t1\nq1\tnothing.md\t1\n")
    probe = probed_here(database, settings, case_id, Asking(listed=asked(3), qrels=judged), BM25)
    assert probe.result is not None
    assert probe.result["questions"] == 1
    assert "1 judgements are of documents that are not there" in probe.problems[0]["why"]
    kinds = [row.relevance for row in questions_of(database, probe)]
    assert kinds == ["qrels", "none", "none"]


def test_a_log_tells_what_was_in_the_prompt(database: Database, settings: Settings) -> None:
    rows = [
        record(
            number,
            input=f"What does code E{number:03d} mean?",
            output="I do not know.",
            reference=f"valve {number} is stuck",
            context=manual(number).decode(),
        )
        for number in range(6)
    ]
    log = diagnosed_here(database, settings, as_lines(rows))
    for name, content in manuals(6).items():
        add_document(database, settings, log.case_id, name, content)
    probe = probed_here(database, settings, log.case_id, Asking(log_id=log.id))
    assert probe.result is not None
    reasons = probe.result["misses"]["bm25"]["reasons"]
    assert reasons["found_and_ignored"]["count"] == 6
    assert [row.record for row in questions_of(database, probe)] == [1, 2, 3, 4, 5, 6]


def test_judgements_cannot_be_changed_nor_taken_out(
    database: Database, settings: Settings, book: Rulebook
) -> None:
    case_id = case_with(database, settings, manuals(2))
    probe = probed_here(database, settings, case_id, Asking(listed=asked(2)))
    with database.writing() as session:
        item = next_to_judge(session, case_id, probe.id)
        assert item
        said = Judgement(item.passage.id, 2, "Ada")
        judge(session, book, case_id, probe.id, item.question.number, said)
    for act in ("update probe_judgements set grade = 1", "delete from probe_judgements"):
        with pytest.raises(DBAPIError, match="append-only"), database.writing() as session:
            session.connection().exec_driver_sql(act)
    with database.writing() as session:
        delete_probe(session, case_id, probe.id)
    while clear_probe(database, settings):
        pass
    assert rows_of(database, probe, ProbeJudgement) == 0


# --- their own search -------------------------------------------------------------------------


def slowly(answer: Answer, wait: float) -> Answer:
    def slow(given: dict[str, object]) -> Reply:
        reply = answer(given)
        reply.wait = wait
        return reply

    return slow


def texts() -> dict[str, str]:
    return {name: content.decode() for name, content in manuals().items()}


def own(url: str) -> Chosen:
    return Chosen(("bm25",), size=200, overlap=40, endpoint=OwnSearch(url))


def test_the_search_that_is_in_use_joins_the_comparison(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings)
    with serving(by_words(texts())) as served:
        probe = probed_here(database, settings, case_id, None, own(served.url))
    assert probe.result is not None
    assert set(probe.result["retrievers"]) == {"bm25", "endpoint"}
    assert probe.result["in_use"] == "endpoint"
    assert len(probe.result["comparisons"]) == 1


def test_a_search_that_does_not_answer_fails_the_probe_without_its_address(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(2))
    asking = Asking(listed=asked(2))
    with serving(lambda _: Reply({"error": "no"}, status=404)) as served:
        chosen = own(f"{served.url}?key=secret")
        probe = probed_here(database, settings, case_id, asking, chosen)
    assert probe.state == "failed"
    assert "404" in probe.error
    assert "secret" not in probe.error


# --- processes --------------------------------------------------------------------------------


@contextmanager
def supervised(database: Database, settings: Settings) -> Iterator[Supervisor]:
    url = database.engine.url.render_as_string(hide_password=False)
    settings = Settings(data_dir=settings.data_dir, database_url=url)
    found = Supervisor(database, settings, PROBES)
    found.start()
    try:
        yield found
    finally:
        found.stop()


def wait_for(database: Database, probe: Probe, holds: Callable[[Probe], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds(probe_again(database, probe)):
        assert time.monotonic() < deadline, vars(probe_again(database, probe))
        time.sleep(0.05)


def test_a_killed_process_is_followed_by_one_that_ends_right(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings)
    release = threading.Event()
    answer = by_words(texts())

    def held(given: dict[str, object]) -> Reply:
        release.wait(SECONDS)
        return answer(given)

    with serving(held) as served, supervised(database, settings) as supervisor:
        probe = queued_probe(database, case_id, None, own(served.url))
        wait_for(database, probe, lambda now: now.stage.startswith("search endpoint"))
        worker = supervisor.worker
        assert worker
        os.kill(worker.process.pid, signal.SIGKILL)
        release.set()
        wait_for(database, probe, lambda now: now.state == "done")
    found = probe_again(database, probe)
    assert (found.tries, found.error) == (2, "")
    assert found.result is not None
    assert set(found.result["retrievers"]) == {"bm25", "endpoint"}
    assert rows_of(database, probe, ProbeQuestion) == TOPICS


@pytest.mark.parametrize("end", [cancel_probe, delete_probe])
def test_a_probe_that_hangs_in_a_search_is_over_seconds_after_it_is_stopped(
    database: Database, settings: Settings, end: Callable[..., object]
) -> None:
    case_id = case_with(database, settings, manuals(2))
    asking = Asking(listed=asked(2))
    release = threading.Event()

    def never(_: dict[str, object]) -> Reply:
        release.wait(SECONDS)
        return Reply({"hits": []})

    with serving(never) as served, supervised(database, settings) as supervisor:
        probe = queued_probe(database, case_id, asking, own(served.url))
        wait_for(database, probe, lambda now: now.stage.startswith("search endpoint"))
        with database.writing() as session:
            end(session, case_id, probe.id)
        stopped = time.monotonic()
        while supervisor.worker is not None:
            assert time.monotonic() - stopped < SOON
            time.sleep(0.05)
        release.set()
    assert not list((settings.folder / "probes").glob("*.tmp"))


def test_a_process_told_to_stop_leaves_the_probe_for_the_next_start(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(2))
    probe = queued_probe(database, case_id, Asking(listed=asked(2)))
    for _ in range(MOST_TRIES + 1):
        job = taken_probe(database, settings)
        job.stopping = True
        assert job.run() == STOPPED
        with database.writing() as session:
            settle(session, probe.id, job.claim, STOPPED, PROBES)
    found = probe_again(database, probe)
    assert (found.state, found.tries) == ("queued", 0)


def test_a_probe_whose_process_always_dies_is_given_up_however_far_it_came(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(2))
    probe = queued_probe(database, case_id, Asking(listed=asked(2)))
    for position in range(MOST_TRIES):
        job = taken_probe(database, settings)
        with database.writing() as session:
            session.get_one(Probe, probe.id).position = 100 * (position + 1)
        with database.writing() as session:
            settle(session, probe.id, job.claim, -signal.SIGKILL, PROBES)
            give_back_abandoned(session, PROBES)
    found = probe_again(database, probe)
    assert found.state == "failed"
    assert found.error == words_for(-signal.SIGKILL, found.position, PROBES)
    assert "memory" in found.error


def test_a_process_that_was_given_up_writes_nothing_more(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(2))
    probe = queued_probe(database, case_id, Asking(listed=asked(2)))
    late = taken_probe(database, settings)
    with database.writing() as session:
        settle(session, probe.id, late.claim, 1, PROBES)
    assert late.run() == FINISHED
    assert probe_again(database, probe).state == "queued"
    assert rows_of(database, probe, ProbeHit) == 0
    assert taken_probe(database, settings).run() == FINISHED
    assert probe_again(database, probe).state == "done"


def test_a_question_with_everything_that_is_odd_is_stored(
    database: Database, settings: Settings
) -> None:
    odd = manual(1).replace(b"gadget", b"\xf0\x9f\x92\xa5 \x01gadget")
    case_id = case_with(database, settings, {"odd name \u202e.md": odd, "b.md": manual(2)})
    asking = Asking(listed=(Question("q\0", "What does code E001 mean?\ud800", "valve 1"),))
    probe = probed_here(database, settings, case_id, asking)
    assert probe.state == "done", probe.error
    row = questions_of(database, probe)[0]
    assert row.by["bm25"]["rank"] == 1
