"""What every retriever keeps to, whichever there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from evidence.retrieval.retrievers._base import Retriever, retriever_modules
from evidence.retrieval.shapes import Passage, Ranking
from tests.evidence.retrieval.search_server import by_words, serving
from tests.evidence.retrieval.small_models import cross_encoder

TEXTS = {
    "d1": "The compiler stops with error C2065 when an identifier was not declared.",
    "d2": "Bread is baked from flour, water, salt and yeast.",
    "d3": "The linker reports LNK2019 for an unresolved external symbol.",
    "d4": "Sourdough bread needs no yeast from a packet, only time.",
    "d5": "東京都の天気は晴れです。",
    "d6": "Le café naïve du quartier est fermé.",
    "d7": "",
    "d8": "Bread is baked from flour, water, salt and yeast.",
}
QUESTIONS = [
    "Which error has an undeclared identifier?",
    "bread and yeast",
    "東京の天気",
    "café",
    "unresolved external symbol LNK2019",
]
ODD = ["", "   ", "zzzqqq xxyyzz", "\x00\x01", "🦉" * 50, "the of and", "bread " * 3_000]

Make = Callable[[], Retriever]


def passages(texts: dict[str, str] | None = None) -> list[Passage]:
    items = (TEXTS if texts is None else texts).items()
    return [Passage(f"{id_}#0-{len(text)}", id_, 0, len(text), text) for id_, text in items]


@pytest.fixture(scope="module")
def run_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("runs") / "ours.run"
    path.write_text("1 Q0 d1 1 9.5 ours\n2 Q0 d2 1 3 ours\n2 Q0 d8 2 3 ours\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def search_url() -> Iterator[str]:
    with serving(by_words(TEXTS)) as served:
        yield served.url


@pytest.fixture(scope="module", params=sorted(retriever_modules()))
def make(
    request: pytest.FixtureRequest,
    run_file: Path,
    search_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Make:
    found = retriever_modules()[request.param]
    if not found.available:
        pytest.skip(f"{found.needs} is not installed")
    needed: dict[str, dict[str, Any]] = {
        "endpoint": {"url": search_url},
        "run_file": {"path": run_file, "questions": {QUESTIONS[0]: "1", QUESTIONS[1]: "2"}},
        "embedding": {"cache": ""},
        "hybrid": {"settings": {"embedding": {"cache": ""}}},
    }
    if request.param == "rerank":
        place = cross_encoder(tmp_path_factory.mktemp("reranks"), QUESTIONS[0], TEXTS["d1"])
        needed["rerank"] = {"model": place}
    return lambda: found.make(**needed.get(request.param, {}))


@pytest.fixture(scope="module")
def indexed(make: Make) -> Retriever:
    retriever = make()
    retriever.index(passages())
    return retriever


def in_order(ranking: Ranking) -> bool:
    return all((-a.score, a.passage) < (-b.score, b.passage) for a, b in pairwise(ranking))


def test_scores_descend_and_ties_go_by_passage_id(indexed: Retriever) -> None:
    assert all(in_order(ranking) for ranking in indexed.search(QUESTIONS + ODD, 8))


def test_every_question_has_a_ranking_of_passages_that_are_there_each_once(
    indexed: Retriever,
) -> None:
    found = indexed.search(QUESTIONS + ODD)
    known = {passage.id for passage in passages()}
    assert len(found) == len(QUESTIONS + ODD)
    for ranking in found:
        ids = [hit.passage for hit in ranking]
        assert set(ids) <= known
        assert len(set(ids)) == len(ids)


def test_the_first_question_finds_its_passage_first(indexed: Retriever) -> None:
    assert indexed.search(QUESTIONS[:1])[0][0].passage.startswith("d1#")


@pytest.mark.parametrize("k", [0, 1, 3, 8, 1_000])
def test_no_more_hits_than_asked_for_and_they_are_the_first_of_more(
    indexed: Retriever, k: int
) -> None:
    some, many = indexed.search(QUESTIONS, k), indexed.search(QUESTIONS, 8)
    for few, more in zip(some, many, strict=True):
        assert [hit.passage for hit in few[:8]] == [hit.passage for hit in more[:k]]
        assert len(few) <= k


def same(some: list[Ranking], others: list[Ranking]) -> bool:
    """Whether the rankings agree, but for the last bits of the scores."""
    return all(
        [hit.passage for hit in one] == [hit.passage for hit in other]
        and [hit.score for hit in one]
        == pytest.approx([hit.score for hit in other], rel=1e-5, abs=3e-6)
        for one, other in zip(some, others, strict=True)
    )


def test_the_same_passages_in_any_order_give_the_same_rankings(
    make: Make, indexed: Retriever
) -> None:
    again = make()
    again.index(passages()[::-1])
    assert same(again.search(QUESTIONS), indexed.search(QUESTIONS))


def test_a_question_is_answered_alike_alone_and_among_others(indexed: Retriever) -> None:
    alone = [indexed.search([question])[0] for question in QUESTIONS + ODD]
    assert same(alone, indexed.search(QUESTIONS + ODD))


def test_nothing_indexed_and_nothing_asked_give_nothing(make: Make, indexed: Retriever) -> None:
    empty = make()
    empty.index([])
    assert empty.search(QUESTIONS) == [[] for _ in QUESTIONS]
    assert indexed.search([]) == []


def test_blank_questions_find_nothing(indexed: Retriever) -> None:
    assert indexed.search(["", " \n\t "]) == [[], []]


def test_passages_without_text_are_no_burden(make: Make) -> None:
    retriever = make()
    retriever.index(passages({"d1": "", "d2": "  "}))
    assert len(retriever.search(QUESTIONS)) == len(QUESTIONS)


def test_indexing_again_forgets_what_was_there(make: Make) -> None:
    retriever = make()
    retriever.index(passages())
    retriever.index([])
    assert retriever.search(QUESTIONS[:1]) == [[]]


def test_equal_passages_score_alike(indexed: Retriever) -> None:
    found = {hit.passage[:2]: hit.score for hit in indexed.search(["bread and yeast"], 8)[0]}
    if {"d2", "d8"} <= set(found):
        assert found["d2"] == pytest.approx(found["d8"], rel=1e-6)


def test_threads_may_search_at_once(indexed: Retriever) -> None:
    expected = indexed.search(QUESTIONS)
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: indexed.search(QUESTIONS), range(8)))
    assert all(same(each, expected) for each in found)


def test_the_settings_are_json_and_name_the_retriever(indexed: Retriever) -> None:
    told = json.loads(json.dumps(indexed.describe()))
    assert told["retriever"] == indexed.name


def test_progress_ends_with_all_of_them_and_can_stop_the_work(make: Make) -> None:
    seen: list[tuple[int, int]] = []
    make().index(passages(), lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(TEXTS), len(TEXTS))

    def cancel(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make().index(passages(), cancel)


def test_every_retriever_says_what_it_is() -> None:
    found = retriever_modules()
    assert {"bm25", "embedding", "endpoint", "hybrid", "rerank", "run_file"} <= set(found)
    assert all(item.about and item.name == name for name, item in found.items())
