from __future__ import annotations

from typing import Any

import pytest

from evidence.records import FailureRecord
from evidence.retrieval.misses import REMEDIES, Asked, Looking, Miss, look, summary
from evidence.retrieval.shapes import Hit, Passage, Question
from evidence.retrieval.wording import Shared

GOLD = Passage("d#0-40", "d", 0, 40, "The warranty of the pump lasts three long years.", tokens=10)
OTHERS = [Passage(f"o{number}#0-5", f"o{number}", 0, 5, "Other.", tokens=10) for number in range(9)]
TOKENS = {item.id: item.tokens for item in (GOLD, *OTHERS)}
QUESTION = Question("q", "How long is the warranty?", "three long years")


def asked(rank: int | None, overlap: float = 0.5, names: tuple[str, ...] = ()) -> Asked:
    """The relevant passage at this rank of both retrievers, BM25's and that by meaning."""
    order = [item.id for item in OTHERS]
    if rank is not None and rank <= 10:
        order.insert(rank - 1, GOLD.id)
    ranking = [Hit(name, 1 / place) for place, name in enumerate(order, 1)]
    rankings = {"bm25": ranking, "embedding": ranking}
    return Asked(QUESTION, (GOLD,), Shared(overlap, names), rankings, dict.fromkeys(rankings, rank))


def record(output: str = "Five.", context: Any = None) -> FailureRecord:
    return FailureRecord(id="q", input=QUESTION.text, output=output, context=context)


def reason(one: Asked, **more: Any) -> str | None:
    found = look(one, Looking(**{"retriever": "bm25", "tokens_of": TOKENS, **more}))
    return found.reason if found else None


def sign(one: Asked, retriever: str) -> str | None:
    found = look(one, Looking(retriever, TOKENS))
    assert isinstance(found, Miss)
    return found.sign


@pytest.mark.parametrize("rank", [1, 10])
def test_what_is_among_the_first_ten_does_not_fail(rank: int) -> None:
    assert reason(asked(rank)) is None


@pytest.mark.parametrize("rank", [11, 60, None])
def test_what_comes_later_or_never_fails(rank: int | None) -> None:
    assert reason(asked(rank)) == "not_in_top_k"


def test_few_shared_words_are_the_sign_that_embeddings_help() -> None:
    assert sign(asked(None, overlap=0.1), "bm25") == "few_shared_words"
    assert sign(asked(None, overlap=0.9), "bm25") == "outranked"


def test_a_lost_name_is_the_sign_that_word_search_helps() -> None:
    assert sign(asked(None, names=("C2065",)), "embedding") == "names_lost"
    assert sign(asked(None, overlap=0.1), "embedding") == "outranked"
    assert sign(asked(None, names=("C2065",)), "bm25") == "outranked"


def test_a_passage_beyond_the_budget_was_cut() -> None:
    assert reason(asked(3), budget=30) is None
    assert reason(asked(3), budget=29) == "cut_by_budget"


def test_a_right_answer_in_the_log_is_no_failure_wherever_the_passage_is() -> None:
    right = {"q": record("It lasts three long years.")}

    assert reason(asked(None), records=right) is None


def test_an_answer_in_the_prompt_that_was_missed_was_ignored() -> None:
    held = {"q": record(context=["Irrelevant.", "The pump: three long years."])}
    whole = {"q": record(context=f"Passages:\n{GOLD.text}")}

    assert reason(asked(1), records=held) == "found_and_ignored"
    assert reason(asked(None), records=whole) == "found_and_ignored"


def test_a_found_passage_that_the_prompt_lacks_was_lost_on_the_way() -> None:
    without = {"q": record(context=["Something else."])}

    assert reason(asked(1), records=without, in_use=True) == "cut_by_budget"
    assert reason(asked(1), records=without) == "missing_from_prompt"
    assert reason(asked(None), records=without) == "not_in_top_k"


def test_a_record_without_a_context_says_nothing_of_the_prompt() -> None:
    assert reason(asked(1), records={"q": record()}) is None


def test_reasons_are_counted_with_shares_examples_and_remedies() -> None:
    every = [asked(1)] * 5 + [asked(None, overlap=0.1)] * 7

    found = summary(every, {"gone": "Where is it?"}, Looking("bm25", TOKENS))

    assert (found["questions"], found["failed"]) == (13, 8)
    assert list(found["reasons"]) == ["not_in_top_k", "not_in_documents"]
    most = found["reasons"]["not_in_top_k"]
    assert (most["count"], most["n"]) == (7, 13)
    assert most["low"] < 7 / 13 < most["high"]
    assert most["remedy"] == REMEDIES["not_in_top_k"]
    assert len(most["examples"]) == 5
    assert most["examples"][0]["passages"] == [GOLD.id]
    assert most["signs"]["few_shared_words"]["count"] == 7
    assert found["reasons"]["not_in_documents"]["examples"][0]["question"] == "gone"


def test_other_retrievers_that_found_it_are_named() -> None:
    one = asked(None)
    other = Asked(
        one.question, one.gold, one.shared, one.rankings, {"bm25": None, "embedding": 2, "own": 40}
    )
    found = look(other, Looking("bm25", TOKENS))

    assert found is not None
    assert found.found_by == ("embedding",)
    assert (
        summary([other], {}, Looking("bm25", TOKENS))["reasons"]["not_in_top_k"]["signs"][
            "outranked"
        ]["found_by_another"]
        == 1
    )


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []

    summary([asked(1)] * 3, {}, Looking("bm25", TOKENS), lambda done, of: told.append((done, of)))

    assert told == [(1, 3), (2, 3), (3, 3)]
