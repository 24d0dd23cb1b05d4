from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.drawing import interval, over_time, saturation
from app.drawing.interval import LEFT, RIGHT, place
from app.drawing.plot import whole_ticks

SVG = "{http://www.w3.org/2000/svg}"
NOTHING = {"count": 0, "n": 0, "share": None, "low": None, "high": None}


def share(value: float, low: float, high: float) -> dict[str, Any]:
    return {"count": 1, "n": 1, "share": value, "low": low, "high": high}


def curve(*points: tuple[int, int], chance: float | None = 0.02) -> dict[str, Any]:
    last = points[-1][0] if points else None
    return {
        "points": [list(point) for point in points],
        "chance_of_new": chance,
        "last_new_at": last,
    }


def period(start: str, information: dict[str, Any], behavior: dict[str, Any]) -> dict[str, Any]:
    return {"start": start, "days": 7, "n": 20, "information": information, "behavior": behavior}


WEEKS = [
    period("2026-01-05", share(0.65, 0.5, 0.77), share(0.2, 0.1, 0.4)),
    period("2026-01-12", share(0.4, 0.3, 0.6), NOTHING),
]
PICTURES = [
    interval(share(0.65, 0.5, 0.77), "a", "Information", "information"),
    interval(NOTHING, "b", "Nothing"),
    saturation(curve((1, 1), (4, 2), (300, 3))),
    saturation(curve(chance=None)),
    over_time(WEEKS),
    over_time(WEEKS[:1]),
    over_time([]),
]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own picture


def said(svg: str) -> str:
    found = parsed(svg).find(f"{SVG}desc")
    assert found is not None
    return found.text or ""


@pytest.mark.parametrize("svg", PICTURES)
def test_a_picture_has_a_title_and_nothing_that_the_policy_would_stop(svg: str) -> None:
    root = parsed(svg)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title") is not None
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in ("style", "script", "image", "use", "a")
        assert not {name for name in element.attrib if name == "style" or name.startswith("on")}


@pytest.mark.parametrize("svg", PICTURES)
def test_everything_stands_inside_the_picture(svg: str) -> None:
    root = parsed(svg)
    _, _, width, height = map(float, (root.get("viewBox") or "").split())
    for text in root.iter(f"{SVG}text"):
        length = 0.6 * 12 * len(text.text or "")
        x = float(text.get("x") or 0)
        left = {"end": x - length, "middle": x - length / 2}.get(text.get("text-anchor") or "", x)
        assert left >= -6
        assert left + length <= width + 6
        assert 0 < float(text.get("y") or 0) < height


def test_a_share_is_a_dot_inside_its_bar() -> None:
    svg = interval(share(0.65, 0.5, 0.77), "a", "Information", "information")
    (dot,), bars = list(parsed(svg).iter(f"{SVG}circle")), list(parsed(svg).iter(f"{SVG}rect"))
    start, wide = float(bars[0].get("x") or 0), float(bars[0].get("width") or 0)

    assert start < float(dot.get("cx") or 0) < start + wide
    assert said(svg) == "65%, 95% interval 50% to 77%."


def test_what_was_not_counted_has_no_dot() -> None:
    svg = interval(NOTHING, "b", "Nothing")

    assert list(parsed(svg).iter(f"{SVG}circle")) == []
    assert said(svg) == "Nothing was counted."


def test_hardly_any_is_not_called_none() -> None:
    assert said(interval(share(0.001, 0, 0.999), "c", "Rare")).startswith("under 1%, ")
    assert "to over 99%" in said(interval(share(0.001, 0, 0.999), "c", "Rare"))


@given(st.floats(-1, 2))
def test_every_share_has_a_place_on_the_line(value: float) -> None:
    assert LEFT <= place(value) <= RIGHT


@pytest.mark.parametrize(
    ("chance", "words"),
    [(0.001, "hardly show another kind"), (0.02, "may still be missing"), (0.3, "not complete")],
)
def test_the_curve_says_whether_reading_on_is_worth_it(chance: float, words: str) -> None:
    assert words in said(saturation(curve((1, 1), (90, 5), chance=chance) | {"last_new_at": 20}))


def test_the_curve_of_a_log_without_failures_says_so() -> None:
    assert "No failing record has shown a kind yet." in said(saturation(curve(chance=None)))


def test_every_period_is_told_and_what_is_not_known_is_not_drawn() -> None:
    svg = over_time(WEEKS)

    assert "From 5 Jan 2026, 20 records: information 65% (50% to 77%)" in said(svg)
    assert "behaviour not known" in said(svg)
    squares = [box for box in parsed(svg).iter(f"{SVG}rect") if box.get("class") == "mark"]
    assert len(squares) == 2  # one in the legend, one for the week that is known


@given(st.integers(0, 10_000_000))
def test_ticks_are_few_and_reach_the_largest(most: int) -> None:
    ticks = whole_ticks(most)

    assert ticks[0] == 0
    assert ticks[-1] >= most
    assert 2 <= len(ticks) <= 6


def test_a_new_kind_at_the_very_end_forbids_saying_that_the_list_is_complete() -> None:
    late = curve((1, 1), (90, 5), chance=0.001)
    early = late | {"last_new_at": 20}

    assert "may still be missing" in said(saturation(late))
    assert "hardly show another kind" in said(saturation(early))
