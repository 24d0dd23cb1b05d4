"""Probes as rows: what they begin with, how far they are, what can be done in which state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.clearing import clear_probe
from app.errors import Conflict, Invalid, NotFound
from app.probe_choices import Chosen
from app.probe_questions import Asking
from app.probes import (
    NewProbe,
    cancel_probe,
    create_probe,
    delete_probe,
    finished,
    get_probe,
    list_probes,
    progress_of,
    retry_probe,
)
from app.settings import Settings
from app.storage import Database, Probe, ProbeQuestion, utc_now
from tests.app.probing import (
    BM25,
    add_document,
    case_with,
    manuals,
    probe_again,
    queued_probe,
    taken_probe,
)

TYPED = Asking(typed="What does code E001 mean?")


def test_everything_that_is_wrong_is_named_at_once(database: Database, settings: Settings) -> None:
    case_id = case_with(database, settings, {})
    new = NewProbe(Asking(), Chosen(("nothing",), size=1), "x" * 500)
    with database.writing() as session, pytest.raises(Invalid) as caught:
        create_probe(session, case_id, new)
    found = {problem.where for problem in caught.value.problems}
    assert found == {"name", "documents", "retrievers", "size", "questions"}


def test_a_probe_reads_the_documents_that_are_there_now(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(2))
    probe = queued_probe(database, case_id, TYPED)
    third = add_document(database, settings, case_id, "more.md", b"# More")
    assert len(probe.document_ids) == 2
    with database.writing() as session:
        new = NewProbe(TYPED, BM25, document_ids=(third.id,))
        assert create_probe(session, case_id, new).document_ids == [third.id]
        with pytest.raises(Invalid, match="document_ids"):
            create_probe(session, case_id, NewProbe(TYPED, BM25, document_ids=("nothing",)))


def test_each_question_has_a_place_of_its_own_in_the_order_of_judging(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(2))
    probe = queued_probe(database, case_id)
    with database.reading() as session:
        rows = session.query(ProbeQuestion).filter_by(probe_id=probe.id).all()
    assert sorted(row.place for row in rows) == sorted(row.number for row in rows)
    assert [row.place for row in rows] != [row.number for row in rows]


def test_progress_tells_the_share_and_the_time_that_is_left(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(1))
    first = queued_probe(database, case_id, TYPED)
    second = queued_probe(database, case_id, TYPED)
    now = utc_now()
    with database.writing() as session:
        assert progress_of(session, session.get_one(Probe, second.id)).waiting == 1
        probe = session.get_one(Probe, first.id)
        assert progress_of(session, probe).seconds is None
        probe.state, probe.stage, probe.position, probe.total = "running", "index", 250, 1_000
        probe.started_at = now - timedelta(seconds=10)
        session.flush()
        found = progress_of(session, probe, now)
    assert (found.share, found.seconds, found.stage) == (0.25, 10.0, "index")
    assert found.seconds_left == pytest.approx(30.0)


def test_only_what_fits_the_state_can_be_done(database: Database, settings: Settings) -> None:
    case_id = case_with(database, settings, manuals(1))
    probe = queued_probe(database, case_id, TYPED)
    with database.writing() as session:
        with pytest.raises(Conflict, match="waits"):
            retry_probe(session, case_id, probe.id)
        with pytest.raises(Conflict, match="waits"):
            finished(probe)
        assert cancel_probe(session, case_id, probe.id).state == "cancelled"
        with pytest.raises(Conflict, match="stopped"):
            cancel_probe(session, case_id, probe.id)
        assert retry_probe(session, case_id, probe.id).state == "queued"


def test_a_probe_is_seen_in_its_own_case_alone(database: Database, settings: Settings) -> None:
    case_id, other = case_with(database, settings, manuals(1)), case_with(database, settings, {})
    probe = queued_probe(database, case_id, TYPED)
    with database.reading() as session:
        assert list_probes(session, case_id).total == 1
        assert list_probes(session, other).total == 0
        for name in (probe.id, "unknown", "../x", ""):
            with pytest.raises(NotFound):
                get_probe(session, other, name)


def test_a_deleted_probe_is_cleared_away_with_everything_of_it(
    database: Database, settings: Settings
) -> None:
    case_id = case_with(database, settings, manuals(3))
    probe, kept = queued_probe(database, case_id), queued_probe(database, case_id)
    job = taken_probe(database, settings)
    assert job.run() == 0
    snapshot = settings.folder / "probes" / f"{probe.id}.jsonl.gz"
    assert snapshot.exists()
    with database.writing() as session:
        delete_probe(session, case_id, probe.id)
    while clear_probe(database, settings):
        pass
    assert not snapshot.exists()
    with database.reading() as session:
        assert [item.id for item in session.query(Probe)] == [kept.id]
        rows = session.query(ProbeQuestion)
        assert {row.probe_id for row in rows} == {kept.id}
    assert probe_again(database, kept).state == "queued"
