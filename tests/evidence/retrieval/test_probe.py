from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest

from advisor_rules import default_rulebook
from evidence.records import FailureRecord
from evidence.retrieval.probe import NothingToMeasure, Settings, probe, relevance_of
from evidence.retrieval.retrievers._base import Progress, Retriever
from evidence.retrieval.retrievers.bm25 import make
from evidence.retrieval.running import Cancelled
from evidence.retrieval.shapes import Document, Passage, Question, Ranking

BOOK = default_rulebook()
LIMITS = BOOK.limits(BOOK.latest())
THINGS = ["pump", "valve", "hose", "boiler", "tap", "filter", "meter", "switch", "cable", "lamp"]
DOCUMENTS = [
    Document(f"d{n}", thing.title(), f"The {thing} {n} has a warranty of {n + 3} winters.")
    for n, thing in enumerate(THINGS * 3)
]
QUESTIONS = [
    Question(f"q{n}", f"warranty of {thing} {n}?", f"{n + 3} winters")
    for n, thing in enumerate(THINGS * 3)
]
QRELS = {f"q{n}": {f"d{n}": 1} for n in range(30)}
SMALL = {**LIMITS, "stuffing_limit": 10.0}
"""So that these few documents do not fit into the prompt."""


class Backwards:
    """Finds what BM25 finds, the worst first: a retriever that is surely no better."""

    name = "embedding"

    def __init__(self) -> None:
        self._right = make()

    def describe(self) -> dict[str, Any]:
        """What it is."""
        return {"order": "backwards"}

    def index(self, passages: Sequence[Passage], progress: Progress | None = None) -> None:
        """As BM25 does."""
        self._right.index(passages, progress)

    def search(self, questions: Sequence[str], k: int = 10) -> list[Ranking]:
        """BM25's hits from the last on."""
        return [ranking[::-1] for ranking in self._right.search(questions, k)]


