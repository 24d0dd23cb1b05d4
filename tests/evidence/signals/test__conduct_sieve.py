"""The quick look at a text never misses what the regular expressions would find."""

from __future__ import annotations

import pytest
import re2  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from evidence.signals._conduct_sieve import find, loosened, may_say, words_search
from evidence.signals._conduct_text import pattern_of, plain

KINDS = [
    ("refusal", "refuses"),
    ("refusal", "lectures"),
    ("refusal", "turns"),
    ("refusal", "denials"),
    ("refusal", "foreign"),
    ("refusal", "unspaced"),
    ("abstention", "abstains"),
    ("abstention", "foreign"),
    ("unsafe", "threat"),
    ("unsafe", "abuse"),
    ("time", "cutoff"),
    ("time", "current"),
]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_a_text_made_after_a_phrase_is_found(name: str, kind: str) -> None:
    @given(st.from_regex(pattern_of(name, kind)), st.text(max_size=30))
    def check(text: str, more: str) -> None:
        given_text = plain(f"{more} {text}")
        wanted = pattern_of(name, kind).search(given_text)
        found = find(name, kind, given_text)
        assert (found and found.span()) == (wanted and wanted.span())

    check()


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?<!\w)no(?! (?:one|body))\b", "say no."),
        (r"[\w ]{2,3}é", "ñé und çé"),
        (r"die(?:!|$)", "die\n"),
        (r"a\s+b", "a\u00a0b"),
        (r"\d{1,2}(?=%)", "٣%"),
    ],
)
def test_a_loosened_pattern_matches_where_the_pattern_does(pattern: str, text: str) -> None:
    assert re2.search(loosened(pattern), text)


def test_what_a_text_may_say_is_told_by_its_pieces() -> None:
    assert may_say("i cannot help with that") >= {"refusal.refuses", "abstention.abstains"}
    assert may_say("paris is the capital of france") == frozenset()


def test_odd_characters_are_no_trouble() -> None:
    assert may_say("\x00 i won't \ud800") == {"refusal.refuses"}
    assert words_search(("x.y", "q"))("\ud800 x.y")
    assert not words_search(("x.y",))("xzy")
