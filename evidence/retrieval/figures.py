"""What was found, turned into figures: metrics, comparisons, verdict, and why questions fail.

Nothing is searched here, so the same can be made anew from kept rankings once more is judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    units,
)
from evidence.retrieval.misses import Asked, Looking, summary
from evidence.retrieval.passages import OVERLAP, SIZE
from evidence.retrieval.relevance import Relevance, in_general, why_nothing
from evidence.retrieval.running import DEPTH, Watch
from evidence.retrieval.shapes import Passage, Qrels, Question, Ranking
from evidence.retrieval.verdict import Measured, Verdict, by_cost, decide
from evidence.retrieval.wording import Wording, wording


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
class Found:
    """What every retriever found, and where."""

    documents: int
    passages: int
    tokens: int
    """Of all documents."""
    repeated: int | None
    """Passages that say what another says; None where they were not counted."""
    texts: Sequence[Passage]
    """The passages, or at least those that are relevant or among the first ten."""
    document_of: Mapping[str, str]
    """Passage -> document, of all that was found or is relevant."""
    rankings: Mapping[str, Mapping[str, Ranking]]
    """Retriever -> id of the question -> hits."""
    about: Mapping[str, Mapping[str, Any]]
    """Retriever -> its speed and its settings, as the result has them."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else is known: the rulebook's numbers, and the log that the questions are from."""

    limits: Mapping[str, float]
    """Thresholds of the rulebook in force."""
    records: Mapping[str, FailureRecord] | None = None
    """Question -> the log's record of it, which says what was in the prompt."""
    in_use: str | None = None
    """The retriever that feeds the prompt today."""


def figures(
    found: Found,
    questions: Sequence[Question],
    relevance: Relevance,
    settings: Settings,
    around: Circumstances,
    watch: Watch | None = None,
) -> dict[str, Any]:
    """The result of a probe as JSON has it; raises `running.Cancelled`.

    Where nothing is known to be relevant, it has neither metrics nor comparisons, and its verdict
    says what to judge.
    """
    known = [question for question in questions if question.id in relevance.qrels]
    work = _Work(found, known, relevance, settings, around)
    return {
        "documents": found.documents,
        "passages": found.passages,
        "questions": len(known),
        "tokens": found.tokens,
        **work.described(questions),
        **(work.measured() if known else work.unmeasured(len(questions))),
        **work.failures(questions, watch or Watch()),
        "in_use": around.in_use,
    }


class _Work:
    """All rankings of one probe, and what is made of them."""

    def __init__(
        self,
        found: Found,
        questions: Sequence[Question],
        relevance: Relevance,
        settings: Settings,
        around: Circumstances,
    ) -> None:
        self.found = found
        self.questions = questions
        self.relevance = relevance
        self.settings = settings
        self.around = around
        self.values = {
            name: evaluate(rankings, relevance.qrels, found.document_of)
            for name, rankings in found.rankings.items()
        }
        self.asked = _asked(questions, relevance.qrels, found)

    def described(self, questions: Sequence[Question]) -> dict[str, Any]:
        """What was measured, and how: relevance, wording, settings."""
        counts: dict[str, int] = {}
        for question in questions:
            if question.id in self.relevance.without:
                why = in_general(self.relevance.without[question.id])
                counts[why] = counts.get(why, 0) + 1
        return {
            "relevance": {
                "kind": self._kind(),
                "level": _level(self.relevance.qrels, self.found.document_of),
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
                "repeated_passages": self.found.repeated,
                "useful_margin": self.around.limits["useful_margin"],
            },
        }

    def _kind(self) -> str:
        if not self.questions:
            return "none"
        return "weak" if self.relevance.weak else "judged"

    def unmeasured(self, questions: int) -> dict[str, Any]:
        """What can be said where nothing is known to be relevant."""
        least = int(self.around.limits["min_judged_questions"])
        why = f"Nothing could be compared: {why_nothing(self.relevance)}."
        verdict = Verdict(
            decision="cannot_tell",
            retriever=None,
            because=why,
            begin_with=by_cost(self.found.about)[0],
            judge_more=min(least, questions),
            questions=0,
            weak=False,
        )
        return {
            "retrievers": {name: {**about} for name, about in self.found.about.items()},
            "comparisons": [],
            "verdict": verdict.data(),
        }

    def measured(self) -> dict[str, Any]:
        """Figures of every retriever, comparisons, and the verdict."""
        groups = [question.group for question in self.questions]
        keys = [(name, metric) for name in self.values for metric in METRICS]
        columns = {f"{name}\n{metric}": self.values[name][metric] for name, metric in keys}
        means = Sample(groups).means(columns, seed=self.settings.seed)
        found: dict[str, dict[str, Any]] = {name: {} for name in self.values}
        for (name, metric), mean in zip(keys, means, strict=True):
            found[name][metric] = mean.data()
        for name, entry in found.items():
            entry.update({**self.found.about[name], "weak": self.relevance.weak})
        main = {name: values[MAIN] for name, values in self.values.items()}
        limits = self.around.limits
        pairs = compare(main, groups, MAIN, limits["useful_margin"], self.settings.seed)
        weak, asked = self.relevance.weak, len(self.questions)
        facts = Measured(self.found.tokens, asked, list(self.values), pairs, weak)
        return {
            "retrievers": found,
            "comparisons": [pair.data() for pair in pairs],
            "verdict": decide(facts, limits).data(),
        }

    def failures(self, questions: Sequence[Question], watch: Watch) -> dict[str, Any]:
        """Why questions fail with each retriever, and how each question fared."""
        if not self.questions:
            return {"misses": {}, "per_question": []}
        absent = {item.id: item.text for item in questions if item.id in self.relevance.absent}
        tokens_of = {item.id: item.tokens for item in self.found.texts}
        misses, around = {}, self.around
        for name in self.values:
            looking = Looking(
                name, tokens_of, self.settings.budget, around.records, name == around.in_use
            )
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


def _asked(questions: Sequence[Question], qrels: Qrels, found: Found) -> list[Asked]:
    """Every measured question with its relevant passages, and the rank that each gave them."""
    document_of = found.document_of
    wanted = {
        name for grades in qrels.values() for name in (*grades, *grades_of(grades, document_of))
    }
    by_unit: dict[str, list[Passage]] = {}
    for passage in found.texts:
        for name in (passage.document, passage.id):
            if name in wanted:
                by_unit.setdefault(name, []).append(passage)
    compared = Wording()
    every = []
    for question in questions:
        grades = grades_of(qrels[question.id], document_of)
        relevant = [name for name, grade in grades.items() if grade > 0]
        gold = tuple(passage for name in relevant for passage in by_unit.get(name, []))
        rankings = {name: ranked.get(question.id, []) for name, ranked in found.rankings.items()}
        ranks = {
            name: first_rank(units(ranking, qrels[question.id], document_of), grades)
            for name, ranking in rankings.items()
        }
        shared = compared.shared(question.text, gold)
        every.append(Asked(question, gold, shared, rankings, ranks))
    return every
