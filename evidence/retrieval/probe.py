"""Which retriever finds the answers in these documents to these questions: the whole measurement.

Documents become passages, every retriever indexes them and is asked every question, trec_eval's
figures are compared, a rule gives the verdict, and the questions that fail are sorted by why.
Relevance comes from judgements, or is guessed from reference answers and marked weak everywhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from evidence.records import FailureRecord
from evidence.retrieval.figures import Circumstances, Found, Settings, figures
from evidence.retrieval.passages import approximate_tokens, repeats, split
from evidence.retrieval.relevance import relevance_of, why_nothing
from evidence.retrieval.retrievers._base import Retriever
from evidence.retrieval.running import Tell, Watch, run
from evidence.retrieval.shapes import Document, Passage, Qrels, Question
from evidence.retrieval.verdict import by_cost

__all__ = ["NothingToMeasure", "Settings", "cut", "probe", "relevance_of", "search"]

MANY_PASSAGES = 200_000


class NothingToMeasure(ValueError):
    """What was given cannot be measured: the message says in one line why, and what to do."""


def probe(  # noqa: PLR0913  (what is measured, with what, and who is told)
    documents: Sequence[Document],
    questions: Sequence[Question],
    qrels: Qrels | None,
    retrievers: Sequence[Retriever],
    limits: Mapping[str, float],
    *,
    settings: Settings | None = None,
    records: Mapping[str, FailureRecord] | None = None,
    in_use: str | None = None,
    tell: Tell | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> dict[str, Any]:
    """Measure the retrievers, and give the verdict, as JSON has it.

    ``qrels``: judged relevance of passages or documents; None: guess it from reference answers.
    ``limits``: thresholds of the rulebook in force. ``records``: question -> the log's record of
    it, which says what was in the prompt. ``in_use``: the retriever that feeds the prompt today.
    Raises `NothingToMeasure`, and `running.Cancelled` once ``cancelled`` says so.
    """
    started = time.perf_counter()
    settings, watch = settings or Settings(), Watch(tell, cancelled)
    passages = cut(documents, settings, watch)
    relevance = relevance_of(questions, qrels, passages)
    known = [question for question in questions if question.id in relevance.qrels]
    if questions and not known:
        raise NothingToMeasure(why_nothing(relevance))
    found = search(documents, passages, known, retrievers, settings, watch)
    around = Circumstances(limits, records, in_use)
    result = figures(found, questions, relevance, settings, around, watch)
    return result | {"seconds": round(time.perf_counter() - started, 3)}


def cut(documents: Sequence[Document], settings: Settings, watch: Watch) -> list[Passage]:
    """The passages of all documents; raises `NothingToMeasure` or `running.Cancelled`."""
    if not documents:
        raise NothingToMeasure("no document could be read: nothing to search")
    stage = "cut documents into passages"
    passages: list[Passage] = []
    for done, document in enumerate(documents):
        if done % 200 == 0:
            watch.at(stage, done, len(documents))
        passages += split(document, settings.size, settings.overlap)
    watch.at(stage, len(documents), len(documents))
    if not passages:
        raise NothingToMeasure("the documents hold no text: nothing to search")
    return passages


def search(
    documents: Sequence[Document],
    passages: Sequence[Passage],
    questions: Sequence[Question],
    retrievers: Sequence[Retriever],
    settings: Settings,
    watch: Watch,
) -> Found:
    """What every retriever finds for every question.

    Raises `NothingToMeasure`, and `running.Cancelled`.
    """
    _check(questions, retrievers)
    ordered = {item.name: item for item in retrievers}
    runs = {
        name: run(ordered[name], passages, questions, watch, settings.depth)
        for name in by_cost(ordered)
    }
    about = {
        name: {**done.speed(settings.price_per_hour), "settings": ordered[name].describe()}
        for name, done in runs.items()
    }
    # repeats are not counted where that would fill the memory
    few = len(passages) <= MANY_PASSAGES
    return Found(
        documents=len(documents),
        passages=len(passages),
        tokens=sum(approximate_tokens(document.text) for document in documents),
        repeated=len(repeats(passages)) if few else None,
        texts=passages,
        document_of={item.id: item.document for item in passages},
        rankings={name: done.rankings for name, done in runs.items()},
        about=about,
    )


def _check(questions: Sequence[Question], retrievers: Sequence[Retriever]) -> None:
    names = [item.name for item in retrievers]
    for lacking, why in (
        (not questions, "there are no questions: nothing to search for"),
        (not retrievers, "no retriever was named"),
        (len(set(names)) < len(names), "two retrievers have one name"),
        (len({item.id for item in questions}) < len(questions), "two questions have one id"),
    ):
        if lacking:
            raise NothingToMeasure(why)
