"""Which retriever finds the answers in these documents to these questions: the whole measurement.

Documents become passages, every retriever indexes them and is asked every question, trec_eval's
figures are compared, a rule gives the verdict, and the questions that fail are sorted by why.
Relevance comes from judgements, or is guessed from reference answers and marked weak everywhere.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from evidence.records import FailureRecord
from evidence.retrieval.compare import SEED, Sample, compare
from evidence.retrieval.metrics import (
    CUT,
    MAIN,
    METRICS,
    evaluate,
    first_rank,
    grades_of,
    judged,
    units,
)
from evidence.retrieval.misses import Asked, Looking, summary
from evidence.retrieval.passages import OVERLAP, SIZE, approximate_tokens, repeats, split
from evidence.retrieval.retrievers._base import Retriever
from evidence.retrieval.running import DEPTH, Run, Tell, Watch, run
from evidence.retrieval.shapes import Document, Passage, Qrels, Question
from evidence.retrieval.verdict import Measured, by_cost, decide
from evidence.retrieval.weak import weak_relevance
from evidence.retrieval.wording import Wording, wording

NOT_HELD = "no passage holds its answer"
"""What `weak_relevance` says of a question whose answer is in no document."""
MANY_PASSAGES = 200_000
NAMED = 3
"""Reasons that are named where nothing can be measured."""


class NothingToMeasure(ValueError):
    """What was given cannot be measured: the message says in one line why, and what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How a probe is made; all of it is in the result."""

    size: int = SIZE
    """Tokens a passage."""
    overlap: int = OVERLAP
    depth: int = DEPTH
    budget: int | None = None
    """Tokens of passages that fit the prompt."""
    price_per_hour: float | None = None
    """Of the machine that searches, in any currency."""
    seed: int = SEED


@dataclass(frozen=True, slots=True)
class Relevance:
    """What is relevant to which question, and what is known of the others."""

    qrels: Qrels
    """Of the questions for which anything is relevant, in their order."""
    weak: bool
    absent: frozenset[str] = frozenset()
    """Questions whose answer is in no document."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Question -> why it is not measured."""


def relevance_of(
    questions: Sequence[Question], qrels: Qrels | None, passages: Sequence[Passage]
) -> Relevance:
    """Relevance as judged, or where ``qrels`` is None guessed from the reference answers."""
    if qrels is None:
        found = weak_relevance(questions, passages)
        missing = frozenset(name for name, why in found.without.items() if why == NOT_HELD)
        ordered = {item.id: found.qrels[item.id] for item in questions if item.id in found.qrels}
        return Relevance(ordered, True, missing, found.without)
    known = {question.id for question in questions}
    own = {name: grades for name, grades in qrels.items() if name in known}
    sure = set(judged(own))
    absent = frozenset(name for name, grades in own.items() if grades and name not in sure)
    without = {
        name: "nothing is relevant to it" if name in absent else "it was not judged"
        for name in known - sure
    }
    ordered = {item.id: own[item.id] for item in questions if item.id in sure}
    return Relevance(ordered, False, absent, without)


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
    _check(documents, questions, retrievers)
    passages = _passages(documents, settings, watch)
    relevance = relevance_of(questions, qrels, passages)
    known = [question for question in questions if question.id in relevance.qrels]
    if not known:
        raise NothingToMeasure(_why_nothing(relevance))
    ordered = {item.name: item for item in retrievers}
    runs = {
        name: run(ordered[name], passages, known, watch, settings.depth)
        for name in by_cost(ordered)
    }
    work = _Work(passages, known, relevance, runs, settings, limits)
    tokens = sum(approximate_tokens(document.text) for document in documents)
    return {
        "documents": len(documents),
        "passages": len(passages),
        "questions": len(known),
        "tokens": tokens,
        **work.described(questions),
        **work.measured(ordered, tokens),
        **work.failures(questions, records, in_use, watch),
        "in_use": in_use,
        "seconds": round(time.perf_counter() - started, 3),
    }


