from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.drawing.retrievers import (
    LEFT,
    RIGHT,
    WIDTH,
    Pair,
    Row,
    beside,
    differences,
    figures,
    place,
)

SVG = "{http://www.w3.org/2000/svg}"
LONG = "A search of our own that has a very long name & <b>marks</b>"
ROWS = [Row("BM25", 0.71, 0.65, 0.77, chosen=True), Row(LONG, 0.5, 0.4, 0.6)]
PAIRS = [
    Pair("Embeddings against BM25", 0.05, 0.02, 0.08, beyond_noise=True),
    Pair(LONG, -0.01, -0.2, 0.1, beyond_noise=False),
]
PICTURES = [
    figures(ROWS, "a", "nDCG@10"),
    figures([], "b", "Nothing"),
    differences(PAIRS, 0.03, "c", "Differences"),
    differences([], 0.03, "d", "Differences"),
]


def parsed(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)  # noqa: S314  # our own picture


def said(svg: str) -> str:
    found = parsed(svg).find(f"{SVG}desc")
    assert found is not None
    return found.text or ""


def shapes(svg: str, tag: str, name: str) -> list[ElementTree.Element]:
    return [item for item in parsed(svg).iter(f"{SVG}{tag}") if item.get("class") == name]


@pytest.mark.parametrize("svg", PICTURES)
def test_a_picture_has_a_title_and_nothing_that_the_policy_would_stop(svg: str) -> None:
    root = parsed(svg)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title") is not None
    for element in root.iter():
        assert element.tag.removeprefix(SVG) not in ("style", "script", "image", "use", "a", "b")
        assert not {name for name in element.attrib if name == "style" or name.startswith("on")}


@pytest.mark.parametrize("svg", PICTURES)
def test_all_words_stand_inside_the_picture(svg: str) -> None:
    root = parsed(svg)
    height = float(root.get("height") or 0)
    for text in root.iter(f"{SVG}text"):
        length = 0.58 * 12 * len(text.text or "")
        x = float(text.get("x") or 0)
        left = {"end": x - length, "middle": x - length / 2}.get(text.get("text-anchor") or "", x)
        assert left >= -6
        assert left + length <= WIDTH + 6
        assert 0 < float(text.get("y") or 0) <= height


def test_each_retriever_is_a_dot_inside_its_interval_and_the_chosen_one_is_a_square() -> None:
    svg = figures(ROWS, "a", "nDCG@10")
    spreads = shapes(svg, "rect", "spread")
    (square,), (disc,) = shapes(svg, "rect", "mark"), shapes(svg, "circle", "mark")
    middles = [float(square.get("x") or 0) + 5, float(disc.get("cx") or 0)]
    for spread, middle in zip(spreads, middles, strict=True):
        start = float(spread.get("x") or 0)
        assert start < middle < start + float(spread.get("width") or 0)


def test_the_figures_are_said_in_words_whole_labels_included() -> None:
    words = said(figures(ROWS, "a", "nDCG@10"))

    assert "BM25 0.710, 95% interval 0.650 to 0.770." in words
    assert LONG in words


def test_what_noise_could_explain_is_a_ring() -> None:
    svg = differences(PAIRS, 0.03, "c", "Differences")

    assert len(shapes(svg, "circle", "mark")) == 1
    assert len(shapes(svg, "circle", "line")) == 1
    assert "+0.050, 95% interval +0.020 to +0.080, more than noise." in said(svg)
    assert "noise could explain it. A useful gain is 0.03." in said(svg)


def test_one_retriever_alone_has_nothing_to_compare_with() -> None:
    assert "one retriever was measured" in said(differences([], 0.03, "d", "Differences"))


@given(st.floats(-1, 2), st.floats(-2, 2))
def test_every_number_has_a_place_in_the_picture(value: float, difference: float) -> None:
    assert LEFT <= place(value) <= RIGHT
    assert 0 < beside(difference, 0.1) < WIDTH


def test_no_difference_is_the_middle() -> None:
    assert beside(0, 0.3) == WIDTH / 2
