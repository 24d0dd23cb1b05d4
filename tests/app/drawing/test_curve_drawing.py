from __future__ import annotations

import math
from itertools import pairwise
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from app.drawing.curve import (
    EMPTY,
    HEIGHT,
    MOST_POINTS,
    WIDTH,
    Axes,
    Line,
    curves,
    figure,
    finite,
    round_ticks,
    step_ticks,
    table,
)

SVG = "{http://www.w3.org/2000/svg}"
LOSS = Axes("loss", last=100)
values = st.floats(allow_nan=True, allow_infinity=True, width=32)
points = st.lists(values, max_size=400).map(lambda found: list(enumerate(found, start=1)))


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own picture


def said(svg: str) -> str:
    return parsed(svg).findtext(f"{SVG}desc") or ""


def spots(svg: str) -> list[tuple[float, float]]:
    """Every place that a line goes through or ends in."""
    root = parsed(svg)
    found = [
        (float(item.get("cx") or 0), float(item.get("cy") or 0))
        for item in root.iter(f"{SVG}circle")
    ]
    for path in root.iter(f"{SVG}path"):
        if path.get("class") == "line" and "L" in (path.get("d") or ""):
            pairs = (path.get("d") or "")[1:].split(" L")
            found += [(float(x), float(y)) for x, y in (pair.split() for pair in pairs)]
    return found


@given(points, points, st.booleans(), st.integers(0, 1000))
def test_whatever_is_measured_is_drawn_inside_the_picture(
    first: list[tuple[int, float]], second: list[tuple[int, float]], zero: bool, last: int
) -> None:
    axes = Axes("loss", last=last, from_zero=zero)
    svg = curves([Line("Training", first), Line("Validation", second)], axes, "c", "Loss")

    for x, y in spots(svg):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT
    assert "nan" not in svg
    assert "inf" not in svg


@given(points)
def test_all_words_stand_inside_the_picture(found: list[tuple[int, float]]) -> None:
    root = parsed(curves([Line("Training", found), Line("Validation", [])], LOSS, "c", "Loss"))
    for text in root.iter(f"{SVG}text"):
        length = 0.58 * 12 * len(text.text or "")
        x = float(text.get("x") or 0)
        left = {"end": x - length, "middle": x - length / 2}.get(text.get("text-anchor") or "", x)
        assert left >= -6, text.text
        assert left + length <= WIDTH + 6, text.text
        assert 0 < float(text.get("y") or 0) <= HEIGHT


@given(st.floats(-1e12, 1e12), st.floats(1e-9, 1e12))
def test_numbers_on_the_axis_are_evenly_apart_and_hold_what_was_measured(
    low: float, reach: float
) -> None:
    ticks = round_ticks(low, low + max(reach, abs(low) * 1e-6))
    assert ticks[0] <= low + 1e-6 * abs(low) + 1e-9 * reach
    assert ticks[-1] >= low + reach - 1e-5 * max(reach, abs(low))
    assert 2 <= len(ticks) <= 8
    assert all(first < second for first, second in pairwise(ticks))


@given(st.integers(0, 10**9))
def test_steps_on_the_axis_begin_with_nothing_and_end_with_the_last(last: int) -> None:
    ticks = step_ticks(last)
    assert ticks[0] == 0
    assert ticks[-1] == last
    assert len(ticks) <= 6
    assert ticks == sorted(set(ticks))


@given(points)
def test_a_line_is_thinned_and_keeps_its_last_number(found: list[tuple[int, float]]) -> None:
    kept, good = finite(found), [point for point in found if math.isfinite(point[1])]
    assert len(kept) <= MOST_POINTS + 1
    assert kept[-1:] == good[-1:]
    assert set(kept) <= set(good)


@given(points, points)
def test_the_table_says_what_is_drawn(
    first: list[tuple[int, float]], second: list[tuple[int, float]]
) -> None:
    rows = table([Line("Training", first), Line("Validation", second)])
    known = [dict(first), dict(second)]
    steps = [step for step, _ in rows]
    assert steps == sorted(set(steps))
    assert len(rows) <= 20
    for step, found in rows:
        for value, given_ in zip(found, known, strict=True):
            assert value is None or value == given_[step]


def test_the_lines_are_said_in_words() -> None:
    training = Line("Training", [(1, 4.0), (2, 0.5), (3, 1.0)])
    words = said(curves([training, Line("Validation", [(3, 0.75)])], LOSS, "c", "Loss"))

    assert "Training: from 4 at step 1 to 1 at step 3; lowest 0.5 at 2, highest 4 at 1." in words
    assert "Validation: 0.75 at step 3." in words


def test_nothing_measured_is_said_so() -> None:
    assert said(curves([Line("Training", [])], LOSS, "c", "Loss")) == EMPTY


def test_lines_differ_in_more_than_colour() -> None:
    many = [(step, 1.0 / step) for step in range(1, 60)]
    root = parsed(curves([Line("A", many), Line("B", many), Line("C", many)], LOSS, "c", "Loss"))
    lines = [item for item in root.iter(f"{SVG}path") if "L" in (item.get("d") or "")]

    assert len({line.get("stroke-dasharray") for line in lines}) == 3


def test_a_line_grows_towards_the_last_step_that_there_will_be() -> None:
    half = [(step, 1.0 / step) for step in range(1, 51)]
    ends = [
        max(x for x, _ in spots(curves([Line("A", half)], Axes("loss", last=last), "c", "L")))
        for last in (50, 100)
    ]

    assert ends[1] < 0.6 * ends[0] + 40 < ends[0]


def test_figures_read_well() -> None:
    found = [figure(value) for value in (0, 2e-5, 0.12345, 12.5, 1234.5, 12e9)]

    assert found == ["0", "2e-5", "0.1235", "12.5", "1,234", "1.2e10"]