def _check(
    documents: Sequence[Document], questions: Sequence[Question], retrievers: Sequence[Retriever]
) -> None:
    names = [item.name for item in retrievers]
    for lacking, why in (
        (not documents, "no document could be read: nothing to search"),
        (not questions, "there are no questions: nothing to search for"),
        (not retrievers, "no retriever was named"),
        (len(set(names)) < len(names), "two retrievers have one name"),
        (len({item.id for item in questions}) < len(questions), "two questions have one id"),
    ):
        if lacking:
            raise NothingToMeasure(why)


def _passages(documents: Sequence[Document], settings: Settings, watch: Watch) -> list[Passage]:
    passages: list[Passage] = []
    for done, document in enumerate(documents):
        if done % 200 == 0:
            watch.at("cut documents into passages", done, len(documents))
        passages += split(document, settings.size, settings.overlap)
    watch.at("cut documents into passages", len(documents), len(documents))
    if not passages:
        raise NothingToMeasure("the documents hold no text: nothing to search")
    return passages


def _why_nothing(relevance: Relevance) -> str:
    if not relevance.weak:
        return (
            "none of the questions has a relevant document among the judgements: check that ids of "
            "questions and documents are the same in all files"
        )
    reasons: dict[str, int] = {}
    for why in map(_in_general, relevance.without.values()):
        reasons[why] = reasons.get(why, 0) + 1
    most = sorted(reasons.items(), key=lambda item: -item[1])[:NAMED]
    told = "; ".join(f"{count:,} because {why}" for why, count in most)
    return (
        f"no question has anything relevant to measure by ({told}): give judgements, or reference "
        "answers that stand in the documents"
    )


def _in_general(why: str) -> str:
    """A reason without what is of one question alone: its number, or its answer in quotes."""
    return re.sub(r"^[\d,]+ passages", "many passages", re.sub(r", '.*',", "", why))


