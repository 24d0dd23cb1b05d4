"""How well rankings find what is relevant: nDCG, recall, success and MRR of every question.

The figures are those of trec_eval, through pytrec-eval-terrier: the reference code of TREC compiled
into one small wheel (11 releases up to October 2026, MIT, NumPy and SciPy its only needs, typed;
ir-measures and PyTerrier compute with it). ir-measures adds names for the same figures and takes
six times as long; ranx needs numba, some 200 MB.

Where relevance is given for documents, a document's rank is that of its best passage.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from evidence.retrieval.shapes import Qrels, Ranking

MAIN = "ndcg@10"
"""The metric that retrievers are compared by."""
CUT = 10
_MEASURES = {
    "ndcg@10": "ndcg_cut_10",
    "recall@1": "recall_1",
    "recall@5": "recall_5",
    "recall@10": "recall_10",
    "success@10": "success_10",
    "mrr@10": "recip_rank",
}
METRICS = tuple(_MEASURES)
"""``ndcg@10``: the grades are the gains (Järvelin & Kekäläinen 2002, as in trec_eval).
``recall@k``: share of what is relevant that is among the first k. ``success@10``: 1 where anything
relevant is among the first ten. ``mrr@10``: 1 / rank of the first that is relevant, 0 beyond ten.
All from 0 to 1."""

_ASKED = {"ndcg_cut.10", "recall.1,5,10", "success.10", "recip_rank"}


def judged(qrels: Qrels) -> list[str]:
    """The questions for which anything is relevant, in order: only these can be measured."""
    return [name for name, grades in qrels.items() if any(grade > 0 for grade in grades.values())]


def units(ranking: Ranking, relevant: Collection[str], document_of: Mapping[str, str]) -> list[str]:
    """A ranking as the ids that relevance speaks of, best first and each once.

    ``relevant``: ids that were judged for the question. Passages stay passages where only passages
    were judged; else every passage stands for its document. ``document_of``: passage -> document.
    """
    if all(name in document_of for name in relevant):
        return [hit.passage for hit in ranking]
    return list(dict.fromkeys(document_of.get(hit.passage, hit.passage) for hit in ranking))


def grades_of(grades: Mapping[str, int], document_of: Mapping[str, str]) -> dict[str, int]:
    """Grades by the ids that `units` gives: of a document judged by its passages, the highest."""
    if all(name in document_of for name in grades):
        return dict(grades)
    found: dict[str, int] = {}
    for name, grade in grades.items():
        unit = document_of.get(name, name)
        found[unit] = max(grade, found.get(unit, grade))
    return found


def first_rank(found: Sequence[str], grades: Mapping[str, int]) -> int | None:
    """The rank, from 1, of the first id that is relevant; None where none is there."""
    ranks = (rank for rank, name in enumerate(found, 1) if grades.get(name, 0) > 0)
    return next(ranks, None)


def evaluate(
    rankings: Mapping[str, Ranking], qrels: Qrels, document_of: Mapping[str, str]
) -> dict[str, list[float]]:
    """Metric -> its value for every question of `judged(qrels)`, in that order.

    A question without a ranking, or with an empty one, scores 0. Rankings should be deeper than ten
    passages where documents are judged, since several passages can be of one document.
    """
    from pytrec_eval import RelevanceEvaluator

    names = judged(qrels)
    asked = {name: grades_of(qrels[name], document_of) for name in names}
    run = {name: _run(rankings.get(name, []), qrels[name], document_of) for name in names}
    run = {name: scores for name, scores in run.items() if scores}
    found = RelevanceEvaluator(asked, _ASKED).evaluate(run) if run else {}
    return {
        metric: [float(found[name][key]) if name in found else 0.0 for name in names]
        for metric, key in _MEASURES.items()
    }


def _run(
    ranking: Ranking, relevant: Collection[str], document_of: Mapping[str, str]
) -> dict[str, float]:
    # trec_eval sorts by score, and ties against our order; so the score it is given is the rank.
    found = units(ranking, relevant, document_of)[:CUT]
    return {name: float(CUT - place) for place, name in enumerate(found)}
