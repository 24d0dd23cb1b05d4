from __future__ import annotations

from xml.etree import ElementTree

from app.drawing.graph import Column, Edge, Node, by_position, graph

SVG = "{http://www.w3.org/2000/svg}"
LEFT = Column("Facts", (Node("a", "First <fact>"), Node("b", "x" * 80)), 20)
RIGHT = Column("Steps", (Node("c", "A step"),), 20)


def drawn(edges: list[Edge]) -> ElementTree.Element:
    svg = graph("g", "Title", "In words.", [LEFT, RIGHT], edges)
    return ElementTree.fromstring(svg)  # noqa: S314  # our own picture


def test_graph_has_its_nodes_its_lines_and_its_words() -> None:
    edges = [Edge("a", "c", "for"), Edge("b", "c", "against"), Edge("a", "nowhere", "for")]
    root = drawn(edges)
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert texts[:2] == ["Facts", "First <fact>"]
    lines = [path for path in root.iter(f"{SVG}path") if "edge" in (path.get("class") or "")]
    assert [line.get("class") for line in lines] == ["edge edge-for", "edge edge-against"]
    assert [line.get("stroke-dasharray") is None for line in lines] == [True, False]


def test_long_words_are_cut_so_that_columns_do_not_overlap() -> None:
    root = drawn([])
    long = [text.text for text in root.iter(f"{SVG}text") if (text.text or "").endswith("…")]
    assert all(len(text or "") <= 20 for text in long)


def test_nodes_are_sorted_by_where_their_neighbours_stand() -> None:
    edges = [("late", "r3"), ("early", "r1"), ("middle", "r1"), ("middle", "r3")]
    order = by_position(["none", "late", "middle", "early"], edges, ["r1", "r2", "r3"])
    assert order == ["early", "middle", "late", "none"]