class _Work:
    """All runs of one probe, and what is made of them."""

    def __init__(
        self,
        passages: Sequence[Passage],
        questions: Sequence[Question],
        relevance: Relevance,
        runs: Mapping[str, Run],
        settings: Settings,
        limits: Mapping[str, float],
    ) -> None:
        self.passages = passages
        self.questions = questions
        self.relevance = relevance
        self.runs = runs
        self.settings = settings
        self.limits = limits
        self.document_of = {item.id: item.document for item in passages}
        self.values = {
            name: evaluate(found.rankings, relevance.qrels, self.document_of)
            for name, found in runs.items()
        }
        self.asked = _asked(questions, relevance.qrels, passages, runs, self.document_of)

    def described(self, questions: Sequence[Question]) -> dict[str, Any]:
        """What was measured, and how: relevance, wording, settings."""
        counts: dict[str, int] = {}
        for question in questions:
            if question.id in self.relevance.without:
                why = _in_general(self.relevance.without[question.id])
                counts[why] = counts.get(why, 0) + 1
        return {
            "relevance": {
                "kind": "weak" if self.relevance.weak else "judged",
                "level": _level(self.relevance.qrels, self.document_of),
                "given": len(questions),
                "measured": len(self.questions),
                "absent": len(self.relevance.absent),
                "groups": len({item.group or item.id for item in self.questions}),
                "not_measured": counts,
            },
            "wording": dict(wording(item.shared for item in self.asked)),
            "settings": {
                "size": self.settings.size,
                "overlap": self.settings.overlap,
                "depth": self.settings.depth,
                "budget": self.settings.budget,
                "seed": self.settings.seed,
                "repeated_passages": self._repeated(),
                "useful_margin": self.limits["useful_margin"],
            },
        }

    def _repeated(self) -> int | None:
        """Passages that say what another says; not counted where that would fill the memory."""
        return len(repeats(self.passages)) if len(self.passages) <= MANY_PASSAGES else None

    def measured(self, retrievers: Mapping[str, Retriever], tokens: int) -> dict[str, Any]:
        """Figures of every retriever, comparisons, and the verdict."""
        groups = [question.group for question in self.questions]
        keys = [(name, metric) for name in self.values for metric in METRICS]
        columns = {f"{name}\n{metric}": self.values[name][metric] for name, metric in keys}
        means = Sample(groups).means(columns, seed=self.settings.seed)
        found: dict[str, dict[str, Any]] = {name: {} for name in self.values}
        for (name, metric), mean in zip(keys, means, strict=True):
            found[name][metric] = mean.data()
        for name, entry in found.items():
            entry.update(self.runs[name].speed(self.settings.price_per_hour))
            entry["weak"] = self.relevance.weak
            entry["settings"] = retrievers[name].describe()
        main = {name: values[MAIN] for name, values in self.values.items()}
        pairs = compare(main, groups, MAIN, self.limits["useful_margin"], self.settings.seed)
        facts = Measured(tokens, len(self.questions), list(self.values), pairs, self.relevance.weak)
        return {
            "retrievers": found,
            "comparisons": [pair.data() for pair in pairs],
            "verdict": decide(facts, self.limits).data(),
        }

    def failures(
        self,
        questions: Sequence[Question],
        records: Mapping[str, FailureRecord] | None,
        in_use: str | None,
        watch: Watch,
    ) -> dict[str, Any]:
        """Why questions fail with each retriever, and how each question fared."""
        absent = {item.id: item.text for item in questions if item.id in self.relevance.absent}
        tokens_of = {item.id: item.tokens for item in self.passages}
        misses = {}
        for name in self.runs:
            looking = Looking(name, tokens_of, self.settings.budget, records, name == in_use)
            stage = f"look at what {name} misses"
            misses[name] = summary(self.asked, absent, looking, partial(watch.at, stage))
        return {"misses": misses, "per_question": [self._row(i) for i in range(len(self.asked))]}

    def _row(self, at: int) -> dict[str, Any]:
        asked = self.asked[at]
        question = asked.question
        return {
            "id": question.id,
            "text": question.text,
            "kind": question.kind,
            "group": question.group,
            "relevant": self.relevance.qrels[question.id],
            "overlap": round(asked.shared.overlap, 3),
            "names": list(asked.shared.names)[:10],
            "by": {
                name: {
                    "rank": asked.ranks[name],
                    **{metric: round(values[metric][at], 4) for metric in METRICS},
                    "top": [hit.passage for hit in asked.rankings[name][:CUT]],
                }
                for name, values in self.values.items()
            },
        }


def _level(qrels: Qrels, document_of: Mapping[str, str]) -> str:
    kinds = {name in document_of for grades in qrels.values() for name in grades}
    return "mixed" if len(kinds) > 1 else "passages" if kinds == {True} else "documents"


def _asked(
    questions: Sequence[Question],
    qrels: Qrels,
    passages: Sequence[Passage],
    runs: Mapping[str, Run],
    document_of: Mapping[str, str],
) -> list[Asked]:
    """Every measured question with its relevant passages, and the rank that each gave them."""
    wanted = {
        name for grades in qrels.values() for name in (*grades, *grades_of(grades, document_of))
    }
    by_unit: dict[str, list[Passage]] = {}
    for passage in passages:
        for name in (passage.document, passage.id):
            if name in wanted:
                by_unit.setdefault(name, []).append(passage)
    compared = Wording()
    found = []
    for question in questions:
        grades = grades_of(qrels[question.id], document_of)
        relevant = [name for name, grade in grades.items() if grade > 0]
        gold = tuple(passage for name in relevant for passage in by_unit.get(name, []))
        rankings = {name: done.rankings[question.id] for name, done in runs.items()}
        ranks = {
            name: first_rank(units(ranking, qrels[question.id], document_of), grades)
            for name, ranking in rankings.items()
        }
        shared = compared.shared(question.text, gold)
        found.append(Asked(question, gold, shared, rankings, ranks))
    return found
