from __future__ import annotations

from evidence.retrieval.shapes import Passage
from evidence.retrieval.wording import Shared, Wording, names_in, wording


def passage(text: str, name: str = "d#0-1", heading: str = "") -> Passage:
    return Passage(name, name.partition("#")[0], 0, len(text), text, heading)


def test_names_and_codes_are_told_from_words() -> None:
    text = "Why does COleDateTime::GetStatus give C2065 with max_tokens, the NATO and Berlin?"

    assert names_in(text) == ["COleDateTime::GetStatus", "C2065", "max_tokens", "NATO"]


def test_a_question_shares_words_whatever_their_endings() -> None:
    found = Wording().shared("cancelling subscriptions", [passage("Cancel your subscription.")])

    assert found.overlap == 1
    assert found.kind == "exact_terms"


def test_the_passage_with_most_in_common_counts() -> None:
    passages = [passage("weather", "a#0-1"), passage("refund of a deposit", "b#0-1")]

    assert Wording().shared("refund deposit", passages).overlap == 1


def test_a_shared_name_makes_a_question_exact_though_its_words_differ() -> None:
    question = "what on earth shall I do whenever my build stops showing C2065 again"
    found = Wording().shared(question, [passage("Error C2065: undeclared identifier")])

    assert found.names == ("C2065",)
    assert found.overlap < 0.4
    assert found.kind == "exact_terms"


def test_a_name_that_the_passage_lacks_is_not_shared() -> None:
    found = Wording().shared("fix C2065", [passage("Error C2066")])

    assert found.names == ()
    assert found.kind != "exact_terms"


def test_headings_count_as_the_passage() -> None:
    found = Wording().shared("warranty", [passage("Three years.", heading="Warranty")])

    assert found.overlap == 1


def test_nothing_asked_or_nothing_relevant_shares_nothing() -> None:
    assert Wording().shared("", [passage("text")]).overlap == 0
    assert Wording().shared("text", []) == Shared(0.0, ())


def test_kinds_are_counted() -> None:
    found = wording([Shared(0.1, ()), Shared(0.5, ()), Shared(0.9, ()), Shared(0.1, ("C1",))])

    assert found == {"exact_terms": 2, "own_words": 1, "between": 1}
