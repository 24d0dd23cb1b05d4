from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from app.probe_track import CUT, KEEP, READ, WHOLE, Track

NAMES = ["bm25", "embedding", "rerank:hybrid", "endpoint"]
STAGES = [READ, CUT, KEEP, *(f"{act} {name}" for name in NAMES for act in ("index", "search"))]


@given(
    told=st.lists(
        st.tuples(
            st.sampled_from([*STAGES, "something new"]),
            st.integers(0, 1_000),
            st.integers(0, 1_000),
        )
    )
)
def test_the_work_never_goes_back_and_never_beyond_its_end(
    told: list[tuple[str, int, int]],
) -> None:
    track = Track.of(NAMES)
    before = 0
    for stage, done, total in told:
        track.at(stage, min(done, total), total)
        assert before <= track.position <= WHOLE
        assert track.stage.startswith(stage)
        before = track.position


def test_the_last_stage_ends_at_the_whole() -> None:
    track = Track.of(["bm25"])
    track.at("index bm25", 50, 200)
    assert track.stage == "index bm25: 50 of 200"
    assert 0 < track.position < WHOLE
    track.at(KEEP, 4, 4)
    assert track.position == WHOLE


def test_what_takes_long_has_the_larger_share() -> None:
    track = Track.of(["bm25", "embedding"])
    assert track.weights["index embedding"] > 5 * track.weights["index bm25"]
