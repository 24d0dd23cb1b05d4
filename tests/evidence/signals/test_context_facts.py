"""Numbers and names that no passage holds."""

from __future__ import annotations

from hypothesis import given

from evidence.signals.context_facts import detect
from tests.evidence.signals.comparing import HOSTILE, answered, marked, values

PASSAGE = "The bridge of Ostby was opened in 1934 by Queen Maud."
ASK = "Tell the history of the bridge in two sentences?"


def test_numbers_and_names_of_the_passage_are_not_new() -> None:
    view = answered(ASK, "It was opened in 1934 by Queen Maud.", None, PASSAGE)

    assert values(detect, view) == {"numbers_not_in_context": False, "names_not_in_context": False}


def test_a_number_and_a_name_from_elsewhere_are_seen_and_marked() -> None:
    view = answered(ASK, "It was opened in 1951 by King Haakon.", None, PASSAGE)

    assert values(detect, view) == {"numbers_not_in_context": True, "names_not_in_context": True}
    assert marked(detect, view) == ["1951", "King Haakon"]


def test_a_summary_is_held_against_its_text_and_a_poem_is_not() -> None:
    summary = answered("Summarise the text.", "The bridge was opened in 1951.", None, PASSAGE)
    poem = answered("Write a poem on it.", "In 1951 the bridge stood still.", None, PASSAGE)

    assert values(detect, summary)["numbers_not_in_context"] is True
    assert values(detect, poem) == {}


def test_small_counts_are_made_while_writing() -> None:
    view = answered(ASK, "There are 2 reasons for it.", None, PASSAGE)

    assert values(detect, view)["numbers_not_in_context"] is False


def test_without_passages_nothing_is_measured() -> None:
    assert values(detect, answered(ASK, "It was opened in 1951.")) == {}


@given(HOSTILE, HOSTILE)
def test_no_text_breaks_it(answer: str, passage: str) -> None:
    values(detect, answered(ASK, answer, None, passage))
