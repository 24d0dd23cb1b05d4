"""What a probe of retrieval says, in plain words: for its pages and for the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from app.words import counted, joined
from evidence.stats import CONFIDENCE

Json = Mapping[str, Any]

RETRIEVERS = {
    "bm25": "BM25",
    "embedding": "Embeddings",
    "hybrid": "Hybrid",
    "rerank": "Reranked",
    "endpoint": "Your search",
    "run_file": "Your results",
}
ABOUT = {
    "bm25": "Search by words: fast, needs no model, and finds names and codes.",
    "embedding": "Search by meaning: a small language model compares question and passage.",
    "hybrid": "Both together: a passage counts by its rank in each.",
    "rerank": "A second model reads each found passage with the question and orders them anew.",
    "endpoint": "The search that you run, asked over HTTP.",
    "run_file": "Ranked results of the search that you run, from a file.",
}
WRITTEN = {"bm25": "BM25", "ndcg@10": "nDCG@10"}
METRICS = {
    "ndcg@10": ("nDCG@10", "How well the first ten are ordered: 1 where all that is relevant "
                "comes first. Retrievers are compared by it."),
    "mrr@10": ("MRR@10", "How early the first relevant one comes: 1 where it is first, 0.5 where "
               "it is second."),
    "recall@1": ("Recall@1", "Share of what is relevant that is the first result."),
    "recall@5": ("Recall@5", "Share of what is relevant that is among the first five."),
    "recall@10": ("Recall@10", "Share of what is relevant that is among the first ten."),
}  # fmt: skip
"""Metric -> its title, and what it says; all are from 0 to 1."""
REASON_TITLES = {
    "not_in_documents": "not in the documents",
    "not_in_top_k": "not among the first ten",
    "cut_by_budget": "found, and cut before the prompt",
    "missing_from_prompt": "found here, not in the prompt of the log",
    "found_and_ignored": "in the prompt, and ignored",
}
SIGN_TITLES = {
    "few_shared_words": "question and passage share few words",
    "names_lost": "a name or code was lost",
    "outranked": "other passages came first",
}
RELEVANCE = {
    "qrels": "from your judgements",
    "judged": "judged here",
    "weak": "guessed from the reference answer",
    "none": "nothing known",
}
GRADES = {0: "Does not answer", 1: "Helps", 2: "Answers it"}
"""What a person says of a passage that was found for a question."""


def retriever_title(name: str) -> str:
    """``BM25`` for ``bm25``; ``rerank:hybrid`` is ``Hybrid, reranked``; others as they are."""
    kind, _, inner = name.partition(":")
    if inner and kind == "rerank":
        return f"{retriever_title(inner)}, reranked"
    return RETRIEVERS.get(name, name)


def headline(verdict: Json, compared: int) -> str:
    """The verdict in one sentence; ``compared``: retrievers that were measured."""
    if verdict["decision"] == "stuff_prompt":
        return "Put all documents into the prompt: no retrieval is needed yet"
    if beaten := verdict.get("beats"):
        title = retriever_title(verdict["begin_with"])
        return f"Begin with {title}, which beats {retriever_title(beaten)}; which is best is open"
    if verdict["decision"] == "cannot_tell":
        more = counted(verdict["judge_more"], "more question")
        return f"Not enough questions to tell: judge {more}"
    title = retriever_title(verdict["retriever"])
    if compared == 1:
        return f"{title} was measured, and nothing to compare it with"
    if verdict["retriever"] == "bm25":
        return "BM25 is enough"
    return f"{title} finds usefully more: use it"


def because(verdict: Json) -> str:
    """Why the verdict is what it is, with names as people write them."""
    return re.sub(r"\b(bm25|ndcg@10)\b", lambda found: WRITTEN[found[1]], str(verdict["because"]))


def measured_words(result: Json) -> str:
    """What was measured, on how much: ``3 retrievers on 48 judged questions, 120 documents``."""
    asked = counted(result["questions"], "question")
    kind = "with guessed relevance" if result["relevance"]["kind"] == "weak" else "with judgements"
    if not result["questions"]:
        asked, kind = counted(result["relevance"]["given"], "question"), "not judged yet"
    return (
        f"{counted(len(result['retrievers']), 'retriever')}, {asked} {kind}, "
        f"{counted(result['documents'], 'document')} in {counted(result['passages'], 'passage')}"
    )


def pair_words(pair: Json, margin: float) -> str:
    """A paired difference as a sentence that says what it means."""
    a, b = retriever_title(pair["a"]), retriever_title(pair["b"])
    beyond = beyond_noise(pair)
    if not beyond:
        return (
            f"{a} and {b} cannot be told apart on these questions: chance would give such a "
            f"difference often ({p_words(pair['p_corrected'])})."
        )
    side = "better" if pair["difference"] > 0 else "worse"
    size = "a useful gain" if abs(pair["difference"]) >= margin else "less than a useful gain"
    size = size if pair["difference"] > 0 else size.replace("gain", "difference")
    return f"{a} is {side} than {b} by more than noise ({p_words(pair['p_corrected'])}), {size}."


def beyond_noise(pair: Json) -> bool:
    """Whether chance does not explain a difference, after correction for the number of pairs."""
    return bool(pair["p_corrected"] < 1 - CONFIDENCE and (pair["low"] > 0 or pair["high"] < 0))


def p_words(p: float) -> str:
    """A p-value as it is written: ``p = 0.03``, ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def number_words(found: Json) -> str:
    """``0.712 (0.650 to 0.770)``, the interval in brackets."""
    return f"{found['value']:.3f} ({found['low']:.3f} to {found['high']:.3f})"


def rank_words(rank: int | None) -> str:
    """``3rd``; ``not found`` beyond what was searched."""
    if rank is None:
        return "not found"
    ending = "th" if rank % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(rank % 10)
    return f"{rank:,}{ending or 'th'}"


def rate_words(each: float | None) -> str:
    """Questions a second in words."""
    return f"{each:,.0f} questions a second" if each else "too fast to time"


def wording_words(counts: Mapping[str, int]) -> str:
    """In whose words people ask, with counts."""
    said = {
        "exact_terms": "share a name or most words with the passage that answers them",
        "own_words": "share few words with it",
        "between": "are between the two",
    }
    parts = [f"{counts[key]:,} {words}" for key, words in said.items() if counts.get(key)]
    return f"Of the questions, {joined(parts)}." if parts else ""
