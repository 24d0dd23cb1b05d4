from __future__ import annotations

import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from app.openai.tool_calls import BEGIN, Calls

CALL = '<tool_call>\n{"name": "weather", "arguments": {"city": "Bern"}}\n</tool_call>'


def cut(text: str, places: list[int]) -> list[str]:
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    return [text[start:end] for start, end in pairwise(edges)]


@given(st.lists(st.integers(0, 400), max_size=6))
def test_calls_are_found_however_the_text_comes(places: list[int]) -> None:
    calls = Calls()
    text = "".join(calls.feed(piece) for piece in cut(f"I look. {CALL}{CALL}", places))
    rest, found = calls.rest()

    assert text + rest == "I look. "
    assert [call["function"]["name"] for call in found] == ["weather", "weather"]
    assert json.loads(found[0]["function"]["arguments"]) == {"city": "Bern"}
    assert found[0]["id"] != found[1]["id"]


@given(st.text("<tol_ca>{}x", max_size=40), st.lists(st.integers(0, 400), max_size=6))
def test_text_without_a_call_comes_through_whole(text: str, places: list[int]) -> None:
    calls = Calls()
    told = "".join(calls.feed(piece) for piece in cut(text, places))
    rest, found = calls.rest()
    assert told + rest == text
    assert found == []


def test_a_call_that_cannot_be_read_stays_text() -> None:
    calls = Calls()
    text = f"{BEGIN} not JSON"
    assert calls.feed(text) == ""
    assert calls.rest() == (text, [])
