from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markupsafe import Markup

from app.markdown import as_code, as_url, escaped, indented

READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
ADDRESS = re.compile(r"(?i)\b(?:https?:|ftp:|mailto:|www\.)")


def shown(source: str) -> list[str]:
    """Kinds of things that Markdown makes of a text, besides plain words."""
    kinds = ["address"] if ADDRESS.search(source) else []
    for token in READER.parse(source):
        kinds.append(token.type)
        kinds += [child.type for child in token.children or []]
    plain = {"paragraph_open", "paragraph_close", "inline", "text", "text_special", "entity"}
    return [kind for kind in kinds if kind not in plain]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<!-- gone -->",
        "[click](javascript:alert(1))",
        "![pixel](https://example.org/p.png)",
        "see https://example.org/x and www.example.org",
        "# heading",
        "- item",
        "1. item",
        "1) item",
        "+ item",
        "> quote",
        "=====",
        "---",
        "***bold*** _soft_ ~~gone~~ `code`",
        "a | b",
        "&lt;b&gt; &amp;",
        "\\*not\\*",
        "line one\n\n# line two",
        "```{raw} html",
        "::: {raw} html",
        "% comment",
        "{raw}`x`",
    ],
)
def test_typed_text_is_shown_as_it_was_typed_and_does_nothing(text: str) -> None:
    source = str(escaped(text))
    assert shown(source) == []
    words = "".join(
        child.content for token in READER.parse(source) for child in token.children or []
    )
    assert words == " ".join(text.split())


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))))
def test_no_text_becomes_markup(text: str) -> None:
    assert shown(str(escaped(text))) == []


def test_safe_markup_is_left_alone_and_code_holds_backticks() -> None:
    assert escaped(Markup("**x**")) == "**x**"
    assert as_code("plain_id") == "`plain_id`"
    assert as_code("a`b``c") == "```a`b``c```"
    assert as_url("a b/../c") == "a%20b%2F..%2Fc"


def test_block_of_text_stays_a_block() -> None:
    assert shown(f"\n{indented('# a' + chr(10) + '<b>')}\n") == ["code_block"]


def test_a_signed_number_stays_readable_as_it_stands() -> None:
    assert escaped("+15.3 points") == "+15.3 points"
    assert "&#43;" in escaped("+ item")
