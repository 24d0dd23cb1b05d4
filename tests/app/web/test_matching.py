from __future__ import annotations

import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from app.web.matching import matcher


def marks(markup: str) -> list[str]:
    return [unescape(text) for text in re.findall(r"<mark[^>]*>([^<]*)</mark>", markup)]


def without_tags(markup: str) -> str:
    return unescape(re.sub(r"<[^>]*>", "", markup))


def test_words_of_the_question_are_marked_by_their_stems_and_stop_words_are_not() -> None:
    found = matcher("How long is the warranty of printers?").mark("The printer has warranties.")

    assert marks(found) == ["printer", "warranties"]


def test_names_and_codes_stand_out_more_than_words() -> None:
    found = matcher("What does error C2065 mean?").mark("Error C2065: undeclared identifier")

    assert '<mark class="evidence decisive" data-n="">C2065</mark>' in found
    assert '<mark class="evidence" data-n="">Error</mark>' in found


def test_marks_have_no_anchors_so_that_many_texts_stand_on_one_page() -> None:
    assert " id=" not in matcher("warranty").mark("warranty and warranty")


def test_what_is_hostile_stays_text() -> None:
    found = matcher("script alert").mark("<script>alert(1)</script>")

    assert "<script" not in found
    assert without_tags(found) == "<script>alert(1)</script>"


def test_words_are_cut_as_the_probe_did() -> None:
    settings = {"tokenizer": {"stemmer": None, "stop_words": None, "identifiers": False}}
    result = {"retrievers": {"bm25": {"settings": settings}}}

    assert marks(matcher("the printers", result).mark("the printer, the printers")) == [
        "the",
        "the",
        "printers",
    ]


def test_settings_of_a_later_version_do_not_break_the_page() -> None:
    result = {"retrievers": {"bm25": {"settings": {"tokenizer": {"stemmer": "klingon"}}}}}

    assert marks(matcher("warranty", result).mark("a warranty")) == ["warranty"]


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_text_keeps_its_length_whatever_is_asked(question: str, text: str) -> None:
    found = matcher(question).mark(text)

    assert len(without_tags(found)) == len(text)
