"""What a probe establishes about the application: measured facts, with their evidence.

A fact is stated only where there are enough questions to say it. Relevance that was guessed from
reference answers says nothing of recall, nor of whether the documents hold the answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from advisor_rules.model import FactValue, Value
from advisor_rules.rulebook import Rulebook
from evidence.stats import Share, wilson

MOST = 0.5
"""Below this share of answers in the documents, most are surely not there."""

BEST = ("bm25", "embedding", "hybrid")
"""Retrievers that the fact ``best_retriever`` knows."""

Found = dict[str, tuple[Value, str]]


def measured_facts(
    result: Mapping[str, Any], book: Rulebook, name: str, as_of: date | None = None
) -> dict[str, FactValue]:
    """Facts of the application that the result of `probe` establishes.

    ``name`` names the documents in the evidence. Fewer questions than the threshold
    ``min_judged_questions`` say nothing but how large the documents are.
    """
    limits = book.limits(as_of or book.latest())
    found: Found = {"corpus_tokens": _size(result, name)}
    if result["questions"] >= limits["min_judged_questions"]:
        _state_wording(result, limits["share_substantial"], name, found)
        _state_reading(result, limits["kind_counts"], found)
        if result["relevance"]["kind"] == "judged":
            _state_answers(result, limits["recall_low"], name, found)
            _state_recall(result, found)
            _state_best(result, found)
    return {
        fact: FactValue(value, "measured", evidence)
        for fact, (value, evidence) in found.items()
        if fact in book.facts
    }


def _size(result: Mapping[str, Any], name: str) -> tuple[Value, str]:
    words = f"{result['documents']:,} documents in {name!r}, counted as 4 characters a token"
    return int(result["tokens"]), f"{words} (good to about a quarter)"


def _words(share: Share, what: str) -> str:
    return (
        f"{share.count} of {share.n} {what}: {share.share:.0%}, "
        f"95% interval {share.low:.0%} to {share.high:.0%}"
    )


def _state_wording(result: Mapping[str, Any], limit: float, name: str, found: Found) -> None:
    """In whose words people ask; nothing where it is near the limit."""
    counts, n = result["wording"], result["questions"]
    exact, own = wilson(counts["exact_terms"], n), wilson(counts["own_words"], n)
    if exact is None or own is None:
        return
    value = None
    if min(exact.low, own.low) >= limit:
        value = "mixed"
    elif exact.low >= limit > own.high:
        value = "exact_terms"
    elif own.low >= limit > exact.high:
        value = "own_words"
    if value:
        said = _words(exact, f"questions share a name or most words with their passage in {name!r}")
        found["question_wording"] = (value, f"{said}; {_words(own, 'share few words with it')}")


def _state_reading(result: Mapping[str, Any], limit: float, found: Found) -> None:
    """Whether passages are lost on the way, or not heeded; only ever stated as a real part."""
    misses = result["misses"].get(result.get("in_use")) or next(iter(result["misses"].values()))
    reasons = misses["reasons"]
    ignored = reasons.get("found_and_ignored")
    if ignored and ignored["low"] >= limit:
        said = "questions had the answer in their prompt and were answered wrong all the same"
        found["context_ignored"] = (True, _words(_share(ignored), said))
    cut = reasons.get("cut_by_budget")
    if cut and result.get("in_use") in result["misses"] and cut["low"] >= limit:
        said = "questions lost the passage between search and prompt"
        found["passage_reaches_prompt"] = (False, _words(_share(cut), said))


def _share(entry: Mapping[str, Any]) -> Share:
    return Share(entry["count"], entry["n"], entry["share"], entry["low"], entry["high"])


def _state_answers(result: Mapping[str, Any], limit: float, name: str, found: Found) -> None:
    """Whether the documents hold the answers, whatever the questions are that nobody judged."""
    relevance = result["relevance"]
    held, absent = relevance["measured"], relevance["absent"]
    unknown = max(0, relevance["given"] - held - absent)
    least, most = (
        wilson(held, held + absent + unknown),
        wilson(held + unknown, held + absent + unknown),
    )
    if least is None or most is None:
        return
    words = _words(least, f"questions have a relevant document in {name!r}")
    if unknown:
        words += f"; {unknown} more were not judged"
    if least.low >= limit:
        found["answers_in_documents"] = (True, words)
    elif most.high < MOST:
        found["answers_in_documents"] = (False, words)


def _state_recall(result: Mapping[str, Any], found: Found) -> None:
    """Recall of the retriever that is in use: of another it would say nothing of the prompt."""
    figures = result["retrievers"].get(result.get("in_use"))
    if not figures:
        return
    mean = figures["success@10"]
    words = (
        f"{mean['value']:.0%} of {mean['n']} judged questions have a relevant passage among the "
        f"first ten of {result['in_use']}, 95% interval {mean['low']:.0%} to {mean['high']:.0%}"
    )
    found["retrieval_recall"] = (round(mean["value"], 4), words)


def _state_best(result: Mapping[str, Any], found: Found) -> None:
    """Which retriever did best, where that is sure and search by meaning was there to weigh.

    Where only the last word is open, one to begin with that surely beats BM25 is stated too.
    """
    verdict, compared = result["verdict"], result["retrievers"]
    if "bm25" not in compared or not {"embedding", "hybrid"} & compared.keys():
        return
    settled = verdict["decision"] == "retrieve"
    best = verdict["retriever"] if settled else verdict["begin_with"]
    if best in BEST and (settled or best != "bm25"):
        words = f"{verdict['questions']} judged questions: {verdict['because']}"
        found["best_retriever"] = (best, words)
