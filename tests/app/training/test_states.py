"""The life of jobs, against the real databases: whatever is done, in whatever order."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from app.errors import Conflict, Invalid, KeyReused
from app.settings import Settings
from app.storage import Database, TrainEvent, TrainJob, TrainTransition
from app.training import jobs, queue, steering
from app.training.ending import MOST_CRASHES, MOST_LOSSES, Ending
from app.training.queue import Taken
from tests.app.training.trying import job_of, launch, launched, queued
from trainer.contract import (
    CANCELLED,
    FAILED,
    FINISHED,
    PAUSED,
    STATES,
    TRANSITIONS,
    Failure,
    Finding,
    PreflightReport,
    RunReport,
)

LEASE = timedelta(minutes=1)
REPORT = RunReport(
    outcome="succeeded", method="sft", model="tiny", data_hash="0" * 64, weights_hash="1" * 64
)


def finding(severity: Any) -> Finding:
    return Finding(check="roles", severity=severity, title="t", detail="d", remedy="r")


FOUND = {
    severity: PreflightReport(findings=(finding(severity),)) for severity in ("error", "warning")
} | {"nothing": PreflightReport()}
FAILURE = Failure(code="out_of_memory", words="It needs more memory.")


class Lives(RuleBasedStateMachine):
    """Jobs, workers that take them, and people who steer them."""

    def __init__(self, database: Database, settings: Settings) -> None:
        super().__init__()
        self.database, self.settings = database, settings
        self.claims: list[Taken] = []
        self.ids: list[str] = []

    @initialize()
    def leave_the_past(self) -> None:
        with self.database.writing() as session:
            for job in session.scalars(select(TrainJob).where(TrainJob.state == "queued")):
                steering.move(session, job, "cancelled")
            for job in session.scalars(select(TrainJob).where(TrainJob.state.in_(queue.UNDER_WAY))):
                steering.move(session, job, "cancelled")

    @rule(held=st.booleans(), accept=st.booleans(), priority=st.integers(-2, 2))
    def someone_launches(self, held: bool, accept: bool, priority: int) -> None:
        given: dict[str, Any] = {"held": held, "accept_warnings": accept, "priority": priority}
        self.ids.append(launched(self.database, self.settings, **given))

    @precondition(lambda self: self.ids)
    @rule(
        data=st.data(),
        act=st.sampled_from(
            ["start", "accept", "pause", "resume", "cancel", "retry", "last", "first", "delete"]
        ),
    )
    def someone_steers(self, data: st.DataObject, act: str) -> None:
        job_id = data.draw(st.sampled_from(self.ids))
        before = job_of(self.database, job_id)
        acts: dict[str, Callable[[Any], object]] = {
            "start": lambda session: steering.start_job(session, job_id),
            "accept": lambda session: steering.start_job(session, job_id, accept_warnings=True),
            "pause": lambda session: steering.pause_job(session, job_id),
            "resume": lambda session: steering.resume_job(session, job_id),
            "cancel": lambda session: steering.cancel_job(session, job_id),
            "retry": lambda session: steering.retry_job(session, job_id, "again"),
            "last": lambda session: steering.reorder_job(session, job_id, None),
            "first": lambda session: steering.reorder_job(session, job_id, job_id),
            "delete": lambda session: jobs.delete_job(session, job_id),
        }
        try:
            with self.database.writing() as session:
                acts[act](session)
        except Conflict:
            assert job_of(self.database, job_id).state == before.state
            return
        if act == "delete":
            self.ids.remove(job_id)

    @rule(worker=st.sampled_from(["a", "b", "c"]), check=st.booleans())
    def a_worker_looks_for_a_job(self, worker: str, check: bool) -> None:
        take = queue.take_check if check else queue.take_next
        with self.database.writing() as session:
            waiting = [job.id for job in jobs.queue_of(session)]
            taken = take(session, worker, LEASE)
        if not check:
            assert (taken.job_id if taken else None) == (waiting[0] if waiting else None)
        if taken is not None:
            self.claims.append(taken)

    @precondition(lambda self: self.claims)
    @rule(
        data=st.data(),
        status=st.sampled_from([FINISHED, FAILED, PAUSED, CANCELLED, 3, -9]),
        found=st.sampled_from(sorted(FOUND)),
        told=st.booleans(),
        reached=st.integers(0, 3),
    )
    def a_process_ends(
        self, data: st.DataObject, status: int, found: str, told: bool, reached: int
    ) -> None:
        """Of a claim that may be lost long since: then nothing changes."""
        taken = data.draw(st.sampled_from(self.claims))
        before = job_of(self.database, taken.job_id)
        ending = Ending(status, reached, told, REPORT, FAILURE, FOUND[found], "the log")
        with self.database.writing() as session:
            counted = queue.settle(session, taken, ending)
        after = job_of(self.database, taken.job_id)
        assert counted == (before.claim == taken.claim)
        if not counted:
            assert seen(before) == seen(after)
        assert after.crashes < MOST_CRASHES or after.state == "failed" or not counted

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def a_worker_says_that_it_lives(self, data: st.DataObject) -> None:
        taken = data.draw(st.sampled_from(self.claims))
        before = job_of(self.database, taken.job_id)
        with self.database.writing() as session:
            wish = queue.renew(session, taken, LEASE)
        assert wish == (before.wish if before.claim == taken.claim else None)

    @rule(worker=st.sampled_from(["a", "b", "c"]))
    def a_worker_dies(self, worker: str) -> None:
        with self.database.writing() as session:
            queue.take_up_lost(session, self.settings, lambda name: name == worker)

    @invariant()
    def every_change_was_told_and_legal(self) -> None:
        with self.database.reading() as session:
            for job_id in self.ids:
                job = session.get_one(TrainJob, job_id)
                query = select(TrainEvent).where(TrainEvent.job_id == job_id)
                told = session.scalars(query.order_by(TrainEvent.id)).all()
                path = [event.data["to"] for event in told if event.kind == "state"]
                assert path[0] == "checking"
                assert path[-1] == job.state
                assert set(pairwise(path)) <= TRANSITIONS
                assert job.state in queue.UNDER_WAY or (job.claim, job.wish) == ("", "")
                assert (job.state == "running") <= bool(job.claim)

    @invariant()
    def a_claim_is_held_once(self) -> None:
        with self.database.reading() as session:
            held = session.scalars(select(TrainJob.claim).where(TrainJob.claim != "")).all()
        assert len(held) == len(set(held))


def seen(job: TrainJob) -> dict[str, Any]:
    return {column.name: getattr(job, column.name) for column in TrainJob.__table__.columns}


def test_whatever_happens_jobs_move_by_legal_changes_alone(
    database: Database, settings: Settings
) -> None:
    class Here(Lives):
        def __init__(self) -> None:
            super().__init__(database, settings)

    run_state_machine_as_test(
        Here,
        settings=hypothesis_settings(max_examples=10, stateful_step_count=25, deadline=None),
    )


# --- the schema -------------------------------------------------------------------------------


def test_the_schema_knows_the_changes_of_the_contract(database: Database) -> None:
    with database.reading() as session:
        found = session.scalars(select(TrainTransition)).all()
    assert {(item.before, item.after) for item in found} == TRANSITIONS


def test_the_schema_refuses_every_other_change_of_state(
    database: Database, settings: Settings
) -> None:
    """Each state is reached by raw statements along the legal ways, and left by every other."""
    ways = {
        "checking": (),
        "queued": ("queued",),
        "running": ("queued", "running"),
        "paused": ("queued", "paused"),
        "succeeded": ("queued", "running", "succeeded"),
        "succeeded_with_warnings": ("queued", "running", "succeeded_with_warnings"),
        "failed": ("failed",),
        "cancelled": ("cancelled",),
    }
    assert set(ways) == set(STATES)
    for before, way in ways.items():
        job_id = launched(database, settings)
        for state in way:
            set_state(database, job_id, state)
        for after in STATES:
            if after != before and (before, after) not in TRANSITIONS:
                with pytest.raises(DBAPIError, match="not possible"):
                    set_state(database, job_id, after)
        assert job_of(database, job_id).state == before


def set_state(database: Database, job_id: str, state: str) -> None:
    with database.writing() as session:
        session.execute(update(TrainJob).where(TrainJob.id == job_id).values(state=state))


@pytest.mark.parametrize(
    "statement",
    [
        "update train_jobs set state = 'sleeping'",
        "update train_jobs set wish = 'pause'",
        "update train_jobs set claim = 'mine'",
        "update train_events set data = '{}'",
        "delete from train_events",
        "insert into train_transitions values ('succeeded', 'queued')",
        "delete from train_transitions",
    ],
)
def test_the_schema_refuses_what_no_code_may_do(
    database: Database, settings: Settings, statement: str
) -> None:
    job_id = launched(database, settings)
    with database.writing() as session:
        steering.cancel_job(session, job_id)
    with pytest.raises(DBAPIError), database.writing() as session:
        session.execute(text(statement))


# --- launching --------------------------------------------------------------------------------


def test_the_same_key_gives_the_same_job(database: Database, settings: Settings) -> None:
    first = launched(database, settings, client_key="nightly")
    assert launched(database, settings, client_key="nightly") == first
    assert launched(database, settings) != first
    with pytest.raises(KeyReused), database.writing() as session:
        jobs.create_job(session, settings, launch(steps=9, client_key="nightly"))
    assert len(list((settings.folder / "jobs").iterdir())) == 2


def test_no_path_from_outside_reaches_the_folder_of_a_job(
    database: Database, settings: Settings
) -> None:
    job_id = launched(database, settings)
    spec = job_of(database, job_id).spec
    assert spec["data"]["train"] == "input/train.jsonl"
    with pytest.raises(Invalid, match="is missing"), database.writing() as session:
        jobs.create_job(session, settings, launch(files={"test": b"{}"}))
    with pytest.raises(Invalid, match="no such part"), database.writing() as session:
        jobs.create_job(session, settings, launch(files={"train": b"{}", "../x": b"{}"}))


def test_jobs_are_taken_by_priority_then_in_the_order_that_people_gave(
    database: Database, settings: Settings
) -> None:
    a, b, c = (queued(database, settings) for _ in range(3))
    high = queued(database, settings, priority=5)
    with database.writing() as session:
        steering.reorder_job(session, c, a)
    assert order(database) == [high, c, a, b]
    with database.writing() as session:
        steering.reorder_job(session, b, high)
    assert order(database) == [b, high, c, a]
    with database.writing() as session:
        steering.reorder_job(session, high, None)
        steering.prioritise_job(session, a, 9)
    assert order(database) == [a, b, c, high]
    with database.writing() as session:
        taken = queue.take_next(session, "w", LEASE, skip=[a])
        assert taken
        assert taken.job_id == b
        with pytest.raises(Conflict):
            steering.reorder_job(session, b, None)


def order(database: Database) -> list[str]:
    with database.reading() as session:
        return [job.id for job in jobs.queue_of(session)]


def test_a_lease_that_runs_out_gives_the_job_to_another_and_the_old_finish_counts_nothing(
    database: Database, settings: Settings
) -> None:
    job_id = queued(database, settings)
    with database.writing() as session:
        old = queue.take_next(session, "a", timedelta(seconds=-1))
        assert old
    with database.writing() as session:
        assert queue.anything_lost(session, lambda _: False)
        assert queue.take_up_lost(session, settings, lambda _: False) == 1
        new = queue.take_next(session, "b", LEASE)
        assert new
    with database.writing() as session:
        assert not queue.settle(session, old, Ending(FINISHED, 0, report=REPORT))
        assert queue.renew(session, old, LEASE) is None
        assert not queue.give_back(session, old, "late")
    assert job_of(database, job_id).state == "running"
    with database.writing() as session:
        assert queue.settle(session, new, Ending(FINISHED, 0, report=REPORT))
    assert job_of(database, job_id).state == "succeeded"


def test_a_job_whose_workers_are_lost_again_and_again_is_given_up(
    database: Database, settings: Settings
) -> None:
    job_id = queued(database, settings)
    for _ in range(MOST_LOSSES):
        with database.writing() as session:
            assert queue.take_next(session, "a", LEASE)
            queue.take_up_lost(session, settings, lambda _: True)
    assert job_of(database, job_id).state == "failed"
