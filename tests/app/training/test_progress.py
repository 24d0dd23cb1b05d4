"""How far a job is, and when it will be done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.settings import Settings
from app.storage import Database, TrainEvent, TrainJob
from app.training.presence import register
from app.training.progress import progress_of, seconds_left, stages_told
from tests.app.training.scenes import put

START = datetime(2026, 11, 1, tzinfo=UTC)


def steps(paces: list[float]) -> list[TrainEvent]:
    """Events of steps, newest first, so many seconds apart."""
    moments = [START]
    for pace in paces:
        moments.append(moments[-1] + timedelta(seconds=pace))
    return [TrainEvent(kind="metric", at=at, data={}) for at in reversed(moments)]


def stage(name: str, **data: object) -> TrainEvent:
    return TrainEvent(kind="stage", at=START, data={"stage": name, **data})


@given(st.floats(0.01, 100), st.integers(3, 50), st.integers(0, 1000), st.integers(1, 1000))
def test_the_rest_takes_as_long_as_the_pace_of_the_last_steps_says(
    pace: float, many: int, step: int, total: int
) -> None:
    job = TrainJob(step=step, total_steps=total)
    left = seconds_left(job, steps([pace] * many))

    assert left == pytest.approx(max(0, total - step) * pace, rel=1e-3, abs=1e-3)


def test_a_pause_between_two_steps_does_not_slow_the_rest_down() -> None:
    job = TrainJob(step=50, total_steps=60)

    assert seconds_left(job, steps([1, 1, 3600, 1, 1])) == 10


@pytest.mark.parametrize("total", [None, 100])
def test_without_steps_or_their_number_the_end_is_not_known(total: int | None) -> None:
    assert seconds_left(TrainJob(step=1, total_steps=total), steps([1] * (total is None))) is None


def test_stages_are_done_under_way_or_not_begun() -> None:
    told = stages_told([
        stage("evaluate", done=40, total=100),
        stage("evaluate", done=3, total=6),
        stage("train", done=3, total=6, seconds=12.5),
        stage("train", done=2, total=6),
        stage("<script>", done=2, total=6),
    ])  # fmt: skip

    assert set(told) == {"train", "evaluate"}
    assert (told["train"].standing, told["train"].seconds) == ("done", 12.5)
    assert (told["evaluate"].standing, told["evaluate"].share) == ("now", 0.4)


def test_a_job_knows_its_share_its_place_and_the_workers(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    database = Database(settings.url)
    database.upgrade()
    ids = [put(database, settings, state) for state in ("running", "queued", "queued")]
    with database.writing() as session:
        register(session, "w", 1)
        running, _, last = (progress_of(session, session.get_one(TrainJob, key)) for key in ids)
    database.close()

    assert running.share == pytest.approx(0.4)
    assert running.seconds_left == pytest.approx(60)
    assert [item.standing for item in running.stages] == ["done", "done", "now"] + ["later"] * 3
    assert running.waiting is None
    assert (last.waiting, last.workers, last.seconds_left) == (1, 1, None)
