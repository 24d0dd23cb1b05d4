from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.serving.wording import Speller, StopFilter

LETTERS = st.text("ab.", max_size=12)


@given(st.lists(LETTERS, max_size=8), st.lists(LETTERS.filter(bool), max_size=3))
def test_what_gets_through_is_the_text_up_to_the_first_stop(
    pieces: list[str], stops: list[str]
) -> None:
    text = "".join(pieces)
    places = [place for stop in stops if (place := text.find(stop)) >= 0]
    gate = StopFilter(stops)

    passed = "".join(gate.feed(piece) for piece in pieces) + gate.rest()

    # of two stops the one that is complete first counts, and it may begin later
    complete = [text.find(stop) + len(stop) for stop in stops if stop in text]
    assert gate.found == bool(places)
    assert text.startswith(passed)
    assert not any(stop in passed for stop in stops)
    if not places:
        assert passed == text
    else:
        assert len(passed) <= min(complete)


def test_nothing_that_may_begin_a_stop_gets_through_early() -> None:
    gate = StopFilter(["END"])

    assert gate.feed("the E") == "the "
    assert gate.feed("N") == ""
    assert gate.feed("V") == "ENV"
    assert gate.feed("END more") == ""
    assert gate.found


@pytest.mark.filterwarnings("ignore::FutureWarning")
@given(text=st.text(max_size=40))
def test_tokens_one_by_one_spell_the_text(models: Path, text: str) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(models / "base")
    tokens = tokenizer.encode(text, add_special_tokens=False)
    speller = Speller(tokenizer)

    spelled = "".join(speller.spell(token) for token in tokens) + speller.rest()

    assert spelled == tokenizer.decode(tokens, skip_special_tokens=True)