def measured(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {"retrievers": [make(), Backwards()], "limits": SMALL, **more}
    qrels = given.pop("qrels", QRELS)
    return probe(DOCUMENTS, given.pop("questions", QUESTIONS), qrels, **given)


def test_the_result_has_the_shape_that_others_rely_on() -> None:
    found = measured()

    assert json.loads(json.dumps(found)) == found
    assert (found["documents"], found["passages"], found["questions"]) == (30, 30, 30)
    bm25 = found["retrievers"]["bm25"]
    for metric in ("ndcg@10", "recall@1", "recall@5", "recall@10", "mrr@10"):
        assert bm25[metric]["low"] <= bm25[metric]["value"] <= bm25[metric]["high"]
    assert bm25["index_seconds"] >= 0
    assert bm25["queries_per_second"] > 0
    assert bm25["settings"]["k1"] == 1.5
    [pair] = found["comparisons"]
    assert (pair["a"], pair["b"], pair["metric"]) == ("embedding", "bm25", "ndcg@10")
    assert {"difference", "low", "high", "p"} <= set(pair)
    assert set(found["verdict"]) >= {"retriever", "because"}


def test_the_better_retriever_is_told_from_the_worse() -> None:
    found = measured()

    assert found["verdict"]["retriever"] == "bm25"
    assert found["comparisons"][0]["difference"] < -0.3
    assert found["retrievers"]["bm25"]["recall@1"]["value"] == 1


def test_documents_that_fit_the_prompt_need_no_retriever() -> None:
    assert measured(limits=LIMITS)["verdict"]["decision"] == "stuff_prompt"


def test_relevance_guessed_from_answers_is_marked_weak_everywhere() -> None:
    found = measured(qrels=None)

    assert found["relevance"]["kind"] == "weak"
    assert found["retrievers"]["bm25"]["weak"]
    assert found["verdict"]["weak"]
    assert found["relevance"]["level"] == "passages"


def test_an_answer_in_no_document_is_told_apart_from_one_that_nobody_judged() -> None:
    gone = Question("gone", "Who is the mayor?", "Augusta Lindqvist")
    none = Question("none", "Who is it?")
    found = measured(questions=[*QUESTIONS, gone, none], qrels=None)

    assert found["relevance"]["absent"] == 1
    assert found["misses"]["bm25"]["reasons"]["not_in_documents"]["count"] == 1
    assert found["relevance"]["not_measured"] == {
        "no passage holds its answer": 1,
        "it has no reference answer": 1,
    }


def test_questions_judged_to_have_no_document_count_as_absent() -> None:
    qrels = {**QRELS, "q0": {"d4": 0, "d5": 0}}
    del qrels["q1"]

    found = relevance_of(QUESTIONS, qrels, [])

    assert found.absent == {"q0"}
    assert found.without == {"q0": "nothing is relevant to it", "q1": "it was not judged"}
    assert list(found.qrels) == [f"q{n}" for n in range(2, 30)]


def test_every_question_has_a_line_with_its_rank_in_each_retriever() -> None:
    line = measured()["per_question"][7]

    assert (line["id"], line["relevant"]) == ("q7", {"d7": 1})
    assert line["by"]["bm25"]["rank"] == 1
    assert line["by"]["embedding"]["rank"] > 1
    assert line["by"]["bm25"]["top"][0].startswith("d7#")


def test_the_log_says_what_was_in_the_prompt() -> None:
    wrong = FailureRecord(id="q3", input="?", output="No idea.", context=DOCUMENTS[3].text)

    found = measured(records={"q3": wrong})

    assert found["misses"]["bm25"]["reasons"]["found_and_ignored"]["count"] == 1


def test_the_same_input_gives_the_same_figures() -> None:
    one, other = measured(), measured()

    assert one["comparisons"] == other["comparisons"]
    assert one["per_question"] == other["per_question"]


def test_cost_is_given_where_there_is_a_price() -> None:
    settings = Settings(price_per_hour=2.0)

    found = measured(settings=settings)["retrievers"]["bm25"]

    assert found["cost_per_million_queries"] == pytest.approx(
        2 * found["machine_hours_per_million_queries"], abs=0.002
    )
    assert "cost_per_million_queries" not in measured()["retrievers"]["bm25"]


def test_progress_goes_through_every_stage_and_never_beyond_its_end() -> None:
    told: list[tuple[str, int, int]] = []

    measured(tell=lambda stage, done, total: told.append((stage, done, total)))

    stages = list(dict.fromkeys(stage for stage, _, _ in told))
    assert stages[0] == "cut documents into passages"
    assert {"index bm25", "search bm25", "index embedding", "search embedding"} <= set(stages)
    assert all(0 <= done <= total for _, done, total in told)


def test_it_stops_when_it_is_called_off() -> None:
    calls = iter([False, False, False, True])

    with pytest.raises(Cancelled):
        measured(cancelled=lambda: next(calls, True))


@pytest.mark.parametrize(
    ("documents", "questions", "qrels", "retrievers", "why"),
    [
        ([], QUESTIONS, QRELS, [make()], "no document"),
        (DOCUMENTS, [], QRELS, [make()], "no questions"),
        (DOCUMENTS, QUESTIONS, QRELS, [], "no retriever"),
        (DOCUMENTS, QUESTIONS, QRELS, [make(), make()], "one name"),
        (DOCUMENTS, QUESTIONS * 2, QRELS, [make()], "one id"),
        (DOCUMENTS, QUESTIONS, {"q0": {"d0": 0}}, [make()], "none of the questions"),
        (DOCUMENTS, [Question("q", "Why?")], None, [make()], "reference answers"),
        ([Document("d", "", "   ")], QUESTIONS, QRELS, [make()], "no text"),
    ],
)
def test_what_cannot_be_measured_is_said_in_one_line(
    documents: list[Document],
    questions: list[Question],
    qrels: dict[str, dict[str, int]] | None,
    retrievers: list[Retriever],
    why: str,
) -> None:
    with pytest.raises(NothingToMeasure, match=why) as caught:
        probe(documents, questions, qrels, retrievers, SMALL)
    assert "\n" not in str(caught.value)
