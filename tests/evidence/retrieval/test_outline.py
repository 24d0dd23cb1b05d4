"""The parts of a text, held to a Markdown library's."""

from __future__ import annotations

import itertools
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from evidence.retrieval.outline import blocks, headings

ATX = re.compile(r" {0,3}#{1,6}(?: |$)")
LINES = st.sampled_from(
    [
        "# One",
        "##  Two ##",
        "####### seven",
        "#nothing",
        "words",
        "more words",
        "",
        "===",
        "---",
        "```",
        "```` sh",
        "~~~",
        "    # indented",
        "  # three",
    ]
)


@settings(max_examples=400)
@given(lines=st.lists(LINES, max_size=12))
def test_atx_headings_are_those_that_a_markdown_library_finds(lines: list[str]) -> None:
    text = "\n".join(lines)
    tokens = MarkdownIt().parse(text)
    opened = [one for one in tokens if one.type == "heading_open" and one.markup[0] == "#"]

    found = [(one.level, text.count("\n", 0, one.start)) for one in headings(text)]

    assert [(int(one.tag[1]), one.map[0]) for one in opened if one.map] == [
        (level, line) for level, line in found if ATX.match(lines[line])
    ]


@given(lines=st.lists(LINES, max_size=12))
def test_the_parts_follow_each_other_and_hold_everything(lines: list[str]) -> None:
    text = "\n".join(lines)

    parts = list(blocks(text))

    said = "".join(text[one.start : one.end] for one in parts)
    assert "".join(said.split()) == "".join(text.split())
    assert all(a.end <= b.start for a, b in itertools.pairwise(parts))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("## The `make` *target*", "The make target"),
        ("# [Install](https://example.org/x) it ##", "Install it"),
        ("# snake_case_names stay {#anchor}", "snake_case_names stay"),
        ("#", ""),
    ],
)
def test_a_heading_is_told_in_words(line: str, words: str) -> None:
    assert [one.text for one in headings(line)] == [words]


def test_an_underlined_line_is_a_heading() -> None:
    found = list(headings("Guide\n=====\nwords\n\nInstall\n---\n- item\n---"))

    assert [(one.level, one.text) for one in found] == [(1, "Guide"), (2, "Install")]


def test_a_page_break_ends_a_paragraph() -> None:
    assert len(list(blocks("one\ftwo", marked=False))) == 2
