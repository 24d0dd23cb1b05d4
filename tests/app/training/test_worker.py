"""Workers and real processes: killed, stopped, resumed, steered."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app.errors import Conflict
from app.settings import Settings
from app.storage import Database
from app.training import folders, jobs, steering
from app.training.child import environment
from app.training.clearing import clear_deleted
from app.training.ending import MOST_CRASHES
from app.training.folders import folder_of
from app.training.presence import list_workers
from app.training.worker import Worker
from tests.app.training.trying import (
    ended,
    events_of,
    job_of,
    launched,
    on_disk,
    queued,
    runners_at_once,
    start_worker,
    steps_told,
    turn_until,
    wait_for,
    weights,
    worker_here,
    workers,
)
from trainer.contract import ENDED


@pytest.fixture
def worker(database: Database, shared: Settings) -> Iterator[Worker]:
    """A worker of this process, whose rounds the test makes."""
    with worker_here(database, shared) as found:
        yield found


@pytest.fixture
def shared(database: Database, settings: Settings) -> Settings:
    """Settings by which worker processes find the database; a lease that is soon over."""
    return on_disk(database, settings, train_lease_seconds=4)


def test_a_job_goes_from_launch_to_success_and_tells_all_of_it(
    database: Database, shared: Settings
) -> None:
    job_id = launched(database, shared, steps=7)
    with workers(shared):
        job = ended(database, job_id)
    assert (job.state, job.tries, job.step, job.total_steps) == ("succeeded", 1, 7, 7)
    assert job.report is not None
    assert job.report["weights_hash"] == weights(7)
    assert steps_told(database, job_id) == list(range(1, 8))
    states = [item.data["to"] for item in events_of(database, job_id) if item.kind == "state"]
    assert states == ["checking", "queued", "running", "succeeded"]
    with database.reading() as session:
        (standing,) = list_workers(session)
    assert standing.worker.stopped_at
    assert not standing.alive


def test_a_killed_worker_is_followed_by_another_from_the_last_checkpoint(
    database: Database, shared: Settings
) -> None:
    job_id = queued(database, shared, steps=60, seconds=0.05)
    with workers(shared, 2) as processes:
        for _ in range(2):
            job = wait_for(database, job_id, lambda job: job.state == "running" and job.step)
            further = (job.step or 0) + 4
            job = wait_for(database, job_id, lambda job, at=further: (job.step or 0) > at)  # type: ignore[misc]
            with database.reading() as session:
                (found,) = [item for item in list_workers(session) if item.jobs]
            os.kill(found.worker.pid, signal.SIGKILL)
            wait_for(database, job_id, lambda now, old=job.claim: now.claim not in ("", old))  # type: ignore[misc]
            processes.append(start_worker(shared))
        job = ended(database, job_id)
    assert job.state == "succeeded"
    assert job.report is not None
    assert job.report["weights_hash"] == weights(60)
    assert sorted(steps_told(database, job_id), key=int) == list(range(1, 61))  # type: ignore[arg-type]


def test_a_worker_that_is_told_to_stop_has_its_job_leave_a_checkpoint(
    database: Database, shared: Settings
) -> None:
    job_id = queued(database, shared, steps=80, seconds=0.02, every=1_000)
    with workers(shared):
        wait_for(database, job_id, lambda job: (job.step or 0) > 3)
    left = job_of(database, job_id)
    assert (left.state, left.claim, left.crashes, left.losses) == ("queued", "", 0, 0)
    assert folders.reached(folder_of(shared, job_id)) > 3
    with workers(shared):
        job = ended(database, job_id)
    assert job.report is not None
    assert job.report["weights_hash"] == weights(80)


def test_pause_and_cancel_reach_the_process_within_a_second(
    database: Database, shared: Settings
) -> None:
    job_id = queued(database, shared, steps=10_000, seconds=0.02)
    with workers(shared):
        wait_for(database, job_id, lambda job: job.step)
        with database.writing() as session:
            steering.pause_job(session, job_id)
        asked = time.monotonic()
        wait_for(database, job_id, lambda job: job.state == "paused")
        assert time.monotonic() - asked < 1.5
        with database.writing() as session:
            steering.resume_job(session, job_id)
        wait_for(database, job_id, lambda job: job.state == "running")
        with database.writing() as session:
            steering.cancel_job(session, job_id)
        job = wait_for(database, job_id, lambda job: job.state == "cancelled")
    assert (job.wish, job.claim) == ("", "")


def test_a_process_that_crashes_without_getting_further_fails_with_the_log(
    database: Database, shared: Settings, worker: Worker
) -> None:
    job_id = queued(database, shared, steps=5, crash_at=2)
    turn_until(worker, lambda: job_of(database, job_id).state in ENDED)
    job = job_of(database, job_id)
    assert (job.state, job.tries) == ("failed", MOST_CRASHES)
    assert job.failure is not None
    assert job.failure["code"] == "crashed"
    assert "a library broke" in job.failure["tail"]
    assert "status 3" in job.reason


def test_a_crash_after_progress_begins_the_count_anew(
    database: Database, shared: Settings, worker: Worker
) -> None:
    job_id = queued(database, shared, steps=10_000, every=1, seconds=0.02)
    for _ in range(MOST_CRASHES + 2):
        before = job_of(database, job_id).step or 0
        turn_until(worker, lambda at=before: (job_of(database, job_id).step or 0) > at + 2)  # type: ignore[misc]
        child = worker.children[0]
        child.kill()
        turn_until(worker, lambda old=child: old not in worker.children)  # type: ignore[misc]
    assert job_of(database, job_id).crashes <= 1


def test_a_failure_that_has_words_is_final_and_can_be_tried_again(
    database: Database, shared: Settings, worker: Worker
) -> None:
    job_id = queued(database, shared, steps=5, fail_at=4)
    turn_until(worker, lambda: job_of(database, job_id).state in ENDED)
    job = job_of(database, job_id)
    assert (job.state, job.tries, job.reason) == ("failed", 1, "The loss is no number any more.")
    with database.writing() as session:
        again = steering.retry_job(session, job_id, "lower rate")
        assert (again.state, again.failure) == ("queued", None)
    turn_until(worker, lambda: job_of(database, job_id).state in ENDED)
    assert job_of(database, job_id).tries == 2


@pytest.mark.parametrize(
    ("rows", "state", "left"),
    [("error\n", "failed", True), ("warning\n", "checking", True), ("crash\n", "failed", False)],
)
def test_the_preflight_blocks_asks_or_is_given_up(
    database: Database, shared: Settings, worker: Worker, rows: str, state: str, left: bool
) -> None:
    job_id = launched(database, shared, rows, steps=1)
    turn_until(
        worker,
        lambda: job_of(database, job_id).preflight or job_of(database, job_id).state in ENDED,
    )
    job = job_of(database, job_id)
    assert job.state == state
    assert bool(job.preflight) == left
    if state == "checking":
        with database.writing() as session:
            steering.start_job(session, job_id, accept_warnings=True)
        turn_until(worker, lambda: job_of(database, job_id).state in ENDED)
        assert job_of(database, job_id).state == "succeeded"


def test_a_job_cancelled_during_its_preflight_is_left_alone(
    database: Database, shared: Settings, worker: Worker
) -> None:
    job_id = launched(database, shared, "slow\n")
    turn_until(worker, lambda: worker.children)
    with database.writing() as session:
        steering.cancel_job(session, job_id)
    turn_until(worker, lambda: not worker.children, 5)
    assert job_of(database, job_id).state == "cancelled"


def test_a_deaf_process_is_killed_in_the_end(
    database: Database, shared: Settings, worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.training.child.HARD_SECONDS", 0.5)
    job_id = queued(database, shared, steps=10_000, seconds=0.02, deaf=True)
    turn_until(worker, lambda: job_of(database, job_id).step)
    with database.writing() as session:
        steering.pause_job(session, job_id)
    turn_until(worker, lambda: job_of(database, job_id).state == "paused", 10)


def test_a_folder_that_is_not_there_is_told_in_words(
    database: Database, shared: Settings, worker: Worker
) -> None:
    job_id = queued(database, shared)
    folders.remove(shared, job_id)
    turn_until(worker, lambda: job_of(database, job_id).state == "failed", 5)
    assert "share the data folder" in job_of(database, job_id).reason


def test_a_process_whose_lease_is_over_is_ended_and_that_is_no_fault_of_the_job(
    database: Database, shared: Settings, worker: Worker
) -> None:
    job_id = queued(database, shared, steps=10_000, seconds=0.02)
    turn_until(worker, lambda: job_of(database, job_id).step)
    (child,) = worker.children
    worker.fence()
    assert child.process.poll() is None
    child.renewed -= 10
    worker.fence()
    child.process.wait(5)
    turn_until(worker, lambda: child not in worker.children)
    job = job_of(database, job_id)
    assert (job.state, job.crashes) in (("queued", 0), ("running", 0))


def test_each_of_several_slots_sees_a_device_of_its_own(
    database: Database, shared: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert environment(1)["CUDA_VISIBLE_DEVICES"] == "6"
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert environment(1)["CUDA_VISIBLE_DEVICES"] == "1"
    monkeypatch.setenv("FORMFACT_SECRET_KEY", "s" * 40)
    assert "FORMFACT_SECRET_KEY" not in environment()
    for _ in range(3):
        queued(database, shared, steps=10_000, seconds=0.02)
    with worker_here(database, replace(shared, train_slots=2)) as worker:
        turn_until(worker, lambda: len(worker.children) == 2)
        assert {child.slot for child in worker.children} == {0, 1}


def test_a_deleted_job_is_cleared_away_with_its_folder_and_events(
    database: Database, shared: Settings, worker: Worker
) -> None:
    job_id = queued(database, shared, priority=1)
    other = queued(database, shared, steps=10_000, seconds=0.02)
    turn_until(worker, lambda: job_of(database, job_id).state in ENDED)
    with pytest.raises(Conflict), database.writing() as session:
        jobs.delete_job(session, other)
    with database.writing() as session:
        jobs.delete_job(session, job_id)
    assert clear_deleted(database, shared) == 1
    assert not folder_of(shared, job_id).root.exists()
    assert events_of(database, job_id) == []
    assert events_of(database, other)


def test_four_workers_share_many_jobs_and_each_job_has_one_runner(
    database: Database, shared: Settings
) -> None:
    ids = [queued(database, shared, steps=6, seconds=0.005) for _ in range(16)]
    with workers(shared, 4):
        found = [ended(database, job_id) for job_id in ids]
    assert {job.state for job in found} == {"succeeded"}
    assert {job.tries for job in found} == {1}
    assert {(job.report or {})["weights_hash"] for job in found} == {weights(6)}
    assert {runners_at_once(shared, job_id) for job_id in ids} == {1}
    for job_id in ids:
        assert steps_told(database, job_id) == list(range(1, 7))
